"""What leaves the dashboard: tables as CSV and Excel for people, as Parquet and JSON for programs; with a campaign, the files of
the ad platforms (`platforms`) and the brief of one page (`brief`), which are imported by their own names since they load more.

    cells.py      one value: harmless text, JSON
    excel.py      rows as a workbook
    files.py      whole files, known endings
    tables.py     tables and small frames as CSV, Excel, Parquet, JSON
    countries.py  a country in any usual spelling -> its code
    addresses.py  e-mail and phone as the ad platforms compare them
    platforms.py  Google Customer Match, Meta Custom Audiences
    brief/        the page that goes with a campaign, as HTML and PDF

Spreadsheets execute a cell that begins like a formula, so text that does is made harmless in CSV (a leading apostrophe) and
typed as text in Excel. Parquet and JSON are data formats and hold the values raw.
Everything streams in batches out of the engine; a million rows are never a data frame.
"""

from crm_core.export.cells import FORMULA_PATTERN, FORMULA_STARTS, harmless, json_text, json_value
from crm_core.export.excel import EXCEL_FIRST_YEAR, EXCEL_MAX_ROWS
from crm_core.export.files import ENDINGS, check_ending, whole
from crm_core.export.tables import (
    BATCH_ROWS,
    BOM,
    Labels,
    frame_to_csv,
    frame_to_excel,
    to_csv,
    to_excel,
    write_csv,
    write_frame,
    write_frame_csv,
    write_record,
    write_table,
)

__all__ = [
    "BATCH_ROWS",
    "BOM",
    "ENDINGS",
    "EXCEL_FIRST_YEAR",
    "EXCEL_MAX_ROWS",
    "FORMULA_PATTERN",
    "FORMULA_STARTS",
    "Labels",
    "check_ending",
    "frame_to_csv",
    "frame_to_excel",
    "harmless",
    "json_text",
    "json_value",
    "to_csv",
    "to_excel",
    "whole",
    "write_csv",
    "write_frame",
    "write_frame_csv",
    "write_record",
    "write_table",
]
