"""A real server and a real browser: the app as a marketer meets it.

Skips, with the reason, where Chromium is missing. No test sleeps: each waits for what it asserts.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 60_000  # milliseconds for what an import or a first chart may take on a busy machine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)


class Server:
    """The app on a free port with a data folder of its own."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port", str(port)]
        self.log = home.with_suffix(".log").open("w")
        self.process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "CRM_HOME": str(home)}, stdout=self.log, stderr=self.log)

    def wait(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(self.address + "/_stcore/health", timeout=1).close()  # noqa: S310 (our own address)
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                assert self.process.poll() is None, "the server ended by itself"
            else:
                return
        raise TimeoutError("the server did not answer")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("server") / "home")
    started.wait()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[playwright.Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def foreign_hosts() -> set[str]:
    """Hosts other than our server that a page asked for; every test that opens a page asserts there are none."""
    return set()


@pytest.fixture
def page(chromium: playwright.Browser, foreign_hosts: set[str]) -> Iterator[playwright.Page]:
    """A fresh session in a window of 1440 × 900."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.set_default_timeout(PATIENCE)

    def watch(route: playwright.Route) -> None:
        host = urlsplit(route.request.url).hostname
        if host == "127.0.0.1" or urlsplit(route.request.url).scheme in ("data", "blob"):
            route.continue_()
        else:
            foreign_hosts.add(str(host))
            route.abort()

    context.route("**/*", watch)
    yield context.new_page()
    context.close()
    assert foreign_hosts == set()


def settled(page: playwright.Page) -> None:
    """Wait until the script of the page has run to its end."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
