"""What is kept for all sessions: made once, told apart by what it depends on, and never taken away from who uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.analytics import listing
from crm_core.store.workspaces import Entry
from tests.apptest import open_page
from tests.workspaces import six_customers, write
from ui import cache, frame
from ui.state import Session

MADE: list[str] = []


def _called(view: frame.View, word: str) -> str:
    MADE.append(word)
    return word + str(view.as_of)


def view(**query: str | list[str]) -> frame.View:
    return open_page("data", **query).session_state[Session.VIEW]


def test_what_is_made_of_a_view_is_made_once(shop: Entry) -> None:
    MADE.clear()
    assert cache.made(view(), _called, "a") is cache.made(view(), _called, "a")
    assert MADE == ["a"]


@pytest.mark.parametrize("query", [{"as_of": "2024-06-01"}, {"in_country": ["Iran"]}, {"period": "Last month"}, {"cuts_m": "1, 2, 3, 4"}])
def test_another_view_is_another_thing(shop: Entry, query: dict[str, str | list[str]]) -> None:
    MADE.clear()
    for one in (view(), view(**query)):
        cache.made(one, _called, "a")
    assert MADE == ["a", "a"]


def test_other_arguments_are_another_thing(shop: Entry) -> None:
    assert cache.made(view(), _called, "a") != cache.made(view(), _called, "b")


def test_a_workspace_that_falls_out_of_the_cache_still_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [write(tmp_path / f"{number}.duckdb", order_lines=six_customers()) for number in range(cache.MAX_OPEN_WORKSPACES + 1)]
    first, *_ = [cache.workspace(file) for file in files]
    assert cache.workspace(files[0]) is not first
    assert listing.count(first, listing.listing(first, first.as_of), "") == 6
