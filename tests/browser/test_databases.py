"""A marketer reads her company's PostgreSQL, refreshes when sales came in, stops a reading that takes too long, and leaves the tables where they lie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from crm_core.store.home import Home
from tests.browser.conftest import PATIENCE, Server, settled
from tests.servers.postgres import PostgresServer

expect.set_options(timeout=PATIENCE)

DATABASE = "shop_of_the_browser"
TABLES = """
CREATE TABLE buyers (customer_id text PRIMARY KEY, customer_name text, country text);
INSERT INTO buyers SELECT 'C' || n, 'Buyer ' || n, CASE WHEN n % 2 = 0 THEN 'Chile' ELSE 'Iran' END FROM generate_series(0, 79) n;
CREATE TABLE sales (order_id int PRIMARY KEY, customer_id text REFERENCES buyers, ordered_at timestamp, net_amount numeric(12,2), currency text);
INSERT INTO sales SELECT n, 'C' || n % 80, timestamp '2024-01-01' + n * interval '7 hours', 10 + n % 50 + 0.25, 'EUR' FROM generate_series(1, 1200) n;
CREATE VIEW endless AS SELECT sales.* FROM sales, generate_series(1, 100000) WHERE pg_sleep(0.001) IS NOT NULL;
ANALYZE;
"""
#: The sales of the twelve months before the day after the last one, as the Overview counts them.
SALES = """SELECT sum(net_amount) FROM sales
WHERE ordered_at >= (SELECT max(ordered_at)::date + 1 - interval '1 year' FROM sales)"""
NEW = "INSERT INTO sales SELECT 100000 + n, 'C1', max(ordered_at) + interval '1 minute', 1000, 'EUR' FROM sales, generate_series(1, 3) n GROUP BY n"


@pytest.fixture
def shop(postgres: PostgresServer) -> PostgresServer:
    """The server with the shop's database, and a user who may only read it."""
    postgres.create_database(DATABASE)
    postgres.create_reader(database=DATABASE)
    postgres.execute(TABLES, DATABASE)
    return postgres


@pytest.fixture
def connected(shop: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A dashboard without data whose administrator named the database; the password is in the environment."""
    reader, home = shop.create_reader(database=DATABASE), tmp_path / "connected"
    Home(home).prepare()
    lines = [
        "[connections.shop]",
        f'url = "{shop.url(user=reader.user, database=DATABASE)}"',
        'password = "env:SHOP_OF_THE_BROWSER"',
        'label = "Web shop"',
        "in_place = true",
    ]
    (home / "connections.toml").write_text("\n".join(lines))
    monkeypatch.setenv("SHOP_OF_THE_BROWSER", reader.password)
    monkeypatch.setenv("CRM_SAMPLE", "off")
    started = Server(home)
    started.wait()
    yield started
    started.stop()


def net_sales(shop: PostgresServer) -> str:
    """As the first line of the Overview writes it."""
    ((amount,),) = shop.execute(SALES, DATABASE)
    return f"EUR {amount:,.0f} of net sales"


def choose(page: Page, *tables: str) -> None:
    page.get_by_text("From a database", exact=True).click()
    settled(page)
    for table in tables:
        box = page.get_by_role("combobox", name="Tables and views")
        box.click()
        box.fill(table)
        page.get_by_role("option", name=table).first.click()
        settled(page)
    page.keyboard.press("Escape")


def accept(page: Page) -> None:
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Accepted: all pages now show this data.")).to_be_visible()
    settled(page)


def overview_says(page: Page, words: str) -> None:
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text(words)).to_be_visible()
    settled(page)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def open_part(page: Page, part: str) -> None:
    page.get_by_role("link", name="Data", exact=True).click()
    settled(page)
    page.get_by_role("tab", name=part).click()
    settled(page)


def test_tables_are_read_refreshed_and_left_where_they_lie_with_the_same_sales(page: Page, connected: Server, shop: PostgresServer) -> None:
    page.goto(f"{connected.address}/data")
    settled(page)
    choose(page, "sales", "buyers")
    expect(page.get_by_role("region", name="First rows of sales")).to_be_visible()
    expect(page.get_by_text("about 1,200 rows").first).to_be_visible()
    page.get_by_role("button", name="Read into the dashboard").click()
    expect(page.get_by_text("public.sales · from Web shop")).to_be_visible()
    accept(page)
    expect(page.get_by_text("1,280 of 1,280 rows are used")).to_be_visible()
    before = net_sales(shop)
    overview_says(page, before)

    shop.execute(NEW, DATABASE)
    open_part(page, "What is loaded")
    page.get_by_role("button", name="Refresh now").click()
    expect(page.get_by_text(re.compile(r"All rows were read: public.sales 1,203 rows"))).to_be_visible()
    after = net_sales(shop)
    assert after != before
    overview_says(page, after)

    open_part(page, "Load data")
    choose(page, "sales", "buyers")
    page.get_by_role("button", name="Leave it there").click()
    expect(page.get_by_text("public.sales · stays in Web shop")).to_be_visible()
    accept(page)
    expect(page.get_by_text("figures are worked out in PostgreSQL")).to_be_visible()
    overview_says(page, after)
    expect(page.get_by_test_id("stMain")).to_contain_text("worked out in PostgreSQL, as of")


def test_a_reading_is_stopped_on_the_server_and_leaves_nothing(page: Page, connected: Server, shop: PostgresServer) -> None:
    page.goto(f"{connected.address}/data")
    settled(page)
    choose(page, "buyers", "endless")
    page.get_by_role("button", name="Read into the dashboard").click()
    expect(page.get_by_text("Reading public.endless")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped: nothing has been changed.")).to_be_visible()
    settled(page)
    expect(page.get_by_text("2 · What the columns mean")).to_have_count(0)
    running = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop_of_the_browser' AND query LIKE '%endless%' AND pid <> pg_backend_pid()"
    )
    assert shop.execute(running, DATABASE) == [(0,)]
    page.get_by_role("button", name="Look again").click()
    settled(page)
    expect(page.get_by_text("public.buyers · from Web shop")).to_have_count(0)
