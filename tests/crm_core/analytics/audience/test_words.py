"""A condition as a sentence."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.fields import catalogue, measures
from crm_core.analytics.audience.words import Words, spoken
from tests.crm_core.analytics.audience import drawn
from tests.crm_core.analytics.audience.conftest import Asked


@pytest.fixture(scope="module")
def words(shop: Asked) -> Words:
    return Words(catalogue(shop.ws, shop.basis), measures(shop.ws), "EUR")


SENTENCES = {
    "": "everybody",
    "not everybody": "Not everybody",
    'segment in ("At risk", "Can\'t lose them") and net_sales > 500 and not (country = \'Germany\')': (
        "Segment is At risk or Can't lose them, net sales above 500 EUR, and country is not Germany"
    ),
    "net_sales >= 1000.50": "Net sales at least 1,000.50 EUR",
    "net_sales between 1 and 2000": "Net sales between 1 EUR and 2,000 EUR",
    "not net_sales < 5": "Net sales not below 5 EUR",
    "count_orders <= 2": "Orders at most 2",
    "count_orders != 2": "Orders is not 2",
    "last_order_on < 2024-03-01": "Last order before 1 Mar 2024",
    "first_order_on >= 2024-03-01": "First order on or after 1 Mar 2024",
    "consent": "Consent to contact is yes",
    "not consent": "Consent to contact is not yes",
    "consent = no": "Consent to contact is no",
    "name contains 'ada'": "Customer name contains “ada”",
    "name not starts with 'ada'": "Customer name does not start with “ada”",
    "country is missing": "Country is unknown",
    "country is known": "Country is known",
    "[Тариф [2024]] or so] = 'A'": "Тариф [2024] or so is A",
    "bought category 'Tea' at least 2 times since 2024-03-01 and not bought anything in last 60 days": (
        "Bought Tea at least twice since 1 Mar 2024 and did not buy anything in the last 60 days"
    ),
    "not bought category ('Tea', 'Mugs') at least 3 times": "Bought Tea or Mugs less than 3 times",
    "bought anything in last 1 month": "Bought anything in the last month",
    "net_sales of category 'Tea' of channel 'Web' until 2024-03-01 > 5": "Net sales of category Tea of channel Web until 1 Mar 2024 above 5 EUR",
    "segment on 2024-01-01 = 'Champions'": "Segment on 1 Jan 2024 is Champions",
    "moved from 'Champions' to ('At risk', 'Hibernating') between 2024-01-01 and 2024-07-01": (
        "Moved from Champions to At risk or Hibernating between 1 Jan 2024 and 1 Jul 2024"
    ),
    "not moved from 'Champions' to 'At risk' between 2024-01-01 and 2024-07-01 looking back 90 days": (
        "Did not move from Champions to At risk between 1 Jan 2024 and 1 Jul 2024, looking back 90 days"
    ),
    "cluster of 4 by count_orders, returned_share = 2": "Cluster of 4 (by count_orders and returned_share) is 2",
    "consent and (net_sales > 5 or country = 'Iran')": "Consent to contact is yes and (net sales above 5 EUR or country is Iran)",
    "not (consent or count_orders = 1)": "Not (consent to contact is yes or orders is 1)",
    "r_score = 5": "R score is 5",
    "country in ('a','b','c','d','e','f','g','h')": "Country is a, b, c, d, e, f or 2 more",
}


@pytest.mark.parametrize("text", SENTENCES)
def test_conditions_are_told_in_words(shop: Asked, words: Words, text: str) -> None:
    assert words.sentence(shop.parse(text)) == SENTENCES[text]


def test_parts_that_must_all_hold_are_told_one_by_one(shop: Asked, words: Words) -> None:
    condition = shop.parse("consent and net_sales > 5")
    assert isinstance(condition, c.All)
    assert words.parts(condition) == tuple((part, words.sentence(part)) for part in condition.parts)
    assert [told for _, told in words.parts(shop.parse("consent or net_sales > 5"))] == [
        "Consent to contact is yes or net sales above 5 EUR"
    ]
    assert words.parts(c.EVERYBODY) == ()


@settings(max_examples=40)
@given(drawn.conditions)
def test_any_condition_has_a_sentence_and_opposites_have_different_ones(words: Words, condition: c.Condition) -> None:
    assert words.sentence(condition)
    assert words.sentence(condition) != words.sentence(c.turned(condition))


def test_what_the_data_no_longer_has_is_told_by_its_name() -> None:
    bare = Words({}, {})
    assert bare.sentence(c.Known(c.Column("Tariff"))) == "Tariff is known"
    assert bare.sentence(c.Compare(c.Sum("count_visits"), "=", 1)) == "Count_visits is 1"  # type: ignore[arg-type]


def test_days_are_spoken() -> None:
    assert spoken(date(2025, 3, 1)) == "1 Mar 2025"
