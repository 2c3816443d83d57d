"""A fresh server is asked for a deep link first: the page opens inside the frame, with security headers."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from crm_core.store.home import Home
from crm_core.store.workspaces import Workspaces
from tests.browser.conftest import PATIENCE, Server, settled
from tests.pages.conftest import put

expect.set_options(timeout=PATIENCE)


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that nobody has asked anything yet, with the six customers as its only data."""
    monkeypatch.setenv("CRM_SAMPLE", "off")
    put(Workspaces(Home(tmp_path / "fresh").prepare()), "nsix", "Six shop")
    started = Server(tmp_path / "fresh")
    started.wait()
    yield started
    started.stop()


def test_a_deep_link_as_the_first_request_opens_inside_the_frame(fresh: Server, page: Page) -> None:
    violations: list[str] = []
    page.on("console", lambda message: violations.append(message.text) if "Content Security Policy" in message.text else None)
    page.goto(f"{fresh.address}/segments?in_country=Iran&as_of=2024-06-30")
    settled(page)
    expect(page.get_by_test_id("stSidebar")).to_contain_text("Key customers")
    expect(page.get_by_test_id("stMain")).to_contain_text("seen from 30 Jun 2024")
    expect(page.get_by_test_id("stMain")).to_contain_text("only Country: Iran")
    assert "in_country=Iran" in page.url
    assert "as_of=2024-06-30" in page.url
    assert violations == []


def test_every_answer_has_the_headers_and_the_server_s_figures_are_closed(fresh: Server) -> None:
    with urllib.request.urlopen(f"{fresh.address}/data", timeout=10) as answer:  # noqa: S310 (our own address)
        headers = answer.headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{fresh.address}/_stcore/metrics", timeout=10)  # noqa: S310 (our own address)
