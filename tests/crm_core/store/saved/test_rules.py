"""The company has one set of contact rules, and two who save it at once get a clear choice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from crm_core.errors import CrmError
from crm_core.store.saved.opening import Saved
from crm_core.store.saved.rules import RulesChanged, SavedRules
from tests.crm_core.store.saved.conftest import on_each

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
VALUE = {"consent": True, "most_contacts": 3, "days": 30, "words": ["نه"]}


@on_each
def test_rules_are_kept_as_they_were_saved(saved: Saved) -> None:
    assert saved.contact_rules.rules() == SavedRules(None, 0, None, "")
    assert saved.contact_rules.save_rules(VALUE, 0, who="ann", now=NOW) == SavedRules(VALUE, 1, NOW, "ann")
    assert saved.contact_rules.save_rules([], 1, who="", now=NOW) == saved.contact_rules.rules() == SavedRules([], 2, NOW, "")


@on_each
def test_who_began_with_older_rules_is_shown_those_of_now(saved: Saved) -> None:
    saved.contact_rules.save_rules(VALUE, 0, who="", now=NOW)
    for base in (0, 7):
        with pytest.raises(RulesChanged, match="saved by local user on 02 Jan 2026") as told:
            saved.contact_rules.save_rules([], base, who="bob", now=NOW)
        assert told.value.present == saved.contact_rules.rules() == SavedRules(VALUE, 1, NOW, "")


@on_each
@pytest.mark.parametrize("base", [0, 1])
def test_of_many_who_save_at_once_exactly_one_wins(saved: Saved, base: int) -> None:
    if base:
        saved.contact_rules.save_rules(VALUE, 0, who="", now=NOW)

    def save(number: int) -> bool:
        try:
            saved.contact_rules.save_rules(number, base, who=str(number), now=NOW)
        except RulesChanged:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(save, range(6)))
    assert sum(told) == 1
    assert saved.contact_rules.rules() == SavedRules(told.index(True), base + 1, NOW, str(told.index(True)))


def test_rules_that_are_no_json_are_refused(saved: Saved) -> None:
    with pytest.raises(CrmError, match="cannot be kept"):
        saved.contact_rules.save_rules({"x": object()}, 0, who="", now=NOW)
