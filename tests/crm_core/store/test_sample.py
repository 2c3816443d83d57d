"""The sample company is prepared once, and again only where its files changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_core.store import sample
from crm_core.store.home import Home
from crm_core.store.workspaces import SAMPLE_ID, Workspaces

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What was built; the import itself has its own tests."""
    built: list[Path] = []

    def build(_files: object, _home: object, target: Path, *_: object) -> None:
        target.write_text(f"build {len(built)}")
        built.append(target)

    monkeypatch.setattr(sample, "_build", build)
    return built


def test_the_sample_is_prepared_once(builds: list[Path], tmp_path: Path) -> None:
    home = Home(tmp_path / "crm").prepare()
    first = sample.ensure_sample(home, NOW)
    assert sample.ensure_sample(home, NOW) == first
    assert (first.id, first.kind, len(builds)) == (SAMPLE_ID, "sample", 1)


def test_changed_files_are_prepared_anew(builds: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "crm").prepare()
    sample.ensure_sample(home, NOW)
    monkeypatch.setattr(sample, "FORMAT", "next")
    assert sample.ensure_sample(home, NOW).path.read_text() == "build 1"


def test_a_failure_leaves_the_former_sample(builds: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "crm").prepare()
    former = sample.ensure_sample(home, NOW)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(sample, "FORMAT", "next")
    monkeypatch.setattr(sample, "_build", fail)
    with pytest.raises(OSError, match="disk full"):
        sample.ensure_sample(home, NOW)
    assert Workspaces(home).get(SAMPLE_ID) == former
