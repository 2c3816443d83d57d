"""What a viewer gets of an answer, and that nobody gets what was kept for somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from crm_core.access import LOCAL, Role, User
from crm_core.analytics.explain import explain
from crm_core.analytics.listing import history
from crm_core.errors import AccessError, Problem
from crm_core.schema import TABLES
from tests.workspaces import empty_receipt
from ui import cache, personal
from ui.frame import View

VIEWER, ANALYST = (User("", "x@example.com", role) for role in (Role.VIEWER, Role.ANALYST))


@dataclass(frozen=True)
class Found:
    customer_id: str
    rows: pd.DataFrame
    parts: tuple[dict[str, Any], ...]
    n: int


FRAME = pd.DataFrame({"customer_id": ["a1"], "name": ["Ada"], "email": ["a@b.c"], "net_sales": [5.0]})
FOUND = Found("a1", FRAME, ({"customer_id": "a1", "name": "Ada", "sum": 5},), 3)


def test_every_address_number_and_id_of_the_schema_is_personal_but_products() -> None:
    for table in TABLES.values():
        for field in table.fields:
            if field.kind in ("email", "phone", "id"):
                assert (field.name in personal.PERSONAL) is (field.name != "product_id")


def test_a_name_is_personal_beside_a_customer_only() -> None:
    assert personal.columns(["name", "segment"]) == set()
    assert personal.columns(["customer_id", "name", "segment"]) == {"customer_id", "name"}


def test_a_viewer_gets_figures_without_names_however_deep() -> None:
    seen = personal.seen_by(VIEWER, FOUND)
    assert seen.customer_id == ""
    assert seen.rows.iloc[0].tolist() == ["", "", "", 5.0]
    assert seen.parts == ({"customer_id": "", "name": "", "sum": 5},)
    assert seen.n == 3
    assert FRAME.loc[0, "name"] == "Ada"


@pytest.mark.parametrize("user", [ANALYST, LOCAL])
def test_an_analyst_gets_all_of_it(user: User) -> None:
    assert personal.seen_by(user, FOUND) is FOUND


def test_what_tells_nobody_is_handed_on_as_it_is() -> None:
    plain = (pd.DataFrame({"segment": ["Champions"], "customers": [3]}), {"n": 1}, [1, 2])
    assert personal.seen_by(VIEWER, plain) is plain


@pytest.mark.parametrize("question", [explain, history])
def test_a_question_about_one_customer_is_an_analyst_s(question: Any) -> None:
    personal.require(ANALYST, question)
    with pytest.raises(AccessError, match="not for your role"):
        personal.require(VIEWER, question)


def test_a_receipt_has_no_values_of_rows_for_a_viewer() -> None:
    from dataclasses import replace

    receipt = replace(empty_receipt(), problems=(Problem("date", "warning", "Not a date", example="Ada, 3 May"),))
    assert personal.receipt_seen_by(ANALYST, receipt) is receipt
    assert personal.receipt_seen_by(VIEWER, receipt).problems[0].example == ""


def view_of(user: User) -> View:
    return cast(View, SimpleNamespace(user=user, key="one key", ws=SimpleNamespace(fingerprint="one"), shown=lambda: None))


def rows(ws: object, shown: object = None) -> pd.DataFrame:
    return FRAME


def drawn(view: View) -> str:
    return f"names: {''.join(cache.answer(view, rows, shown=True)['name'])}"


def one(view: View, customer_id: str) -> str:
    return customer_id


def test_what_is_kept_for_an_analyst_is_no_viewer_s(without_sample: None) -> None:
    for user in (ANALYST, VIEWER, LOCAL):
        names = "" if user is VIEWER else "Ada"
        assert cache.answer(view_of(user), rows, shown=True)["name"].tolist() == [names]
        assert cache.answer(view_of(user), rows)["name"].tolist() == [names]
        assert cache.made(view_of(user), drawn) == f"names: {names}"


def test_nothing_is_made_about_one_customer_for_a_viewer(without_sample: None) -> None:
    assert cache.made(view_of(ANALYST), one, "a1") == "a1"
    with pytest.raises(AccessError):
        cache.made(view_of(VIEWER), one, "a1")


def test_questions_without_a_user_are_answered_without_names(without_sample: None) -> None:
    assert cache.of(view_of(LOCAL).ws, rows)["name"].tolist() == [""]
