"""Leads appear where there is something to say, and only there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from crm_core.analytics.leads import find_leads
from crm_core.analytics.scores import RfmSettings
from crm_core.workspace import Workspace
from tests.workspaces import SIX_AS_OF, lines, open_workspace


@dataclass(frozen=True)
class Bought:
    net_sales: float = 1000
    not_attributed: float = 0
    customers: int = 1000
    repeat_customers: int | None = 500


def sentences(ws: Workspace, now: Bought, earlier: Bought | None = None, as_of: date = SIX_AS_OF) -> list[str]:
    return [lead.sentence for lead in find_leads(ws, as_of, now, earlier, RfmSettings(), None)]


def test_slipping_customers_and_concentration_are_named_with_their_value(six: Workspace) -> None:
    assert sentences(six, Bought()) == [
        "1 frequent customer has not ordered for long (At risk): they brought 40, 9.3 % of net sales.",
        "The best 20 % of 6 customers bring 70.6 % of net sales; 80 % of them come from 3 customers (50.0 %).",
        "2 customers returned more than they kept: -15.",
    ]


def test_slipping_is_an_r_of_at_most_2_with_an_f_of_at_least_3(six: Workspace) -> None:
    """With these limits `a` has R 3 and F 3, `b` R 2 and F 2, and `e` R 2 and F 3."""
    settings = RfmSettings(cuts_r=(0, 0.5, 1, 100), cuts_f=(1.5, 2.5, 8, 9))
    first = find_leads(six, SIX_AS_OF, Bought(), None, settings, None)[0]
    assert first.sentence.startswith("1 frequent customer has not ordered for long (At risk): they brought 40,")


def test_of_sales_of_zero_or_less_no_share_is_told(tmp_path: Path) -> None:
    """`e` bought four times long ago; what the others returned lately is as much, so that there is nothing to have a share of."""
    often = [("e", f"e{month}", f"2023-{month:02d}-01", 10) for month in range(1, 5)]
    twice = [row for one in "ab" for row in ((one, "1", "2024-06-20", 1), (one, "2", "2024-06-21", 1), (one, "3", "2024-06-22", -22))]
    with open_workspace(tmp_path / "w.duckdb", order_lines=lines(*often, *twice, ("c", "1", "2024-06-20", 0))) as ws:
        assert sentences(ws, Bought())[0] == "1 frequent customer has not ordered for long (At risk): they brought 40."


def test_a_change_of_the_repeat_share_counts_beyond_the_margin_of_error(six: Workspace) -> None:
    fallen = sentences(six, Bought(repeat_customers=450), Bought())[-1]
    assert fallen == "The repeat share fell from 50.0 % to 45.0 % (95 % interval of the change: -9.3 to -0.6 points)."
    assert len(sentences(six, Bought(repeat_customers=490), Bought())) == 3
    assert len(sentences(six, Bought(customers=29, repeat_customers=0), Bought())) == 3
    assert len(sentences(six, Bought(customers=30, repeat_customers=0), Bought())) == 4
    assert " rose from 50.0 % to 55.0 % " in sentences(six, Bought(repeat_customers=550), Bought())[-1]
    assert len(sentences(six, Bought(repeat_customers=None), Bought())) == 3


def test_sales_without_a_customer_are_a_lead_from_one_percent_on(six: Workspace) -> None:
    assert "25.0 % of net sales (250) carry no customer id" in sentences(six, Bought(not_attributed=250))[-1]
    assert len(sentences(six, Bought(not_attributed=10))) == 4
    assert len(sentences(six, Bought(not_attributed=9.99))) == 3
    assert "(-250) carry no customer id" in sentences(six, Bought(not_attributed=-250))[-1]


def test_before_the_first_purchase_there_is_nothing_to_look_into(six: Workspace) -> None:
    assert sentences(six, Bought(), as_of=date(2020, 1, 1)) == []
