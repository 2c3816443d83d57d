"""Fixtures that all tests share: where the real data lies, and settings of hypothesis."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.servers.fixtures"]

settings.register_profile("crm", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("crm")


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Path of a real data file below CRM_TEST_DATA; skips the test where the data is not at hand."""

    def find(name: str) -> Path:
        folder = os.environ.get("CRM_TEST_DATA")
        if not folder:
            pytest.skip("real data not at hand: CRM_TEST_DATA is not set")
        path = Path(folder) / name
        if not path.exists():
            pytest.skip(f"real data not at hand: {name}")
        return path

    return find


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test has a data folder of its own; none touches the user's."""
    folder = tmp_path / "home"
    monkeypatch.setenv("CRM_HOME", str(folder))
    return folder


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where everything is at hand (CRM_NO_SKIPS), a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CRM_NO_SKIPS") and reporter is not None and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line("Tests were skipped that have all they need here.", red=True)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes give no name to a test: those of archives hold the time, and parallel workers would collect different tests."""
    return argname if isinstance(val, bytes) else None
