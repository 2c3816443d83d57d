"""A marketer asks what customers will be worth: moves the horizon, looks at every tab, opens a customer, and takes the list away."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
from playwright.sync_api import Page, Position, expect

from tests.browser.conftest import PATIENCE, Server, settled

expect.set_options(timeout=PATIENCE)

#: Tabs, each with something that it alone shows.
TABS = {
    "By group": "Group by",
    "Who is still active": "Purchases expected in the horizon",
    "Value at risk": "Doubtful since",
    "Can we believe it?": "The parameters",
    "Value and purchases": "How value spreads",
}
#: Within the table: right of its left edge, and below the row of headings.
BOX_OF_THE_FIRST: Position = {"x": 16, "y": 53}
ANSWER = re.compile(r"^Today’s ([\d,]+) customers will bring about [A-Z]+ ([\d,]+) of sales in the next (\d+) months?")


def open_page(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/customer-value")
    expect(page.get_by_text(ANSWER)).to_be_visible()
    settled(page)


def answer(page: Page) -> tuple[int, int, int]:
    """Customers, value and months, as the page says them."""
    found = ANSWER.match(page.get_by_text(ANSWER).text_content() or "")
    assert found is not None
    customers, value, months = (int(one.replace(",", "")) for one in found.groups())
    return customers, value, months


def has_no_errors(page: Page) -> None:
    settled(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def test_the_horizon_changes_the_answer_and_every_tab_follows(page: Page, server: Server) -> None:
    open_page(page, server)
    customers, value, months = answer(page)
    assert months == 12
    page.get_by_role("slider", name="Horizon, months").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("in the next 13 months")).to_be_visible()
    assert answer(page)[0] == customers
    assert answer(page)[1] > value
    has_no_errors(page)
    assert "horizon=13" in page.url
    for tab, shown in TABS.items():
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_text(shown).first).to_be_visible()
        has_no_errors(page)
        expect(page.get_by_text("in the next 13 months")).to_be_visible()


def test_a_customer_is_opened_and_the_list_taken_away(page: Page, server: Server) -> None:
    open_page(page, server)
    page.get_by_role("region", name="Customers", exact=True).click(position=BOX_OF_THE_FIRST)
    opened = page.get_by_role("heading", name=re.compile("^Customer [^ ]+$"))
    expect(opened).to_be_visible()
    expect(page.get_by_text("What the model does not know")).to_be_visible()
    has_no_errors(page)

    with page.expect_download() as waiting:
        page.locator(".st-key-customer_value_csv").get_by_role("button").click()
    taken = pd.read_csv(Path(waiting.value.path()))
    customers, value, _ = answer(page)
    assert len(taken) == customers
    worth = taken[next(column for column in taken.columns if column.startswith("Forecast value"))]
    assert round(worth.sum()) == value
    expect(opened).to_have_text(f"Customer {taken.iloc[worth.argmax(), 0]}")
