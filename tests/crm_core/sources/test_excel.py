"""Workbooks: a sheet is a table, a column keeps the type that all its cells have."""

from __future__ import annotations

import datetime as dt
import io
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from crm_core.errors import SourceError
from crm_core.sources import files, trial
from crm_core.sources.staging import ReadOptions


@pytest.fixture
def workbook(tmp_path: Path) -> bytes:
    """Sheets "Orders" (a title, a gap, mixed columns), "Notes" (empty) and "People"."""
    path = tmp_path / "made.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        sheet = book.add_worksheet("Orders")
        sheet.write(0, 0, "Orders of 2020")
        sheet.write_row(2, 0, ["invoice", "customer", "at", "amount", "paid", "note"])
        for row, (invoice, customer, day) in enumerate([(536365, 17850, 1), ("C536379", 12346, 2), (536381, None, 3)], 3):
            sheet.write(row, 0, invoice)
            sheet.write(row, 1, customer)
            sheet.write_datetime(row, 2, dt.datetime(2020, 1, day, 8, 30))
            sheet.write_number(row, 3, 2.5 * row)
            sheet.write_boolean(row, 4, row % 2 == 0)
        book.add_worksheet("Notes")
        people = book.add_worksheet("People")
        people.write_row(0, 0, ["name", "age"])
        people.write_row(1, 0, ["Anna", 31])
    return path.read_bytes()


def test_every_sheet_with_rows_is_a_table(stage_bytes, workbook):
    tables = stage_bytes(workbook, "book.xlsx")
    assert [(table.name, table.file, table.rows) for table in tables] == [
        ("book.xlsx › Orders", "book.xlsx", 3),
        ("book.xlsx › People", "book.xlsx", 1),
    ]


def test_columns_keep_the_type_of_all_their_cells(stage_bytes, rows, workbook):
    orders = stage_bytes(workbook, "book.xlsx")[0]
    assert [column.type for column in orders.columns] == ["text", "number", "timestamp", "number", "boolean", "text"]
    assert rows(orders)[0] == ("536365", 17850, dt.datetime(2020, 1, 1, 8, 30), 7.5, False, None)
    assert rows(orders)[1][0] == "C536379"
    assert rows(orders)[2][1] is None
    assert orders.reading["Rows above the table"] == "2 left out"


def test_sheets_are_chosen_by_name(stage_bytes, tmp_path, workbook):
    (people,) = stage_bytes(workbook, "book.xlsx", ReadOptions(sheets=("People",)))
    assert people.name == "book.xlsx › People"
    with pytest.raises(SourceError, match="no sheet “Customers”"):
        stage_bytes(workbook, "book.xlsx", ReadOptions(sheets=("Customers",)))
    assert files.sheets(tmp_path / "upload") == ["Orders", "Notes", "People"]


def test_a_workbook_named_csv_is_a_workbook(stage_bytes, workbook):
    assert len(stage_bytes(workbook, "export.csv")) == 2


def test_a_damaged_workbook_is_refused_in_words(stage_bytes, workbook, real_data):
    with pytest.raises(SourceError) as caught:
        stage_bytes(workbook[: len(workbook) // 2], "book.xlsx")
    assert caught.value.title == "The archive is damaged"
    with pytest.raises(SourceError, match="damaged"):
        stage_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000, "book.xls")


def test_an_old_workbook_with_three_sheets(real_data, staging):
    tables = files.stage(staging, real_data("superstore/superstore.xls"))
    assert [(table.name, table.rows) for table in tables] == [
        ("superstore.xls › Orders", 9_994),
        ("superstore.xls › Returns", 296),
        ("superstore.xls › People", 4),
    ]
    assert tables[0].column("Order Date").type == "timestamp"


def test_the_same_data_as_excel_and_as_parquet_stage_alike(real_data, stage_bytes, rows, tmp_path):
    head = pd.read_parquet(real_data("online_retail/online_retail.parquet")).head(2_000)
    path = tmp_path / "retail.xlsx"
    head.to_excel(path, index=False, engine="xlsxwriter")
    (table,) = stage_bytes(path.read_bytes(), "retail.xlsx")
    assert table.rows == 2_000
    types = {column.name: column.type for column in table.columns}
    assert (types["Quantity"], types["InvoiceDate"], types["UnitPrice"], types["Country"]) == ("number", "timestamp", "number", "text")
    position = [column.name for column in table.columns].index("InvoiceNo")
    assert [row[position] for row in rows(table)] == head["InvoiceNo"].astype(str).tolist()


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
STRAY_CELL = '<row r="2"><c r="A2"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
CELL_BEYOND = '<row r="2"><c r="A2"><v>1</v></c></row><row r="4294967295"><c r="ZZZZZZ4294967295"><v>1</v></c></row>'


@pytest.mark.parametrize("cells", [STRAY_CELL, CELL_BEYOND])
def test_a_workbook_that_would_end_the_process_is_refused(stage_bytes, workbook, cells):
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as whole, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for one in whole.namelist():
            target.writestr(one, SHEET.format(cells) if one == "xl/worksheets/sheet1.xml" else whole.read(one))
    with pytest.raises(SourceError, match="The workbook is too large"):
        stage_bytes(made.getvalue(), "book.xlsx")


def test_a_workbook_beyond_the_limits_of_the_trial_does_not_fit(tmp_path, workbook):
    path = tmp_path / "book"
    path.write_bytes(workbook)
    verdicts = [trial.verdict(path, lambda *_: None, "", most_bytes) for most_bytes in (trial.MOST_BYTES, 8 << 20)]
    assert verdicts[0] == "fits"
    assert verdicts[1] != "fits"


def test_a_trial_is_stopped_with_the_import(tmp_path, workbook, monkeypatch):
    """A progress that raises cancels; nothing goes on behind it."""
    path = tmp_path / "book"
    path.write_bytes(workbook)
    monkeypatch.setattr(trial, "SCRIPT", "import time; time.sleep(60)")

    def cancel(*_):
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        trial.verdict(path, cancel, "")
    assert time.monotonic() - started < 10
