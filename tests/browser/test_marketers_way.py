"""A marketer loads a messy export, corrects a column, accepts, reads her segments, clicks one, takes the list away and sends the link."""

from __future__ import annotations

import io
import random
import re
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Server, settled

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def sales() -> pd.DataFrame:
    """Sales of 80 customers in 2024: customer, receipt, day, net amount."""
    dice = random.Random(7)
    rows = []
    for number in range(80):
        for order in range(dice.choice([1, 1, 1, 2, 3, 5, 9])):
            day = date(2024, 1, 1) + timedelta(days=dice.randrange(366))
            rows.append((f"K{number:03}", f"B{number:03}-{order}", day, round(dice.uniform(5, 400), 2)))
    return pd.DataFrame(rows, columns=["customer", "receipt", "day", "amount"])


@pytest.fixture(scope="module")
def export(sales: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a German shop exports it: semicolons, decimal commas, day first; the column whose name says amount is not the one she wants."""
    frame = pd.DataFrame(
        {
            "Kundennummer": sales.customer,
            "Belegnummer": sales.receipt,
            "Datum": [f"{day:%d.%m.%Y}" for day in sales.day],
            "Betrag": [f"{amount * 1.19:.2f}".replace(".", ",") for amount in sales.amount],
            "W2": [f"{amount:.2f}".replace(".", ",") for amount in sales.amount],
        }
    )
    path = tmp_path_factory.mktemp("export") / "verkäufe.csv"
    path.write_bytes(frame.to_csv(index=False, sep=";").encode("cp1252"))
    return path


def champions(sales: pd.DataFrame) -> pd.Series:
    """Net sales of the customers with R 5 and F 4 or 5, computed from the definitions: shares counted customer by customer."""
    as_of = sales.day.max() + timedelta(days=1)
    of = sales.groupby("customer").agg(last=("day", "max"), orders=("receipt", "nunique"), net_sales=("amount", "sum"))
    days = pd.Series([(as_of - day).days for day in of["last"]], of.index)
    r = [5 - 5 * int((days < mine).sum()) // len(of) for mine in days]
    repeat = of.orders[of.orders > 1]
    f = [1 if mine == 1 else 2 + 4 * int((repeat < mine).sum()) // len(repeat) for mine in of.orders]
    return of.net_sales[[recent == 5 and often >= 4 for recent, often in zip(r, f, strict=True)]].round(2)


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of the drop-down with that label. It is scrolled to first: a list that opens in the frame of a scroll closes again."""
    settled(page)
    box = page.get_by_label(label, exact=True)
    box.scroll_into_view_if_needed()
    box.click()
    page.get_by_role("option", name=option, exact=True).click()
    settled(page)


#: The middle of the horizontal bar beside a label of the vertical axis of a chart, as soon as it has kept its place for ten frames:
#: Plotly draws all marks anew whenever the room of the chart changes.
STEADY_BAR = """async ([number, label]) => {
    const middle = mark => { const box = mark.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] }
    const look = () => {
        const chart = document.querySelectorAll(".js-plotly-plot")[number]
        const tick = chart && [...chart.querySelectorAll(".ytick text")].find(text => text.textContent.includes(label))
        if (!tick) return null
        chart.scrollIntoView({block: "center", behavior: "instant"})
        const away = bar => Math.abs(bar[1] - middle(tick)[1])
        return [...chart.querySelectorAll(".barlayer .point path")].map(middle).sort((one, other) => away(one) - away(other))[0]
    }
    let place = null, frames = 0
    for (const end = Date.now() + 60000; frames < 10 && Date.now() < end;) {
        await new Promise(requestAnimationFrame)
        const now = look()
        frames = now && String(now) === String(place) ? frames + 1 : 0
        place = now
    }
    return place
}"""


def click_bar(page: Page, number: int, label: str) -> None:
    """Click the bar beside that label of the vertical axis of the page's chart of that number."""
    settled(page)
    place = page.evaluate(STEADY_BAR, [number, label])
    assert place is not None, f"no bar is drawn beside {label}"
    page.mouse.click(*place)


def load(page: Page, server: Server, export: Path) -> None:
    page.goto(f"{server.address}/data?section=Load+data")
    expect(page.get_by_text("1 · Choose files")).to_be_visible()
    settled(page)
    page.locator("input[type=file]").set_input_files(export)
    expect(page.get_by_text("2 · What the columns mean")).to_be_visible()


def test_from_a_messy_file_to_a_list_in_hand(page: Page, server: Server, export: Path, sales: pd.DataFrame) -> None:
    load(page, server, export)
    choose(page, "Net amount", "W2")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    expect(page.get_by_text(f"{sales.amount.sum():,.2f}").first).to_be_visible()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Your upload (private)").first).to_be_visible()

    page.get_by_role("link", name="Segments").first.click()
    best = champions(sales)
    expect(page.get_by_text(re.compile(rf"of the {sales.customer.nunique()} customers"))).to_be_visible()
    click_bar(page, 1, "Champions")
    expect(page.get_by_text(re.compile(rf"^{len(best)} customers"))).to_be_visible()

    settled(page)  # a file offered by a run that another one has followed cannot be had any more
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").first.click()
    taken = pd.read_csv(io.BytesIO(Path(waiting.value.path()).read_bytes()), dtype={0: str})
    assert sorted(taken.iloc[:, 0]) == sorted(best.index)
    sums = taken.set_index(taken.columns[0])[next(one for one in taken.columns if one.startswith("Net sales"))]
    pd.testing.assert_series_equal(sums.sort_index().astype(float), best.sort_index(), check_names=False)


def test_an_upload_is_nobody_elses(page: Page, server: Server, export: Path, chromium, sales: pd.DataFrame) -> None:
    load(page, server, export)
    choose(page, "Net amount", "W2")
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Your upload (private)").first).to_be_visible()
    assert "private" not in page.url.lower()
    stranger = chromium.new_context().new_page()
    stranger.goto(page.url)
    expect(stranger.get_by_text("Sample company").first).to_be_visible(timeout=PATIENCE)
    expect(stranger.get_by_text("Your upload (private)")).to_have_count(0)
    stranger.context.close()


def test_a_link_shows_another_the_same_view(page: Page, server: Server, chromium) -> None:
    page.goto(f"{server.address}/segments?segment=Champions")
    shown = page.get_by_text(re.compile(r"^\d[\d,]* customers"))
    expect(shown).to_be_visible()
    settled(page)
    other = chromium.new_context().new_page()
    other.goto(page.url)
    expect(other.get_by_text(re.compile(r"^\d[\d,]* customers"))).to_have_text(shown.text_content() or "", timeout=PATIENCE)
    other.context.close()


def test_a_bad_upload_says_why_and_leaves_the_former_data(page: Page, server: Server, tmp_path: Path) -> None:
    picture = tmp_path / "sales.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    page.goto(f"{server.address}/data?section=Load+data")
    expect(page.get_by_text("1 · Choose files")).to_be_visible()
    settled(page)
    page.locator("input[type=file]").set_input_files(picture)
    expect(page.get_by_text(re.compile("picture", re.IGNORECASE)).first).to_be_visible()
    page.get_by_role("link", name="Overview").first.click()
    expect(page.get_by_text(re.compile(r"EUR [\d,]+ of net sales and [\d,]+ customers"))).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/segments", "/clusters", "/key-customers", "/customer-value", "/data"])
@pytest.mark.parametrize("width", [1440, 420])
def test_no_page_is_wider_than_the_window(page: Page, server: Server, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(server.address + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
