"""A database's rows in the staging area, as the readers of files leave theirs: columns c0, c1 ..., values typed, decimals exact.

Batches are stored as they arrive, while the next is on its way. A column that turns out to hold more than its first values did (SQLite
lets it) is stored anew as what holds all of them.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any

import duckdb

from crm_core.errors import SourceError
from crm_core.sources.databases import browse, rows
from crm_core.sources.databases.landing import Landing
from crm_core.sources.databases.selection import Origin, Selection
from crm_core.sources.databases.session import Session
from crm_core.sources.staging import REPORT_EVERY_SECONDS, Progress, StagedTable, Staging, no_progress

#: How long a reading that is given up may take to end; after that it is left to itself.
PATIENCE_SECONDS = 10
THREAD = "database reading"


def stage(
    staging: Staging,
    session: Session,
    selection: Selection,
    title: str = "",
    progress: Progress = no_progress,
    *,
    newest_column: str = "",
    overlap_days: int = 0,
) -> StagedTable:
    """Reads the selection into a staging table that the user calls `title`, and notes where it came from in `staging.origins`.

    A table of the same title is replaced, but only when this reading succeeds. Raises SourceError in words for the user, also where there are
    no rows (unless only newer ones were asked for); a `progress` that raises stops the statement on the server. The staging area is then as it was.
    """
    title = title or selection.title
    first = staging.next_ref()
    try:
        table, fingerprint = _read(staging, session, selection, title, progress)
    except BaseException:
        staging.drop_since(first)
        raise
    staging.replace(title, [table])
    staging.fingerprints[title] = fingerprint
    staging.origins[title] = Origin(replace(selection, newer_than=None), newest_column, overlap_days)
    progress(1.0, f"{title} is read")
    return table


def check_newest(table: StagedTable, column: str) -> None:
    """Raises SourceError where the column does not tell which rows are newer: it is not there, or its values have no order in time."""
    found = next((one for one in table.columns if one.name == column), None)
    if found is None or found.type not in ("timestamp", "date", "number"):
        why = "is not there" if found is None else "holds neither dates nor numbers"
        raise SourceError(
            "Newer rows cannot be told",
            f"The column “{column}” of “{table.name}” {why}.",
            "Choose a column of dates, times or growing numbers.",
        )


def _read(staging: Staging, session: Session, selection: Selection, title: str, progress: Progress) -> tuple[StagedTable, str]:
    """Table and fingerprint of one reading."""
    gauge = _Gauge(title, _estimate(session, selection), progress)
    ahead = _Ahead(session, selection, gauge)
    staging.raw.execute("SET force_compression = 'uncompressed'")  # as staging.create does, for rows that are gone within minutes
    try:
        found = ahead.take()
        landing = Landing(staging, staging.next_ref(), found.columns)
        while (batch := ahead.take()) is not None:
            landing.add(batch)
            gauge.add(batch.num_rows)
        columns = landing.finish()
    except BaseException as error:
        ahead.stop()
        if isinstance(error, duckdb.Error):
            raise _not_stored(title, error) from None
        raise
    finally:
        staging.raw.execute("RESET force_compression")
    count = staging.count(landing.ref) if landing.is_made else 0
    if not count and selection.newer_than is None:
        raise SourceError(
            "The table has no rows",
            f"“{title}” has {len(columns)} columns and no row.",
            "Check the table or the query: it may have been filtered to nothing.",
        )
    reading = {
        "Database": session.title,
        "Query" if selection.query else "Table": selection.query or selection.title,
        "Read by": found.read_by,
    }
    if selection.joins:
        reading["Joined with"] = ", ".join(one.table for one in selection.joins)
    table = StagedTable(title, title, landing.ref, columns, count, reading)
    return table, _fingerprint(staging, table)


def _estimate(session: Session, selection: Selection) -> int | None:
    return browse.about_rows(session, selection.table, selection.schema) if selection.table and selection.newer_than is None else None


def _fingerprint(staging: Staging, table: StagedTable) -> str:
    """The same for the same columns and rows, in whatever order the database gives them."""
    refs = ", ".join(column.ref for column in table.columns)
    hashed = f"(SELECT hash({refs}) AS h FROM {table.ref})"
    found = staging.raw.execute(f"SELECT count(*), sum(h::HUGEINT), bit_xor(h) FROM {hashed}").fetchone()
    return f"rows {found} of {[(column.name, column.type) for column in table.columns]}"


def _not_stored(title: str, error: duckdb.Error) -> SourceError:
    if isinstance(error, duckdb.OutOfMemoryException | duckdb.IOException):
        return SourceError(
            "The rows cannot be stored", f"There is no space left here for “{title}”.", "Free disk space and memory, or read fewer columns."
        )
    return SourceError(
        "The rows cannot be stored", f"“{title}” holds values that do not fit their column's type ({type(error).__name__}).",
        "Ask for the column as text in a query.",
    )  # fmt: skip


class _Gauge:
    """Tells how many rows have come, of about how many."""

    def __init__(self, title: str, about: int | None, progress: Progress) -> None:
        self.title, self.about, self.progress, self.rows = title, about, progress, 0

    def add(self, count: int) -> None:
        self.rows += count
        self.tell()

    def tell(self) -> None:
        about = f" of about {max(self.about, self.rows):,}" if self.about else ""
        share = min(self.rows / self.about, 1.0) * 0.98 if self.about else 0.0
        self.progress(share, f"Reading {self.title}: {self.rows:,}{about} rows")


class _Ahead:
    """Reads in a thread of its own, one batch ahead of who takes them; who waits reports meanwhile, and may give up."""

    def __init__(self, session: Session, selection: Selection, gauge: _Gauge) -> None:
        self.session, self.selection, self.gauge = session, selection, gauge
        self.queue: Queue[Any] = Queue(maxsize=1)
        self.is_stopped = Event()
        self.thread = Thread(target=self._run, name=THREAD, daemon=True)  # one that hangs in a dead network keeps no program from ending
        self.thread.start()

    def take(self) -> Any:
        """First the Rows, then their batches, then None; raises what the reading raised, and what reporting raises."""
        while True:
            try:
                found = self.queue.get(timeout=REPORT_EVERY_SECONDS)
            except Empty:
                self.gauge.tell()
                continue
            if isinstance(found, BaseException):
                raise found
            return found

    def stop(self) -> None:
        """Gives up: the server is told, and the thread is waited for."""
        self.is_stopped.set()
        for _ in range(PATIENCE_SECONDS):
            if not self.thread.is_alive():
                break
            self.session.interrupt()  # again and again: the statement may only be about to start
            with suppress(Empty):
                self.queue.get_nowait()  # one that waits to put its batch goes on, and sees that it is to stop
            self.thread.join(1)
        self.session.drop()  # the next reading connects anew, whatever state this one was left in

    def _run(self) -> None:
        try:
            with rows.read(self.session, self.selection) as found:
                self.queue.put(found)
                for batch in found.batches:
                    if self.is_stopped.is_set():
                        raise InterruptedError
                    self.queue.put(batch)
            self.queue.put(None)
        except BaseException as error:
            if not self.is_stopped.is_set():
                self.queue.put(error)
