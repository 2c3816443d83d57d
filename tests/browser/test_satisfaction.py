"""A manager looks at satisfaction and service, opens the watch list, marks a customer as followed up, and takes the mark back."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pandas as pd
from playwright.sync_api import Locator, Page, Position, TimeoutError, expect

from tests.browser.conftest import PATIENCE, Server, settled

expect.set_options(timeout=PATIENCE)

#: Tabs, each with something that it alone shows.
SATISFACTION = {
    "By group": "Each group against all others",
    "Drivers": "Importance and performance",
    "In their words": "Words and pairs of words",
    "Satisfaction and money": "What is at stake",
    "Loyalty in word and deed": "Loyal in word and deed:",
    "Over time": "The scores of the period",
}
SERVICE = {
    "Open cases": "Open for",
    "By group": "Customer class: A holds",
    "Rising topics": "Two counts by the exact conditional test",
    "What slowness costs": "A response counts with",
    "Time limits": "Calendar hours from opening to solution",
    "Speed": "Within the agreed time",
}
#: Within the table: right of its left edge, and below the row of headings.
BOX_OF_THE_FIRST: Position = {"x": 16, "y": 53}
AT_RISK = re.compile(r"^([\d,]+) customers are at risk of turning against us")


def has_no_errors(page: Page) -> None:
    settled(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def walk(page: Page, tabs: dict[str, str]) -> None:
    for tab, shown in tabs.items():
        page.get_by_role("tab", name=tab, exact=True).click()
        expect(page.get_by_text(shown).first).to_be_visible()
        has_no_errors(page)


def at_risk(page: Page) -> int:
    found = AT_RISK.match(page.get_by_text(AT_RISK).text_content() or "")
    assert found is not None
    return int(found[1].replace(",", ""))


def choose_first(page: Page, box: Locator) -> None:
    """Choose the first option of a list, and see that it is chosen. A list that opens while something still moves closes again, its options with
    it, so that both clicks are tried together.
    """
    settled(page)
    box.scroll_into_view_if_needed()
    for _ in range(10):
        with suppress(TimeoutError):
            box.click(timeout=5_000)
            page.get_by_role("option").first.click(timeout=3_000)
            return
        page.keyboard.press("Escape")
    raise AssertionError("the list did not stay open")


def test_every_tab_of_satisfaction_and_service_draws(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/satisfaction")
    expect(page.get_by_text(re.compile(r"^NPS is [+-][\d.]+ \(95 % interval"))).to_be_visible()
    walk(page, SATISFACTION)
    page.get_by_text("Customer effort score (CES)").click()
    expect(page.get_by_text(re.compile(r"^CES is [\d.]+ \(95 % interval"))).to_be_visible()
    assert "measure=" in page.url
    page.goto(f"{server.address}/service")
    expect(page.get_by_text(re.compile(r"cases in the period; half of them solved within"))).to_be_visible()
    walk(page, SERVICE)


def test_a_customer_is_followed_up_and_the_mark_taken_back(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/watch-list")
    expect(page.get_by_text(AT_RISK)).to_be_visible()
    settled(page)
    before = at_risk(page)
    with page.expect_download() as waiting:
        page.locator(".st-key-watch_csv").get_by_role("button").click()
    taken = pd.read_csv(Path(waiting.value.path()))
    assert len(taken) == before
    page.get_by_role("region", name="Customers", exact=True).click(position=BOX_OF_THE_FIRST)
    expect(page.get_by_role("heading", name=f"Customer {taken.iloc[0, 0]}")).to_be_visible()
    expect(page.get_by_text("The story in words")).to_be_visible()
    has_no_errors(page)
    page.get_by_label("Note", exact=True).fill("called, a voucher promised")
    page.get_by_role("button", name="Mark as followed up").click()
    expect(page.get_by_text(f"{before - 1:,} customers are at risk")).to_be_visible()
    page.get_by_role("tab", name="Followed up").click()
    expect(page.get_by_text("1 customer marked")).to_be_visible()
    page.get_by_text("Take a mark back").click()
    choose_first(page, page.get_by_role("combobox", name="Marks"))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text(f"{before:,} customers are at risk")).to_be_visible()
    has_no_errors(page)
