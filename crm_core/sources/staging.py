"""The staging area: what files hold, as tables of a temporary DuckDB file, before anyone decides what it means.

Tables and columns are named by us here (t0, c0, c1 ...): a user's header is data and never becomes SQL. Text stays text exactly
as it stands in the file (only NULL for an empty cell); what a source already types (Excel, Parquet) keeps its type.
A row's number is DuckDB's rowid: rows are stored in the order of the file.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import ibis
import ibis.expr.types as ir

if TYPE_CHECKING:
    from crm_core.sources.databases.selection import Origin

ColumnType = Literal["text", "number", "timestamp", "date", "boolean"]

REPORT_EVERY_SECONDS = 0.25

#: Called with a share from 0 to 1 and a sentence for the user; may raise to cancel.
Progress = Callable[[float, str], None]


def no_progress(share: float, sentence: str) -> None:
    """The progress of those who do not look."""


def partly(progress: Progress, start: float, end: float) -> Progress:
    """The progress of a step that takes the whole from share `start` to share `end`."""
    return lambda share, sentence: progress(start + (end - start) * share, sentence)


@dataclass(frozen=True)
class SourceColumn:
    """`name` as the user sees it (made unique: "category", "category (2)"), `ref` its name in the staging table."""

    name: str
    ref: str
    type: ColumnType


@dataclass(frozen=True)
class ReadOptions:
    """How to read a file; empty means: find out. All that was found is in StagedTable.reading and can be given back here."""

    encoding: str = ""
    delimiter: str = ""  # ",", ";", "\t", "|", or "spaces" for columns set apart by runs of blanks
    has_header: bool | None = None
    skip_rows: int | None = None
    sheets: tuple[str, ...] = ()


@dataclass(frozen=True)
class StagedTable:
    """One table read: a file, a sheet of a workbook or a member of an archive.

    `name` is what the user sees ("orders.csv", "superstore.xls › Orders"); `file` is the name of the file it came from.
    `reading` is shown beside the preview and goes to the receipt: {"Encoding": "Windows-1251", "Delimiter": "semicolon", ...}.
    """

    name: str
    file: str
    ref: str
    columns: tuple[SourceColumn, ...]
    rows: int
    reading: dict[str, str] = field(default_factory=dict)
    options: ReadOptions = ReadOptions()
    bad_lines: int = 0  # lines that are no row; they stand in staging table "bad_lines"

    def column(self, name: str) -> SourceColumn:
        for one in self.columns:
            if one.name == name:
                return one
        raise KeyError(f"{self.name} has no column {name}")


class Staging:
    """A temporary DuckDB file with the tables read so far; a context manager that removes it on leaving.

    `con` is the Ibis backend, `raw` the DuckDB connection below it (for statements Ibis cannot say; never with a user's text in
    them except as a bound parameter). `folder` is where converted copies of files may lie; it goes too.
    Table "bad_lines" (source, line, reason, text) lists lines that could not be read as rows.
    """

    def __init__(self, folder: Path | None = None, memory_limit: str = "300MB") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="staging-", dir=folder))
        self.raw = duckdb.connect(str(self.folder / "staging.duckdb"))
        self.raw.execute(f"SET memory_limit = '{memory_limit}'")
        self.raw.execute("SET temp_directory = ?", [str(self.folder / "spill")])
        self.raw.execute("SET python_enable_replacements = false")
        self.raw.execute("SET autoinstall_known_extensions = false")
        # Lists of more than a few words would become joins, which read the column for every row, needed or not.
        self.raw.execute("SET disabled_optimizers = 'in_clause'")
        # Pieces that the reader of a file left small stay so: rewriting them takes longer than reading them once.
        self.raw.execute("SET max_vacuum_tasks = 0")
        self.raw.execute("SET enable_progress_bar = true")
        self.raw.execute("SET enable_progress_bar_print = false")
        self.con = ibis.duckdb.from_connection(self.raw)
        self.raw.execute("CREATE TABLE bad_lines (source VARCHAR, line BIGINT, reason VARCHAR, text VARCHAR)")
        self.tables: list[StagedTable] = []
        self.fingerprints: dict[str, str] = {}  # file name -> SHA-256 of its bytes
        self.origins: dict[str, Origin] = {}  # name of a table that a database gave -> how to read it again
        self.found: dict[object, Any] = {}  # answers to dear questions about staged tables, by what they depend on
        self._refs = 0
        self._files = 0

    def table(self, name: str) -> ir.Table:
        """The rows of the source table of that (user's) name, columns c0, c1 ..."""
        return self.con.table(self.staged(name).ref)

    def staged(self, name: str) -> StagedTable:
        for one in self.tables:
            if one.name == name:
                return one
        raise KeyError(name)

    def next_ref(self) -> str:
        """A table name never given before, also not to a table that was replaced since."""
        self._refs += 1
        return f"t{self._refs - 1}"

    def replace(self, file: str, tables: list[StagedTable]) -> None:
        """Puts `tables` in the place of all tables read from `file` before (or at the end), and removes those."""
        old = [one for one in self.tables if one.file == file]
        place = self.tables.index(old[0]) if old else len(self.tables)
        self.tables = self.tables[:place] + tables + [one for one in self.tables[place:] if one.file != file]
        for one in old:
            self.raw.execute("DELETE FROM bad_lines WHERE source = ?", [one.name])
            self.drop(one.ref)
        for one in tables:
            if one.bad_lines:
                self.raw.execute(f"INSERT INTO bad_lines SELECT ?, line, reason, text FROM {one.ref}_bad ORDER BY line", [one.name])
            self.raw.execute(f"DROP TABLE IF EXISTS {one.ref}_bad")

    def create(self, ref: str, rows: str, parameters: Sequence[Any] | dict[str, Any], progress: Progress, sentence: str) -> None:
        """Makes staging table `ref` of the statement `rows`, telling how far it is.

        Text is stored as it is: compressing it would take longer than all the rest, for a file that is gone within minutes.
        """
        self.raw.execute("SET force_compression = 'uncompressed'")
        try:
            self._execute(f"CREATE TABLE {ref} AS {rows}", parameters, progress, sentence)
        finally:
            self.raw.execute("RESET force_compression")

    def _execute(self, statement: str, parameters: Sequence[Any] | dict[str, Any], progress: Progress, sentence: str) -> None:
        """Runs a long statement beside the caller's thread, which reports the progress; a report that raises stops the statement."""
        with ThreadPoolExecutor(1) as worker:
            running = worker.submit(self.raw.execute, statement, parameters)
            while wait([running], REPORT_EVERY_SECONDS).not_done:
                try:
                    progress(max(self.raw.query_progress(), 0.0) / 100, sentence)
                except BaseException:
                    self.raw.interrupt()
                    raise
            running.result()

    def new_file(self) -> Path:
        """A place for a converted or unpacked copy of a file."""
        self._files += 1
        return self.folder / f"copy{self._files}"

    def link(self, path: Path) -> Path:
        """The file under a name of ours: the engine would take a * in a user's name for other files, and an ending for a way to pack."""
        link = self.new_file()
        link.symlink_to(path.absolute())
        return link

    def remove_copies(self) -> None:
        """Removes the copies and links made so far, when their rows are read."""
        for copy in self.folder.glob("copy*"):
            copy.unlink()

    def count(self, ref: str) -> int:
        """Rows of a staging table."""
        row = self.raw.execute(f"SELECT count(*) FROM {ref}").fetchone()
        return int(row[0]) if row else 0

    def drop(self, ref: str) -> None:
        """Removes a staging table, and its bad lines as far as they are not in "bad_lines" yet."""
        self.raw.execute(f"DROP TABLE IF EXISTS {ref}")
        self.raw.execute(f"DROP TABLE IF EXISTS {ref}_bad")

    def drop_since(self, first: str) -> None:
        """Removes all staging tables from `first` on: what a failed reading left behind."""
        for number in range(int(first[1:]), self._refs):
            self.drop(f"t{number}")

    def close(self) -> None:
        self.raw.execute("PRAGMA disable_checkpoint_on_shutdown")  # nothing to tidy up in a file that goes
        self.raw.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


@dataclass(frozen=True)
class Task:
    """One file to be read: where it lies, what the user calls it (`title`), which file it came in (`file`), and how to read it."""

    staging: Staging
    path: Path
    title: str
    file: str
    options: ReadOptions
    progress: Progress
