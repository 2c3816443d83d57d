"""Whom the contact rules leave out: each rule by hand, and in the random shop against pandas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pandas as pd
import pytest

from crm_core.analytics.audience.everybody import Basis, everybody
from crm_core.analytics.audience.members import members
from crm_core.analytics.audience.respect import LeftOut, Rules, count, reachable, rules
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics.audience.conftest import Asked
from tests.crm_core.analytics.audience.judge import Judge
from tests.crm_core.analytics.audience.shop import frames
from tests.workspaces import lines

Make = Callable[..., Workspace]
AS_OF = date(2024, 7, 1)
BASIS = Basis(AS_OF)
NONE = Rules(without_consent=False, opted_out=False, open_case=False, dead_address=False, most_contacts=None)
ALL = Rules(unknown_consent=True, most_contacts=2)


@pytest.fixture
def ws(made: Make) -> Workspace:
    """a: refused; b: consent not known; c: opted out by SMS; d: an open case; e: two contacts in the last 30 days; f: the last e-mail bounced;
    g: refused, opted out and an open case; h: nothing that forbids."""
    ids = list("abcdefgh")
    consent = [False, None, True, True, True, True, False, True]
    contacts = [
        ("c", "2024-01-01", "SMS", "opted_out"), ("g", "2024-01-01", "E-mail", "opted_out"), ("c", "2024-06-01", "SMS", "delivered"),
        ("e", "2024-06-01", "E-mail", "delivered"), ("e", "2024-06-30 23:59", "SMS", None), ("e", "2024-07-01", "SMS", "bounced"),
        ("f", "2024-05-01", "E-mail", "delivered"), ("f", "2024-05-02", "E-mail", "bounced"), ("f", "2024-05-03", "E-mail", None),
        ("h", "2024-05-31 23:59", "SMS", "bounced"), ("h", "2024-06-01", "SMS", "delivered"),
    ]  # fmt: skip
    cases = [("d", "2024-06-30", None), ("g", "2024-01-01", "2024-07-01"), ("h", "2024-01-01", "2024-06-30")]
    return made(
        order_lines=lines(*((one, one, "2024-05-01", 10, 1) for one in ids)),
        customers=pd.DataFrame({"customer_id": ids, "consent": consent}),
        contacts=pd.DataFrame(contacts, columns=["customer_id", "contacted_at", "channel", "outcome"]).assign(
            contact_id=range(len(contacts))
        ),
        cases=pd.DataFrame(cases, columns=["customer_id", "opened_at", "resolved_at"]).assign(case_id=range(len(cases))),
    )


def left(ws: Workspace, chosen: Rules, basis: Basis = BASIS) -> str:
    """The ids of those left."""
    return "".join(sorted(ws.execute(reachable(ws, everybody(ws, basis), chosen, basis))["customer_id"]))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, "abcdefgh"),
        ({"without_consent": True}, "bcdefh"),
        ({"unknown_consent": True}, "acdefgh"),
        ({"opted_out": True}, "abdefh"),
        ({"opted_out": True, "channel": "SMS"}, "abdefgh"),
        ({"opted_out": True, "channel": "Post"}, "abcdefgh"),
        ({"open_case": True}, "abcefh"),
        ({"most_contacts": 2}, "abcdfgh"),
        ({"most_contacts": 2, "contact_days": 29}, "abcdefgh"),
        ({"most_contacts": 1, "contact_days": 31, "channel": "SMS"}, "abdfg"),
        ({"dead_address": True}, "abcdegh"),
        ({"dead_address": True, "channel": "SMS"}, "abcdefgh"),
    ],
)
def test_each_rule_leaves_out_whom_it_concerns(ws: Workspace, rule: dict[str, object], expected: str) -> None:
    assert left(ws, replace(NONE, **rule)) == expected


def test_what_happens_on_the_day_or_later_has_not_happened(ws: Workspace) -> None:
    assert "e" not in left(ws, replace(NONE, dead_address=True), Basis(date(2024, 7, 2)))
    assert "g" in left(ws, replace(NONE, open_case=True), Basis(date(2024, 7, 2)))
    assert "c" in left(ws, replace(NONE, opted_out=True), Basis(date(2024, 1, 1)))


def test_customers_are_left_out_by_the_first_rule_and_concerned_by_each(ws: Workspace) -> None:
    found = count(ws, everybody(ws, BASIS), ALL, BASIS)
    told = [(one.rule.name, one.concerned, one.left_out) for one in found.by_rule]
    assert told == [
        ("without_consent", 2, 2), ("unknown_consent", 1, 1), ("opted_out", 2, 1), ("open_case", 2, 1), ("most_contacts", 1, 1), ("dead_address", 1, 1),
    ]  # fmt: skip
    assert (found.chosen, found.left) == (8, 1)
    assert found.chosen - sum(one.left_out for one in found.by_rule) == found.left == len(left(ws, ALL))


def test_no_rule_leaves_everybody(ws: Workspace) -> None:
    found = count(ws, everybody(ws, BASIS), NONE, BASIS)
    assert (found.chosen, found.left, found.by_rule) == (8, 8, ())


def test_rules_say_what_they_do_and_what_they_would_need(made: Make) -> None:
    bare = made(order_lines=lines(("a", "1", "2024-05-01", 10)))
    listed = rules(bare, replace(ALL, channel="SMS"))
    assert [one.sentence for one in listed] == [
        "no consent to contact", "consent not known", "opted out (SMS)", "an open complaint or request",
        "contacted 2 times or more in the last 30 days (SMS)", "the last contact bounced (SMS)",
    ]  # fmt: skip
    assert all(one.missing for one in listed)
    found = count(bare, everybody(bare, BASIS), ALL, BASIS)
    assert found.by_rule == tuple(LeftOut(one, 0, 0) for one in rules(bare, ALL))
    assert (found.chosen, found.left, left(bare, ALL)) == (1, 1, "a")


def test_a_customer_of_whom_no_table_tells_has_no_known_consent(made: Make) -> None:
    bare = made(
        order_lines=lines(("a", "1", "2024-05-01", 10), ("b", "2", "2024-05-01", 10)),
        customers=pd.DataFrame({"customer_id": ["a"], "consent": [True]}),
    )
    assert left(bare, NONE) == "ab"
    assert left(bare, replace(NONE, without_consent=True)) == "ab"
    assert left(bare, replace(NONE, unknown_consent=True)) == "a"


def test_the_random_shop_is_judged_as_pandas_judges_it(shop: Asked, judge: Judge) -> None:
    chosen = Rules(unknown_consent=True, most_contacts=1, contact_days=120)
    audience = shop.parse("net_sales >= 0")
    contacts = frames()["contacts"]
    since = datetime.combine(shop.basis.as_of - timedelta(days=120), datetime.min.time())
    within = (contacts["contacted_at"] >= since) & (contacts["contacted_at"] < pd.Timestamp(shop.basis.as_of))
    lately = set(contacts.loc[within, "customer_id"])
    kept = []
    for one in judge.who(audience):
        told = judge.told[one]
        if (
            told.get("consent") is True
            and not told["opted_out"]
            and not told["open_cases"]
            and not told["is_unreachable"]
            and one not in lately
        ):
            kept.append(one)
    assert kept
    table = reachable(shop.ws, members(shop.ws, audience, shop.basis), chosen, shop.basis)
    assert sorted(shop.ws.execute(table)["customer_id"]) == kept
    found = count(shop.ws, members(shop.ws, audience, shop.basis), chosen, shop.basis)
    assert (found.chosen, found.left) == (len(judge.who(audience)), len(kept))
    assert all(one.concerned for one in found.by_rule)


def test_numbers_out_of_bounds_are_refused() -> None:
    for wrong in ({"most_contacts": 0}, {"most_contacts": 1_001}, {"contact_days": 0}, {"contact_days": 3_661}):
        with pytest.raises(AnalysisError, match="out of bounds"):
            Rules(**wrong)


def test_rules_come_back_from_what_is_kept_of_them() -> None:
    chosen = Rules(unknown_consent=True, most_contacts=None, channel="SMS")
    assert Rules.from_dict(chosen.as_dict()) == chosen
    assert Rules.from_dict({"opted_out": False, "of a later version": 1}) == Rules(opted_out=False)
    for damaged in (
        {"most_contacts": "many"},
        {"contact_days": None},
        {"channel": 5},
        {"contact_days": 1.5},
        {"open_case": "no"},
        {"opted_out": None},
    ):
        with pytest.raises(AnalysisError, match="damaged"):
            Rules.from_dict(damaged)
