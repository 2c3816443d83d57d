"""What a command says: rows or a record, on standard output or into a file."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_core.errors import CrmError
from crm_core.export import check_ending, json_text, write_csv, write_frame, write_frame_csv, write_record, write_table
from crm_core.sources.files import readable
from crm_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd


def check_output(options: argparse.Namespace) -> None:
    """Refuses a place that cannot be written before anything is read."""
    summary: Path | None = getattr(options, "summary", None)
    if summary is not None:
        check_ending(summary, (".json",))
        _check_place(summary)
    out: Path | None = getattr(options, "out", None)
    if out is None:
        if sys.stdout is None and options.endings:
            raise CrmError("No place for the result", "Standard output is closed.", "Leave it open, or name a file: --out FILE.")
        return
    check_ending(out, options.endings)
    _check_place(out)
    if summary is not None and summary.absolute() == out.absolute():
        raise CrmError("Two results in one place", f"{readable(str(out))} stands for --out and --summary.", "Name two files.")


def _check_place(out: Path) -> None:
    if out.is_dir() or not out.absolute().parent.is_dir():
        why = "is a folder" if out.is_dir() else "would lie in a folder that does not exist"
        raise CrmError("The result cannot be written", f"{readable(str(out))} {why}.", "Name a file in a folder that exists.")


def print_rows(ws: Workspace, table: Any, order: Sequence[Any], options: argparse.Namespace) -> None:
    """The rows in that order on standard output or in a file; or, without an order, where the engine itself writes them: then their place is told."""
    if options.out_table or options.out_parquet:
        place = (
            ws.write_table(_name(options.out_table), table) if options.out_table else ws.write_parquet(_name(options.out_parquet), table)
        )
        print_record({"written": place}, None)
        return
    table = table.order_by(*order)
    if options.out is None:
        write_csv(ws, table, sys.stdout.buffer, bom=False)
        sys.stdout.buffer.flush()
    else:
        write_table(ws, table, options.out)


def _name(text: str) -> str:
    """The name of a table or file that an engine is to write. Raises CrmError for what is no plain name."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,59}", text):
        raise CrmError(
            "This name cannot be used",
            f"“{readable(text)}” is no plain name.",
            "Use letters, digits and _ only; the place is the administrator's.",
        )
    return text


def print_frame(frame: pd.DataFrame, out: Path | None) -> None:
    if out is None:
        write_frame_csv(frame, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        write_frame(frame, out)


def print_record(data: dict[str, Any], out: Path | None) -> None:
    if out is None:
        sys.stdout.write(json_text(data))
    else:
        write_record(data, out)
