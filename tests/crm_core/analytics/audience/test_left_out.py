"""The customers whom the contact rules take are those that are counted, each with the first rule that does."""

from __future__ import annotations

import pytest

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience import respect
from crm_core.analytics.audience.members import members
from crm_core.analytics.audience.respect import Rules
from tests.crm_core.analytics.audience.conftest import Asked

NO_RULE = Rules(without_consent=False, opted_out=False, open_case=False, dead_address=False, most_contacts=None)


@pytest.mark.parametrize("rules", [Rules(), Rules(unknown_consent=True, most_contacts=1, contact_days=365), NO_RULE])
def test_who_is_left_out_and_who_is_left_are_the_audience(shop: Asked, rules: Rules) -> None:
    audience = members(shop.ws, c.EVERYBODY, shop.basis)
    out = shop.ws.execute(respect.left_out(shop.ws, audience, rules, shop.basis))
    left = shop.ws.execute(respect.reachable(shop.ws, audience, rules, shop.basis))
    assert sorted([*out["customer_id"], *left["customer_id"]]) == shop.who(c.EVERYBODY)


def test_each_stands_under_the_rule_that_it_is_counted_under(shop: Asked) -> None:
    rules = Rules(unknown_consent=True, most_contacts=1, contact_days=365)
    audience = members(shop.ws, c.EVERYBODY, shop.basis)
    out = shop.ws.execute(respect.left_out(shop.ws, audience, rules, shop.basis))
    counted = respect.count(shop.ws, audience, rules, shop.basis)
    assert len(out) > 10
    assert out["rule"].value_counts().to_dict() == {one.rule.sentence: one.left_out for one in counted.by_rule if one.left_out}


def test_a_refused_consent_comes_first(shop: Asked) -> None:
    refused = set(shop.who("consent = false"))
    out = shop.ws.execute(respect.left_out(shop.ws, members(shop.ws, c.EVERYBODY, shop.basis), Rules(), shop.basis))
    assert refused
    assert set(out.loc[out["rule"] == "no consent to contact", "customer_id"]) == refused
