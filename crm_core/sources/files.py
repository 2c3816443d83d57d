"""Reads a file of any kind into the staging area: what the user sees of it is decided here and in the readers, nothing of what it means.

One file gives one table, or one a sheet (workbooks) or member (archives).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from crm_core.sources import content, encoding, parquet, text
from crm_core.sources.staging import Progress, ReadOptions, StagedTable, Staging, no_progress


def stage(
    staging: Staging, path: Path, name: str | None = None, options: ReadOptions = ReadOptions(), progress: Progress = no_progress
) -> list[StagedTable]:
    """Reads the file at `path`, which the user calls `name`, and gives its tables.

    A file of the same name that was read before (with other options) is replaced, but only when this reading succeeds.
    Raises SourceError in words for the user; the staging area is then as it was.
    """
    file = name or path.name
    first = staging.next_ref()
    try:
        tables, fingerprint = _read(staging, path, file, options, progress)
    except BaseException:
        staging.drop_since(first)
        raise
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


def _read(staging: Staging, path: Path, file: str, options: ReadOptions, progress: Progress) -> tuple[list[StagedTable], str]:
    """Tables and fingerprint of one file."""
    kind = content.kind(path, file)
    if kind == "text":
        found = encoding.scan(path, lambda share, sentence: progress(0.2 * share, sentence))
        return text.read(staging, path, file, file, options, found, progress), found.sha256
    with path.open("rb") as opened:
        fingerprint = hashlib.file_digest(opened, "sha256").hexdigest()
    return parquet.read(staging, path, file, file, options, progress), fingerprint
