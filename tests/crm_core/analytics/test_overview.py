"""The overview of a period against the one before, by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import pytest

from crm_core.analytics.days import Period
from crm_core.analytics.movers import movers
from crm_core.analytics.orders import totals
from crm_core.analytics.overview import Overview, overview
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.workspaces import lines, open_workspace

START, END = date(2024, 4, 1), date(2024, 7, 1)


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    rows = lines(
        ("old", "1", "2023-12-01", 10), ("old", "2", "2024-02-01", 30), ("old", "3", "2024-04-05", 50), ("old", "4", "2024-06-05", 20),
        ("old", "4", "2024-06-05", -5), ("new", "5", "2024-05-01", 40), ("then", "6", "2024-01-15", 60), ("then", "7", "2024-04-02", -15),
        (None, "8", "2024-06-30", 25), (None, "9", "2024-03-01", 5),
    ).assign(category=["x", "x", "x", "y", "y", "y", "z", "z", None, None], cost_amount=[None, None, 30, 10, None, None, None, None, 5, None])  # fmt: skip
    customers = pd.DataFrame({"customer_id": ["old", "new", "then"], "country": ["Iran", "Chile", None]})
    orders = pd.DataFrame(
        {
            "customer_id": ["old", "old", "old", "new", None],
            "order_id": ["1", "2", "3", "5", "8"],
            "channel": ["web", "web", "web", "shop", "shop"],
        }
    )
    path = tmp_path_factory.mktemp("w") / "w.duckdb"
    with open_workspace(path, order_lines=rows, customers=customers, orders=orders) as opened:
        yield opened


@pytest.fixture(scope="module")
def found(ws: Workspace) -> Overview:
    return overview(ws, START, END)


def test_figures_of_the_period_and_the_one_before(found: Overview) -> None:
    assert {figure.key: (figure.value, figure.previous) for figure in found.figures} == {
        "net_sales": (115, 95),
        "customers": (2, 2),
        "new_customers": (1, 1),
        "repeat_share": (0.5, 0.5),
        "average_order_value": (pytest.approx(105 / 3), 45),
        "gross_profit": (20 + 10 + 20, None),
    }
    assert (found.before.start, found.before.end, found.is_comparable) == (date(2024, 1, 1), START, True)


def test_sales_count_lines_without_a_customer_and_say_so(found: Overview) -> None:
    assert "21.7 % without a customer" in found.figure("net_sales").help
    assert any(lead.page == "data" and "25" in lead.sentence and "no customer id" in lead.sentence for lead in found.leads)


def test_changes_are_relative_and_of_shares_absolute(found: Overview) -> None:
    assert found.figure("net_sales").change == pytest.approx(20 / 95)
    assert found.figure("repeat_share").change == 0
    assert found.figure("gross_profit").change is None


def test_gross_profit_says_on_how_many_lines_it_rests(found: Overview) -> None:
    assert "3 of 6 lines" in found.figure("gross_profit").help


def test_months_add_up_to_the_period(found: Overview) -> None:
    monthly = found.monthly.set_index("month")
    assert monthly["net_sales"].tolist() == [35, 40, 40]
    assert monthly["customers"].tolist() == [1, 1, 1]
    assert monthly["new_customers"].tolist() == [0, 1, 0]
    assert monthly["repeat_share"].tolist() == [1, 0, 1]
    assert monthly["gross_profit"].isna().tolist() == [False, True, False]
    assert not monthly["is_partial"].any()


def test_partial_months_are_marked_and_months_without_data_left_out(ws: Workspace) -> None:
    monthly = overview(ws, date(2023, 6, 1), date(2024, 6, 15)).monthly
    assert monthly["month"].tolist()[0] == date(2023, 12, 1)
    assert monthly["is_partial"].tolist() == [False] * 6 + [True]
    beyond = overview(ws, START, date(2024, 9, 1)).monthly
    assert beyond[["month", "is_partial"]].values.tolist() == [[date(2024, month, 1), False] for month in (4, 5, 6)]
    assert pd.isna(monthly["new_customers"][0])  # the first month of the data cannot tell new from known customers


def test_a_month_that_the_period_cuts_counts_only_those_new_in_the_period(tmp_path: Path) -> None:
    rows = lines(("a", "1", "2024-04-01", 1), ("b", "2", "2024-05-03", 1), ("b", "3", "2024-05-20", 1), ("c", "4", "2024-05-21", 1))
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        found = overview(ws, date(2024, 5, 10), date(2024, 6, 1))
    assert found.now.new_customers == 1
    assert found.monthly[["customers", "new_customers", "repeat_share"]].values.tolist() == [[2, 1, 0.5]]


def test_what_the_data_cannot_tell_is_not_zero(ws: Workspace) -> None:
    found = overview(ws, date(2023, 6, 1), END)
    assert (found.figure("new_customers").value, found.figure("repeat_share").value) == (None, None)
    assert found.figure("net_sales").previous is None
    assert found.movers.empty


def test_the_first_day_of_a_period_belongs_to_it_and_its_end_does_not(ws: Workspace) -> None:
    first = overview(ws, date(2024, 4, 5), date(2024, 5, 1))
    assert (first.now.customers, first.now.purchases, first.monthly["customers"].tolist()) == (1, 1, [1])
    assert overview(ws, date(2024, 3, 1), date(2024, 4, 5), as_of=END).now.customers == 0
    new = overview(ws, date(2024, 5, 1), date(2024, 6, 1), as_of=END)
    assert (new.now.new_customers, new.earlier and new.earlier.new_customers) == (1, 0)


def test_who_only_returned_before_is_new_with_the_first_purchase(tmp_path: Path) -> None:
    rows = lines(("b", "1", "2024-01-01", 5), ("a", "2", "2024-02-01", -5), ("a", "3", "2024-03-05", 10), ("a", "4", "2024-03-09", -1))
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        assert overview(ws, date(2024, 3, 1), date(2024, 4, 1)).now.new_customers == 1
        found = ws.execute(totals(ws, ws.as_of)).set_index("customer_id").loc["a"]
        assert (found["first_purchase_on"], found["last_purchase_on"]) == (pd.Timestamp(2024, 3, 5), pd.Timestamp(2024, 3, 5))


def test_a_period_before_that_begins_with_the_data_is_compared_and_its_new_customers_are_not_known(ws: Workspace) -> None:
    found = overview(ws, date(2024, 1, 31), date(2024, 4, 1))
    assert (found.before.start, found.is_comparable) == (date(2023, 12, 1), True)
    assert (found.now.new_customers, found.earlier and found.earlier.new_customers) == (0, None)
    assert not found.movers.empty


def test_movers_name_the_biggest_changes_with_both_values(found: Overview) -> None:
    rows = {(row.field, row.value): (row.net_sales, row.net_sales_before, row.change) for row in found.movers.itertuples()}
    assert rows == {
        ("category", "z"): (-15, 60, -75),
        ("category", "y"): (55, 0, 55),
        ("category", "x"): (50, 30, 20),
        ("channel", "web"): (50, 30, 20),
        ("channel", "shop"): (65, 0, 65),  # of these 25 without a customer
        ("country", "Iran"): (65, 30, 35),
        ("country", "Chile"): (40, 0, 40),
    }
    changes = found.movers["change"].abs().tolist()
    assert changes == sorted(changes, reverse=True)


def test_the_biggest_changes_are_named_whether_up_or_down(tmp_path: Path) -> None:
    """All that rose was sold on the first day of the period; one order lies before both periods."""
    rose = [("a", str(number), "2024-04-01", number) for number in range(1, 7)]
    rows = lines(("a", "0", "2023-12-31", 50), ("a", "7", "2024-03-31", 100), *rose)
    rows["product"] = rows["category"] = [f"p{order}" for order in rows["order_id"]]
    orders = pd.DataFrame({"customer_id": "a", "order_id": rows["order_id"], "channel": [f"c{order}" for order in rows["order_id"]]})
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows, orders=orders) as ws:
        found = movers(ws, Period(START, END), Period(date(2024, 1, 1), START), most=3)
    changes = (("7", -100), ("6", 6), ("5", 5))
    for field, letter in (("product", "p"), ("category", "p"), ("channel", "c")):
        named = found[found["field"] == field]
        assert list(zip(named["value"], named["change"], strict=True)) == [(letter + name, change) for name, change in changes]


def test_filters_limit_every_figure(ws: Workspace) -> None:
    found = overview(ws, START, END, ibis.memtable({"customer_id": ["new"]}))
    assert (found.figure("net_sales").value, found.figure("customers").value) == (40, 1)
    assert found.monthly["net_sales"].tolist() == [0, 40, 0]
    assert found.movers["net_sales"].abs().sum() == 40 * 3


def test_leads_point_to_pages_with_computed_sentences(found: Overview) -> None:
    sentences = {lead.page: lead.sentence for lead in found.leads}
    assert sentences["key_customers"].startswith("The best 20 % of 3 customers bring 55.3 % of net sales")


@pytest.mark.parametrize(
    ("start", "end"),
    [(date(2020, 1, 1), date(2020, 2, 1)), (date(2023, 11, 1), date(2023, 12, 1)), (END, date(2024, 8, 1)), (START, START)],
)
def test_a_period_without_data_says_which_there_is(ws: Workspace, start: date, end: date) -> None:
    with pytest.raises(AnalysisError, match="No sales in this period") as caught:
        overview(ws, start, end)
    assert "2023-12-01 to 2024-06-30" in caught.value.message


def test_the_period_limits_sales_and_moves_no_order_and_no_segment(tmp_path: Path) -> None:
    """The order of `a` has its last line after the period; `b` bought often and, seen from as_of, not for long."""
    often = [("b", f"b{month}", f"2023-{month:02d}-05", 10) for month in range(1, 13)]
    recent = [(f"c{number}", "1", "2024-12-20", 1) for number in range(8)]
    rows = lines(("a", "1", "2023-12-30", 100), ("a", "1", "2024-01-03", -20), *often, *recent, ("c0", "2", "2024-12-21", 1))
    start, end, as_of = date(2023, 12, 1), date(2024, 1, 1), date(2025, 1, 1)
    orders = pd.DataFrame({"customer_id": ["a", "b"], "order_id": ["1", "b12"], "channel": ["web", "shop"]})
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows, orders=orders) as ws:
        found = overview(ws, start, end, as_of=as_of)
        assert (found.now.net_sales, found.now.customers, found.now.purchases) == (110, 1, 1)
        assert found.monthly[["net_sales", "customers"]].values.tolist() == [[110, 1]]
        assert found.movers["value"].tolist() == ["shop"]
        assert "1 frequent customer has not ordered for long" in found.leads[0].sentence
        assert overview(ws, end, date(2024, 2, 1), as_of=as_of).now.purchases == 1
        assert overview(ws, start, end).now.customers == 2
