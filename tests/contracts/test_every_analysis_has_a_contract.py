"""An analysis without a contract fails here, and so does a contract of an analysis that is gone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.contracts.catalogue import CONTRACTS
from tests.contracts.walk import analyses


def test_every_analysis_has_a_contract() -> None:
    assert sorted(analyses() - set(CONTRACTS)) == []


def test_every_contract_has_an_analysis() -> None:
    assert sorted(set(CONTRACTS) - analyses()) == []


def test_every_contract_asks_something() -> None:
    assert [name for name, one in CONTRACTS.items() if not one.questions] == []


def test_the_walk_finds_a_new_analysis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in a package below; not what is private, imported, or asks no workspace."""
    folder = tmp_path / "new_analytics"
    (folder / "below").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "below" / "__init__.py").touch()
    (folder / "one.py").write_text("from os.path import join\ndef found(ws, as_of): ...\ndef _hidden(ws): ...\ndef other(table): ...\n")
    (folder / "below" / "two.py").write_text("from new_analytics.one import found\ndef also_found(ws): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    import new_analytics  # type: ignore[import-not-found]

    assert analyses(new_analytics) == {"one.found", "below.two.also_found"}
    for name in [name for name in sys.modules if name.startswith("new_analytics")]:
        monkeypatch.delitem(sys.modules, name)
