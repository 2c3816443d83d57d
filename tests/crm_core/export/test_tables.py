"""What leaves the dashboard: complete, exact, readable by Excel, and harmless there."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core import export
from crm_core.errors import CrmError
from crm_core.workspace import Workspace
from tests.workspaces import lines, open_workspace

FORMULAS = ["=1+1", "+49 170", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "＝1+1", "＋1", "－1", "＠SUM(A1)"]
NASTY = [*FORMULAS, "plain", 'a "quoted", one', "خرید، چای", "line\nbreak"]


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    frame = lines(*((name, f"o{number:02d}", "2024-01-05", "-12.3400") for number, name in enumerate(NASTY)))
    return open_workspace(tmp_path / "w.duckdb", order_lines=frame)


def rows(ws: Workspace):
    return ws.table("order_lines").order_by("order_id").select("customer_id", "net_amount", "line_at")


def test_csv_makes_formulas_harmless_and_keeps_all_else(ws: Workspace):
    read = pd.read_csv(io.BytesIO(export.to_csv(ws, rows(ws))), dtype=str, keep_default_na=False, lineterminator="\n")
    assert list(read.customer_id) == ["'" + name if name in FORMULAS else name for name in NASTY]
    assert [export.harmless(name) for name in NASTY] == list(read.customer_id)
    assert set(read.net_amount) == {"-12.3400"}


def test_csv_starts_with_the_mark_by_which_excel_knows_utf8(ws: Workspace):
    assert export.to_csv(ws, rows(ws)).startswith(export.BOM)
    assert not export.to_csv(ws, rows(ws), bom=False).startswith(export.BOM)


def test_labels_become_the_header_and_are_harmless_too(ws: Workspace):
    header = export.to_csv(ws, rows(ws), {"customer_id": "=Customer"}, bom=False).splitlines()[0]
    assert header == b'"\'=Customer","net_amount","line_at"'


def test_excel_types_text_as_text_and_amounts_as_numbers(ws: Workspace):
    book = pd.read_excel(io.BytesIO(export.to_excel(ws, rows(ws), "Lines: 1/2")), sheet_name=None, engine="openpyxl")
    (name, sheet), *others = book.items()
    assert (name, others) == ("Lines  1 2", [])
    assert list(sheet.customer_id)[:4] == NASTY[:4]
    assert sheet.net_amount.sum() == pytest.approx(-12.34 * len(NASTY))
    assert sheet.line_at.dt.year.unique().tolist() == [2024]


def test_excel_holds_no_formula(ws: Workspace):
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(export.to_excel(ws, rows(ws), "Lines")))
    assert {cell.data_type for row in book.active.iter_rows(min_row=2) for cell in row} <= {"s", "n", "d"}


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(monkeypatch: pytest.MonkeyPatch, ws: Workspace):
    monkeypatch.setattr("crm_core.export.excel.EXCEL_MAX_ROWS", 4)
    book = pd.read_excel(io.BytesIO(export.to_excel(ws, rows(ws), "Lines")), sheet_name=None, engine="openpyxl")
    assert [len(sheet) for sheet in book.values()] == [4, 4, 4, 4]
    assert [name for sheet in book.values() for name in sheet.customer_id][:4] == NASTY[:4]


def test_an_empty_table_is_a_header(ws: Workspace):
    nothing = rows(ws).filter(rows(ws).net_amount > 0)
    assert export.to_csv(ws, nothing, bom=False).splitlines() == [b'"customer_id","net_amount","line_at"']
    assert list(pd.read_excel(io.BytesIO(export.to_excel(ws, nothing, "Empty")), engine="openpyxl").columns) == [
        "customer_id",
        "net_amount",
        "line_at",
    ]


def test_files_for_programs_hold_raw_values(tmp_path: Path, ws: Workspace):
    export.write_table(ws, rows(ws), tmp_path / "out.parquet")
    export.write_table(ws, rows(ws), tmp_path / "out.json")
    parquet = pd.read_parquet(tmp_path / "out.parquet")
    assert list(parquet.customer_id) == NASTY
    assert parquet.net_amount.iloc[0] == Decimal("-12.3400")
    assert [row["customer_id"] for row in json.loads((tmp_path / "out.json").read_text("utf-8"))] == NASTY


def test_amounts_keep_all_their_digits_in_json(tmp_path: Path):
    with open_workspace(tmp_path / "w.duckdb", order_lines=lines(('ä"', "1", "2024-01-05", "99999999999999.1234"))) as ws:
        table = ws.table("order_lines").select("customer_id", "net_amount", "quantity", "line_at", "is_void")
        export.write_table(ws, table, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text("utf-8"), parse_float=Decimal) == [
        {
            "customer_id": 'ä"',
            "net_amount": Decimal("99999999999999.1234"),
            "quantity": None,
            "line_at": "2024-01-05T00:00:00",
            "is_void": False,
        }
    ]


def test_days_before_the_calendar_of_excel_are_text():
    frame = pd.DataFrame({"day": [date(1850, 1, 1), date(1900, 1, 1)], "at": [datetime(1899, 12, 31, 23, 59), None]})
    sheet = pd.read_excel(io.BytesIO(export.frame_to_excel(frame.astype(object), "Days")), engine="openpyxl")
    assert [str(day)[:10] for day in sheet["day"]] == ["1850-01-01", "1900-01-01"]
    assert sheet["at"][0] == "1899-12-31T23:59:00"


def test_an_unknown_ending_is_refused_and_leaves_nothing(tmp_path: Path, ws: Workspace):
    with pytest.raises(CrmError, match=r"out\.docx"):
        export.write_table(ws, rows(ws), tmp_path / "out.docx")
    assert not list(tmp_path.glob("out*"))


def test_a_failing_write_leaves_the_former_file(tmp_path: Path, ws: Workspace, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "out.csv"
    path.write_text("former")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(ws, "batches", fail)
    with pytest.raises(OSError, match="disk full"):
        export.write_table(ws, rows(ws), path)
    assert path.read_text() == "former"
    assert [one.name for one in tmp_path.glob("out*")] == ["out.csv"]


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5))
def test_no_text_of_a_frame_becomes_a_formula(texts: list[str]):
    data = export.frame_to_csv(pd.DataFrame({"name": texts, "value": range(len(texts))}))
    read = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    assert not any(str(name).startswith(export.FORMULA_STARTS) for name in read.name)


@pytest.mark.parametrize("text", ["a\r=1+1", "\r=1+1", "a\n=1+1", "\n=1+1", "＝1+1", "＠SUM(A1)"])
def test_a_line_break_in_a_text_begins_no_row_of_formulas(text: str):
    data = export.frame_to_csv(pd.DataFrame({"name": [text]}))
    cells = [cell for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")) for cell in row]
    assert cells == ["name", export.harmless(text)]
    assert not any(cell.startswith(export.FORMULA_STARTS) for cell in cells)


def test_what_excel_has_no_number_for_is_text():
    frame = pd.DataFrame({"ratio": [float("inf"), 1.5], "day": [date(1, 1, 1), date(2024, 1, 1)]})
    sheet = pd.read_excel(io.BytesIO(export.frame_to_excel(frame, "Odd")), engine="openpyxl", dtype=object)
    assert sheet.day.tolist()[0] == "0001-01-01"
    assert [str(value) for value in sheet.ratio] == ["inf", "1.5"]


def test_numbers_of_a_frame_stay_numbers():
    frame = pd.DataFrame({"change": [-1.5, 2.0], "text": ["-1.5", "x"]})
    assert export.frame_to_csv(frame).decode("utf-8-sig").splitlines() == ["change,text", "-1.5,'-1.5", "2.0,x"]
    sheet = pd.read_excel(io.BytesIO(export.frame_to_excel(frame, "Changes")), engine="openpyxl")
    assert sheet.change.tolist() == [-1.5, 2.0]
    assert sheet.text.tolist() == ["-1.5", "x"]
