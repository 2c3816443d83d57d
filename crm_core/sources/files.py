"""Reads a file of any kind into the staging area: what the user sees of it is decided here and in the readers, nothing of what it means.

One file gives one table, or one a sheet (workbooks) or member (archives).
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pandas as pd

from crm_core.errors import SourceError
from crm_core.sources import archive, content, encoding, excel, parquet, text
from crm_core.sources.content import Kind
from crm_core.sources.staging import Progress, ReadOptions, StagedTable, Staging, Task, no_progress, partly

#: Everything about a file is found out.
FIND_OUT = ReadOptions()


def stage(
    staging: Staging, path: Path, name: str | None = None, options: ReadOptions = FIND_OUT, progress: Progress = no_progress
) -> list[StagedTable]:
    """Reads the file at `path`, which the user calls `name`, and gives its tables.

    A file of the same name that was read before (with other options) is replaced, but only when this reading succeeds.
    Raises SourceError in words for the user; the staging area is then as it was.
    """
    file = readable(name or path.name)
    first = staging.next_ref()
    try:
        tables, fingerprint = _read(Task(staging, staging.link(path), file, file, options, progress))
    except BaseException:
        staging.drop_since(first)
        raise
    finally:
        staging.remove_copies()
    staging.replace(file, tables)
    staging.fingerprints[file] = fingerprint
    progress(1.0, f"{file} is read")
    return tables


def preview(staging: Staging, name: str, rows: int = 20) -> pd.DataFrame:
    """The first rows of the staged table `name` under the user's column names."""
    table = staging.staged(name)
    refs = ", ".join(column.ref for column in table.columns)
    frame = staging.raw.execute(f"SELECT {refs} FROM {table.ref} ORDER BY rowid LIMIT ?", [rows]).df()
    frame.columns = pd.Index([column.name for column in table.columns])
    return frame


def sheets(path: Path, name: str | None = None) -> list[str]:
    """The sheets of a workbook, for a user to choose from; empty for any other kind of file. Raises SourceError where it cannot be opened."""
    file = name or path.name
    return excel.sheets(path, file) if content.kind(path, file) == "excel" else []


def readable(name: str) -> str:
    """The name of a file as text: bytes in it that are no UTF-8 (the system allows any) are shown as �."""
    return os.fsencode(name).decode("utf-8", "replace")


def _read(task: Task) -> tuple[list[StagedTable], str]:
    """Tables and fingerprint of one file."""
    kind = content.kind(task.path, task.file)
    if kind == "text":  # the one pass that finds the encoding takes the fingerprint as well
        found = encoding.scan(task.path, partly(task.progress, 0.0, 0.2))
        return text.read(replace(task, progress=partly(task.progress, 0.2, 1.0)), found), found.sha256
    with task.path.open("rb") as opened:
        fingerprint = hashlib.file_digest(opened, "sha256").hexdigest()
    if kind in ("gzip", "zip"):
        return _read_archive(task, kind), fingerprint
    return _read_table_file(task, kind), fingerprint


def _read_table_file(task: Task, kind: Kind) -> list[StagedTable]:
    if kind == "text":
        return text.read(task, encoding.scan(task.path))
    return excel.read(task) if kind == "excel" else parquet.read(task)


def _read_archive(task: Task, kind: Kind) -> list[StagedTable]:
    """The tables of all files in the archive. Files that are no tables are left out and named, unless all are."""
    unpack = archive.unpack_gzip if kind == "gzip" else archive.unpack_zip
    members = unpack(task.staging, task.path, task.file, partly(task.progress, 0.0, 0.3))
    tables: list[StagedTable] = []
    refused: dict[str, SourceError] = {}
    for number, member in enumerate(members):
        part = partly(task.progress, 0.3 + 0.7 * number / len(members), 0.3 + 0.7 * (number + 1) / len(members))
        try:
            member_kind = content.kind(member.path, member.title)
            if member_kind in ("gzip", "zip"):
                raise SourceError(
                    "An archive in an archive", f"“{member.title}” is an archive again.", "Unpack it and load the files in it."
                )
            tables += _read_table_file(replace(task, path=member.path, title=member.title, progress=part), member_kind)
        except SourceError as error:
            refused[member.title] = error
        member.path.unlink()
    if not tables:
        raise next(iter(refused.values()))
    left_out = "; ".join(f"{title}: {error.title.lower()}" for title, error in refused.items())
    return [replace(table, reading={**table.reading, "Left out of the archive": left_out}) for table in tables] if refused else tables
