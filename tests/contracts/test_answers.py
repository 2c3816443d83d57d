"""Two answers are compared by every value, and a difference is told in words that help."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest

from crm_core.errors import AnalysisError, WorkspaceError
from crm_core.workspace import Workspace
from tests.contracts.answers import CENT_OF_A_CENT, Refused, Rows, answer, differences, plain
from tests.workspaces import lines, open_workspace


@dataclass(frozen=True)
class Inner:
    frame: pd.DataFrame


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner
    numbers: tuple[float, ...]
    _hidden: int = 0


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return open_workspace(tmp_path / "w.duckdb", order_lines=lines(("b", "2", "2024-01-02", "1.5"), ("a", "1", "2024-01-01", 2)))


def outer(ws: Workspace, value: float = 1.0, last: Any = "x", hidden: int = 0) -> Any:
    return plain(ws, Outer("o", Inner(pd.DataFrame({"k": ["a", "b"], "v": [value, 2.0], "t": ["y", last]})), (0.1, 0.2), hidden))


def test_equal_answers_do_not_differ(ws: Workspace) -> None:
    assert differences(outer(ws), outer(ws, hidden=5)) == []


def test_the_last_digits_of_floating_point_are_nobodys(ws: Workspace) -> None:
    assert differences(outer(ws), outer(ws, 1 + 1e-12)) == []
    assert differences(outer(ws), outer(ws, 1 + 1e-6)) != []


def test_a_difference_names_the_place_the_engine_and_both_values(ws: Workspace) -> None:
    (told,) = differences(outer(ws), outer(ws, last="z"), "postgres")
    assert told == "inner.frame row 1 ('b'), column t: embedded 'x', postgres 'z'"


def test_a_table_stands_in_no_order_and_a_frame_in_its_own(ws: Workspace) -> None:
    table = ws.table("order_lines").select("customer_id", "net_amount")
    up, down = table.order_by("customer_id"), table.order_by(ibis.desc("customer_id"))
    assert differences(plain(ws, up), plain(ws, down)) == []
    assert differences(plain(ws, ws.execute(up)), plain(ws, ws.execute(down))) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Decimal("1.0001"), Decimal("1.0002")),
        (10**18 + 1, 10**18),
        (1, 1.0),
        (True, 1),
        (None, 0),
        ("é", "e\u0301"),
        (date(2024, 1, 1), datetime(2024, 1, 1)),
        (datetime(2024, 1, 1, 0, 0, 0, 1), datetime(2024, 1, 1)),
        ((1, 2), (1,)),
        ({"a": 1}, {"b": 1}),
        (Rows(("a",), ((1,),)), Rows(("b",), ((1,),))),
        (Rows(("a",), ((1,),)), Rows(("a",), ((1,), (2,)))),
        (Refused("No purchases", ""), 1),
    ],
)
def test_what_is_not_equal_differs(one: Any, other: Any) -> None:
    assert differences(one, other) != []


def test_only_amounts_made_of_floating_point_may_be_off_and_by_their_last_place_only() -> None:
    one, near, far = Rows(("v",), ((Decimal("1.0001"),),)), Rows(("v",), ((Decimal("1.0002"),),)), Rows(("v",), ((Decimal("1.0003"),),))
    assert differences(one, near, last_place=CENT_OF_A_CENT) == []
    assert differences(one, near) != []
    assert differences(one, far, last_place=CENT_OF_A_CENT) != []


def test_missing_values_of_all_kinds_are_one(ws: Workspace) -> None:
    frame = pd.DataFrame({"a": [None, np.nan, pd.NaT, pd.NA]}, dtype="object")
    assert plain(ws, frame).rows == ((None,),) * 4


def test_many_differences_are_told_by_the_first_few(ws: Workspace) -> None:
    assert len(differences(Rows(("a",), tuple((one,) for one in range(99))), Rows(("a",), tuple((one + 1,) for one in range(99))))) == 9


def test_a_refusal_is_an_answer_but_not_that_of_an_engine(ws: Workspace) -> None:
    def refuse() -> None:
        raise AnalysisError("No purchases", "none", "")

    def fail() -> None:
        raise WorkspaceError("The database does not answer", "", "")

    assert answer(ws, refuse) == Refused("No purchases", "none")
    with pytest.raises(WorkspaceError):
        answer(ws, fail)


def test_an_answer_of_an_unknown_kind_is_no_answer(ws: Workspace) -> None:
    with pytest.raises(TypeError, match="no rule"):
        plain(ws, object())
