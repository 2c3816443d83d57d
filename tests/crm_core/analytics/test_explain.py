"""Why a customer is where it is, and what would move it."""

from __future__ import annotations

import pytest

from crm_core.analytics.explain import explain
from crm_core.analytics.scores import RfmSettings
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.workspaces import SIX_AS_OF


def test_each_score_has_its_reason(six: Workspace) -> None:
    assert explain(six, SIX_AS_OF, RfmSettings(), "b").reasons == (
        "R 4: the last order was on 21 Jun 2024, 10 days before 1 Jul 2024; less than 40 % of customers ordered more recently.",
        "F 2: 2 orders; less than 25 % of repeat customers have fewer.",
        "M 3: net sales of 100, more than at least 40 % of customers.",
        "R 4 and F 2 make Potential loyalists.",
    )


def test_the_lowest_scores_have_their_reasons_too(six: Workspace) -> None:
    assert explain(six, SIX_AS_OF, RfmSettings(), "e").reasons[0].endswith("; at least 80 % of customers ordered more recently.")
    _, often, money, _ = explain(six, SIX_AS_OF, RfmSettings(f_rule="quintiles"), "d").reasons
    assert often == "F 1: 1 order; less than 20 % of customers have fewer."
    assert money == "M 1: net sales of -10; less than 20 % of customers spent less."


def test_a_customer_learns_what_an_order_silence_and_money_would_do(six: Workspace) -> None:
    assert explain(six, SIX_AS_OF, RfmSettings(), "c").moves == (
        "One more order on 1 Jul 2024 would lift F from 1 to 2 and R from 4 to 5: from Promising to Potential loyalists.",
        "Without an order until 2 Jul 2024, R falls to 2 and the customer from Promising to Hibernating.",
        "Another 100 of net sales would lift M from 3 to 5.",
    )


def test_who_has_the_best_scores_can_only_fall(six: Workspace) -> None:
    assert explain(six, SIX_AS_OF, RfmSettings(), "e").moves == (
        "One more order on 1 Jul 2024 would lift R from 1 to 5: from At risk to Champions.",
        "Another 60 of net sales would lift M from 2 to 3.",
    )


def test_the_amount_that_is_told_does_lift(six: Workspace) -> None:
    """`e` has 40: 140.4 − 40 is shown as 101, since 100 would be too little, and 0.001 as 0.01."""
    assert explain(six, SIX_AS_OF, RfmSettings(cuts_m=(10, 140.4, 141, 500)), "e").moves[-1] == (
        "Another 101 of net sales would lift M from 2 to 4."
    )
    assert explain(six, SIX_AS_OF, RfmSettings(cuts_m=(10, 40.001, 141, 500)), "e").moves[-1] == (
        "Another 0.01 of net sales would lift M from 2 to 3."
    )


def test_what_happens_after_the_end_of_the_calendar_is_not_told(six: Workspace) -> None:
    moves = explain(six, SIX_AS_OF, RfmSettings(cuts_r=(1, 2, 3, 9_000_000)), "b").moves
    assert not any("Without an order" in move for move in moves)


def test_several_orders_are_named_where_one_is_not_enough(six: Workspace) -> None:
    moves = explain(six, SIX_AS_OF, RfmSettings(cuts_f=(5, 6, 7, 8)), "e").moves
    assert moves[0] == "One more order on 1 Jul 2024 would lift F from 1 to 2 and R from 1 to 5: from Hibernating to Potential loyalists."
    moves = explain(six, SIX_AS_OF, RfmSettings(cuts_f=(2.5, 6.5, 7, 8)), "e").moves
    assert moves[1] == "3 more orders would lift F from 2 to 4: from Hibernating to Champions."


def test_typed_limits_are_said_to_be_typed(six: Workspace) -> None:
    settings = RfmSettings(cuts_r=(1, 2, 3, 4), cuts_f=(2, 3, 4, 5), cuts_m=(1, 2, 3, 4))
    assert all("limits are typed in" in reason for reason in explain(six, SIX_AS_OF, settings, "a").reasons[:3])


@pytest.mark.parametrize("customer", ["f", "nobody", "' OR 1=1 --"])
def test_without_a_purchase_there_is_no_segment_to_explain(six: Workspace, customer: str) -> None:
    with pytest.raises(AnalysisError, match="in no segment"):
        explain(six, SIX_AS_OF, RfmSettings(), customer)
