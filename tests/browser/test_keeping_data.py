"""What she does with data once it is in: replaces it, takes that back, keeps it under a name, and erases it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Server, settled

expect.set_options(timeout=PATIENCE)


def export(path: Path, customers: int) -> Path:
    """Two sales of 10.50 of each customer."""
    lines = [f"K{number:02};{number}-{order};{order + 13}.0{order + 1}.2024;10,50" for number in range(customers) for order in range(2)]
    path.write_text("\n".join(["Kundennummer;Belegnummer;Datum;Betrag", *lines]))
    return path


def bring_in(page: Page, path: Path) -> None:
    """Read the file on the open page, check it and accept it. A run on its way would put another place for files under the file."""
    expect(page.get_by_text("1 · Choose files")).to_be_visible()
    settled(page)
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Accept").click()


def used(page: Page, rows: int) -> None:
    """The Data page says that so many rows are used."""
    expect(page.get_by_text(f"{rows} of {rows} rows are used")).to_be_visible()


def test_data_is_replaced_taken_back_kept_under_a_name_and_erased(page: Page, server: Server, tmp_path: Path) -> None:
    page.goto(f"{server.address}/data?section=Load+data")
    bring_in(page, export(tmp_path / "march.csv", customers=30))
    used(page, 60)
    settled(page)
    page.get_by_role("tab", name="Load data").click()
    bring_in(page, export(tmp_path / "april.csv", customers=20))
    used(page, 40)

    page.get_by_role("button", name="Undo the last import").click()
    used(page, 60)
    expect(page.get_by_text("There is no former data to go back to.")).to_be_visible()

    page.get_by_label("Name", exact=True).fill("Kept shop")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved: the data has a name now.")).to_be_visible()
    used(page, 60)
    page.goto(f"{server.address}/data?data=Kept+shop")
    used(page, 60)

    erase = page.get_by_role("button", name="Erase", exact=True)
    expect(erase).to_be_disabled()
    page.get_by_text("Yes, erase “Kept shop”").click()
    erase.click()
    expect(page.get_by_text("The sample company stays, to try things with.")).to_be_visible()
    page.goto(f"{server.address}/?data=Kept+shop")
    expect(page.get_by_text("There is no data named “Kept shop”")).to_be_visible()
