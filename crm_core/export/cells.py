"""One value on its way out: text that no spreadsheet runs, values as JSON knows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

#: A spreadsheet reads a cell that starts with one of these as a formula or a command, some also the full-width forms (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
FORMULA_PATTERN = r"^[=+\-@\t\r\n\x00＝＋－＠]"  # the same for the engine


def harmless(text: str) -> str:
    """The text as a cell that no spreadsheet runs: with an apostrophe in front where it begins like a formula."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def json_text(data: Mapping[str, Any]) -> str:
    """Data as JSON for people and programs."""
    return json.dumps(data, ensure_ascii=False, indent=2, default=json_value) + "\n"


def json_value(value: Any) -> Any:
    """A value of the engine as JSON knows it: amounts as floating point numbers, days and moments in ISO form."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


def json_row(row: Mapping[str, Any]) -> str:
    """A row as a JSON object, amounts with all their digits (a floating point number holds 15 of them)."""
    cells = {
        key: f"{value:f}" if isinstance(value, Decimal) else json.dumps(json_value(value), ensure_ascii=False) for key, value in row.items()
    }
    return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {cell}" for key, cell in cells.items()) + "}"
