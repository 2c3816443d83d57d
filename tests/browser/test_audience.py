"""From a click in Segments to a list in hand, and from later orders to whether it worked: the marketer's whole way with an audience."""

from __future__ import annotations

import io
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, ROOT, Server, settled
from tests.browser.test_marketers_way import click_bar

expect.set_options(timeout=PATIENCE)

CUSTOMERS, LAST_DAY = 2_600, date(2024, 12, 31)
#: The campaign's own days begin where the first file ends.
START = LAST_DAY + timedelta(days=1)
SEGMENTS = ("At risk", "Hibernating")
#: In which share of both groups somebody buys again.
RESPONSES = {"treatment": 0.5, "control": 0.2}


@pytest.fixture(scope="module")
def sales() -> pd.DataFrame:
    """Sales of 2024: customer, receipt, day, net amount, country. Many bought early in the year and not again."""
    dice = random.Random(11)
    rows = []
    for number in range(CUSTOMERS):
        gone = 40 if number % 10 < 7 else 366  # most stop after some weeks
        for order in range(dice.choice([1, 2, 2, 3, 4])):
            day = date(2024, 1, 1) + timedelta(days=dice.randrange(gone))
            rows.append((f"K{number:04}", f"B{number:04}-{order}", day, round(dice.uniform(5, 400), 2), ("Austria", "Germany")[number % 2]))
    rows.append(("K0009", "B0009-last", LAST_DAY, 10.0, "Germany"))
    return pd.DataFrame(rows, columns=["customer", "receipt", "day", "amount", "country"])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audience") / "home"


@pytest.fixture(scope="module")
def shop(home: Path, sales: pd.DataFrame) -> Iterator[Server]:
    """A server of its own whose data is the shop."""
    command_import(home, sales)
    started = Server(home)
    started.wait()
    yield started
    started.stop()


def command_import(home: Path, sales: pd.DataFrame) -> None:
    """The file of sales into the workspace Shop, as the nightly job does it."""
    path = home.parent / "sales.csv"
    sales.to_csv(path, index=False)
    command = [
        sys.executable,
        "-m",
        "crm_core",
        "import",
        str(path),
        "--workspace",
        "Shop",
        "--map",
        "net_amount=amount",
        "--out",
        str(home.parent / "r.json"),
    ]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "CRM_HOME": str(home)}, check=True, capture_output=True)


def members(sales: pd.DataFrame) -> pd.DataFrame:
    """Customers of both segments with net sales above 100, computed from the definitions: customer, segment."""
    of = sales.groupby("customer").agg(last=("day", "max"), orders=("receipt", "nunique"), net_sales=("amount", "sum"))
    days = pd.Series([(START - day).days for day in of["last"]], of.index)
    smaller = days.rank(method="min") - 1
    r = 5 - (5 * smaller // len(of)).astype(int)
    repeat = of.orders[of.orders > 1]
    f = pd.Series(1, of.index)
    f[repeat.index] = 2 + (4 * (repeat.rank(method="min") - 1) // len(repeat)).astype(int)
    low = r <= 2
    segment = pd.Series("", of.index).mask(low & f.isin([3, 4]), "At risk").mask(low & f.isin([1, 2]), "Hibernating")
    chosen = segment.isin(SEGMENTS) & (of.net_sales.round(2) > 100)
    return pd.DataFrame({"segment": segment[chosen]}).rename_axis("customer").reset_index()


def box(page: Page, label: str) -> None:
    settled(page)
    page.get_by_label(label, exact=True).scroll_into_view_if_needed()


def download(page: Page, name: str) -> pd.DataFrame:
    settled(page)  # a file offered by a run that another one has followed cannot be had any more
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name).first.click()
    return pd.read_csv(io.BytesIO(Path(waiting.value.path()).read_bytes()), dtype=str)


def later(sales: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    """The next file: all of the first, and what both groups bought in January."""
    dice = random.Random(5)
    rows = []
    for customer, group in zip(taken["Customer id"], taken["Group"], strict=True):
        if dice.random() < RESPONSES[group]:
            rows.append((customer, f"N{customer}", START + timedelta(days=dice.randrange(20)), round(dice.uniform(20, 60), 2), "Austria"))
    rows.append(("K0009", "BN-last", START + timedelta(days=45), 10.0, "Germany"))
    return pd.concat([sales, pd.DataFrame(rows, columns=sales.columns)], ignore_index=True)


def test_from_two_segments_to_a_list_and_to_whether_it_worked(page: Page, shop: Server, home: Path, sales: pd.DataFrame) -> None:
    page.goto(f"{shop.address}/segments?data=Shop")
    expect(page.get_by_text(re.compile(rf"of the {sales.customer.nunique():,} customers"))).to_be_visible()
    click_bar(page, 1, SEGMENTS[0])
    expect(page.get_by_text("The chosen customers")).to_be_visible()
    settled(page)
    page.keyboard.down("Shift")
    click_bar(page, 1, SEGMENTS[1])
    page.keyboard.up("Shift")
    settled(page)
    page.get_by_role("button", name="Use as audience").click()

    expect(page.get_by_role("heading", name="Whom do we address")).to_be_visible()
    settled(page)
    page.get_by_text("The conditions as text").click()
    text = page.get_by_label("Condition", exact=True)
    for name in SEGMENTS:
        expect(text).to_contain_text(name)
    text.fill(text.input_value() + " and net_sales > 100")
    text.press("Control+Enter")
    expected = members(sales)
    expect(page.get_by_text(re.compile(rf"{len(expected):,} of {sales.customer.nunique():,} customers")).first).to_be_visible()

    settled(page)
    control = page.get_by_label("Control group, %", exact=True)
    control.fill("30")
    control.press("Enter")
    settled(page)
    page.get_by_role("button", name="Save …").click()
    page.get_by_label("Name", exact=True).fill("Win back")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("“Win back” is saved")).to_be_visible()
    settled(page)
    page.get_by_role("tab", name="Take away").click()
    settled(page)
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_role("heading", name="Files")).to_be_visible()
    taken = download(page, "Download CSV")
    assert sorted(taken["Customer id"]) == sorted(expected.customer)
    assert (taken["Group"] == "control").sum() == round(0.3 * len(expected))
    drawn = taken.merge(expected, left_on="Customer id", right_on="customer").groupby("segment")["Group"].value_counts(normalize=True)
    assert all(abs(drawn[segment, "control"] - 0.3) < 0.01 for segment in SEGMENTS)
    address = page.url

    command_import(home, later(sales, taken))
    page.goto("about:blank")
    page.goto(address)
    expect(page.get_by_text("Win back").first).to_be_visible()
    settled(page)
    page.get_by_role("tab", name="Did it work?").click()
    expect(page.get_by_text(re.compile("was higher with the campaign, by more than lot explains"))).to_be_visible()
    bought = later(sales, taken).query("day >= @START").merge(taken, left_on="customer", right_on="Customer id")
    for group in ("treatment", "control"):
        rate = bought[bought["Group"] == group].customer.nunique() / (taken["Group"] == group).sum()
        expect(page.get_by_text(re.compile(rf"{100 * rate:.1f} ?%")).first).to_be_visible()
