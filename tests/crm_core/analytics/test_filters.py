"""Who is shown, and for which period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from crm_core.analytics import rfm
from crm_core.analytics.filters import UNKNOWN, Filters, choices, shown
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.workspaces import open_workspace, six_customers


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    customers = pd.DataFrame(
        {"customer_id": list("abcdef"), "country": ["Iran", "Iran", "Chile", None, "Chile", "Iran"], "attr_1": list("xyxyxy")}
    )
    with open_workspace(tmp_path / "w.duckdb", order_lines=six_customers(), customers=customers, labels={"attr_1": "Plan"}) as opened:
        yield opened


def ids(ws: Workspace, filters: Filters) -> list[str]:
    table = shown(ws, filters)
    assert table is not None
    return sorted(ws.execute(table)["customer_id"])


def test_without_filters_everybody_is_shown(ws: Workspace) -> None:
    assert shown(ws, Filters()) is None
    assert shown(ws, Filters(splits=(("country", ()),))) is None


def test_values_of_a_column_are_alternatives_and_columns_add_up(ws: Workspace) -> None:
    assert ids(ws, Filters(splits=(("country", ("Iran", "Chile")),))) == ["a", "b", "c", "e", "f"]
    assert ids(ws, Filters(splits=(("country", ("Iran",)), ("attr_1", ("x",))))) == ["a"]
    assert ids(ws, Filters(splits=(("country", (UNKNOWN,)),))) == ["d"]


def test_segments_choose_by_the_scores_of_everybody(ws: Workspace) -> None:
    assert ids(ws, Filters(segments=("Potential loyalists",))) == ["a", "b"]
    assert ids(ws, Filters(segments=("Potential loyalists", "At risk"), splits=(("attr_1", ("x",)),))) == ["a", "e"]
    chosen = Filters(splits=(("country", ("Chile",)),))
    found = rfm.segments(ws, ws.as_of, shown=shown(ws, chosen)).set_index("segment")["customers"]
    assert (found["Promising"], found["At risk"]) == (1, 1)


def test_segments_choose_by_the_scoring_in_use_and_the_day_looked_from(ws: Workspace) -> None:
    chosen = Filters(segments=("Champions",))
    settings = rfm.RfmSettings(cuts_r=(10, 20, 30, 40), cuts_f=(1.5, 1.6, 1.7, 5))
    assert sorted(ws.execute(shown(ws, chosen, settings))["customer_id"]) == ["a", "b"]
    assert ids(ws, Filters(as_of=date(2024, 2, 2), segments=("Champions",))) == []
    assert ids(ws, Filters(as_of=date(2024, 2, 2), segments=("Potential loyalists",))) == ["e"]


def test_a_column_the_data_lacks_is_refused(ws: Workspace) -> None:
    with pytest.raises(AnalysisError, match="does not fit"):
        shown(ws, Filters(splits=(("name; DROP TABLE customers", ("x",)),)))
    with pytest.raises(AnalysisError, match="does not fit"):
        choices(ws, "customer_id")


def test_choices_come_most_frequent_first(ws: Workspace) -> None:
    assert choices(ws, "country") == ["Iran", "Chile", UNKNOWN]
    assert choices(ws, "country", most=1) == ["Iran"]


def test_the_period_is_the_twelve_months_before_the_day_by_default(ws: Workspace) -> None:
    assert Filters().period(ws).start == date(2023, 7, 1)
    assert Filters(as_of=date(2024, 2, 29)).period(ws).end == date(2024, 2, 29)
    for start in (date(2024, 7, 1), date(2024, 8, 1)):
        with pytest.raises(AnalysisError, match="period is empty"):
            Filters(period_start=start).period(ws)
