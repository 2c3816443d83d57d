"""A workspace file without one person: what it holds of her, and the file written anew.

A new file, and not rows deleted in the old one: the engine would leave what it deletes readable in the file.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from crm_core.errors import Problem, WorkspaceError
from crm_core.mapping.carrying_out.accounts import CENTS
from crm_core.mapping.carrying_out.rejects import TABLE as REJECTED
from crm_core.mapping.carrying_out.target import CATALOG, Target
from crm_core.mapping.erasing import person as persons
from crm_core.mapping.erasing import rows_read, tables
from crm_core.mapping.erasing.person import FORMER, SALES, Person
from crm_core.mapping.former import Former, from_notes
from crm_core.sources.staging import Staging

META = "_meta"
ERASED_CODE = "person_erased"


@dataclass(frozen=True)
class Held:
    """What a file holds of a person: rows by table that go, rows of sales by table that stay without her, rejected rows that are emptied, rows as they
    were read that go or are emptied. `is_named`: a decision of the import, such as a query, names her, and stays.
    `names` are what she is called, for looking elsewhere.
    """

    removed: dict[str, int] = field(default_factory=dict)
    not_attributed: dict[str, int] = field(default_factory=dict)
    rejected_emptied: int = 0
    read_removed: int = 0
    read_emptied: int = 0
    is_named: bool = False
    names: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_any(self) -> bool:
        return bool(self.removed or self.not_attributed or self.rejected_emptied or self.read_removed or self.read_emptied)


def look(path: Path, customer_id: str, folder: Path) -> Held:
    """What the file holds of the person; nothing is changed. Working files lie in `folder`. Raises WorkspaceError where it cannot be read."""
    with _open(path, folder) as (staging, notes, known):
        return _held(staging, persons.find(staging, customer_id, known), notes, known)


def write_without(path: Path, target: Path, customer_id: str, folder: Path) -> Held:
    """Writes the file `target` like `path`, without the person; gives what was left out. Raises WorkspaceError; then there is no file."""
    with _open(path, folder) as (staging, notes, known):
        person = persons.find(staging, customer_id, known)
        held = _held(staging, person, notes, known)
        with Target(staging, target) as made:
            there = persons.tables_of(staging)
            for name, columns in there.items():
                if tables.is_canonical(name, columns):
                    tables.write(staging, name, columns, person)
                elif name not in (META, REJECTED):
                    tables.copy(staging, name)
            if REJECTED in there:
                tables.write_rejected(staging, tables.rejected(staging, person, known))
            if known is not None:
                read = rows_read.write(staging, known, person)
                notes["made"] = {**(notes.get("made") or {}), "tables": [asdict(table) for table in read]}
            _write_notes(staging, notes, there, person, held)
            made.finish()
    return held


@contextmanager
def _open(path: Path, folder: Path) -> Iterator[tuple[Staging, dict[str, Any], Former | None]]:
    """The file attached as `former`, its notes, and what they tell of its making."""
    try:
        with Staging(folder) as staging:
            quoted = str(path.resolve()).replace("'", "''")
            staging.raw.execute(f"ATTACH '{quoted}' AS {FORMER} (READ_ONLY)")
            rows = staging.raw.execute(f"SELECT key, value FROM {FORMER}.main.{META}").fetchall()
            notes = {str(key): json.loads(value) for key, value in rows}
            yield staging, notes, from_notes(notes.get) if "mapping" in notes else None
    except (duckdb.Error, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(
            "The data cannot be written anew", f"{path.name} is damaged, or of a version that is not known.", "Import the data again."
        ) from error


def _held(staging: Staging, person: Person, notes: dict[str, Any], known: Former | None) -> Held:
    there = persons.tables_of(staging)
    rows = {name: tables.count(staging, name, columns, person) for name, columns in there.items() if tables.is_canonical(name, columns)}
    read = rows_read.count(staging, known, person)
    decisions = json.dumps({key: notes.get(key) for key in ("mapping", "made")}, ensure_ascii=False)
    return Held(
        removed={name: count for name, count in rows.items() if count and name not in SALES},
        not_attributed={name: count for name, count in rows.items() if count and name in SALES},
        rejected_emptied=len(tables.rejected(staging, person, known)) if REJECTED in there else 0,
        read_removed=read["removed"],
        read_emptied=read["emptied"],
        is_named=persons.is_telling(person.customer_id) and json.dumps(person.customer_id, ensure_ascii=False)[1:-1] in decisions,
        names=person.names,
    )


def _write_notes(staging: Staging, notes: dict[str, Any], there: dict[str, list[str]], person: Person, held: Held) -> None:
    """What the file says of itself, as it is now: another content, fewer rows, and no example of hers."""
    canonical = {name: columns for name, columns in there.items() if tables.is_canonical(name, columns)}
    workspace = notes["workspace"]
    fields = {name: tables.filled(staging, name, canonical[name]) for name in workspace["fields"] if name in canonical}
    notes["workspace"] = {**workspace, "fingerprint": secrets.token_hex(32), "fields": {**workspace["fields"], **fields}}
    if notes.get("receipt"):
        notes["receipt"] = _receipt(staging, notes["receipt"], canonical, person, held)
    staging.raw.execute(f"CREATE TABLE {CATALOG}.main.{META} (key VARCHAR, value VARCHAR)")
    rows = [[key, json.dumps(value, ensure_ascii=False)] for key, value in notes.items()]
    staging.raw.executemany(f"INSERT INTO {CATALOG}.main.{META} VALUES (?, ?)", rows)


def _receipt(staging: Staging, receipt: dict[str, Any], canonical: dict[str, list[str]], person: Person, held: Held) -> dict[str, Any]:
    """The receipt, which still tells what became of every row of the import, with the counts of now and a word on what was erased since."""
    counts = {name: staging.count(f"{CATALOG}.main.{name}") if name in canonical else count for name, count in receipt["counts"].items()}
    problems = [{**one, "example": "" if one["example"] in person.tokens else one["example"]} for one in receipt["problems"]]
    before = sum(one["rows"] for one in problems if one["code"] == ERASED_CODE)
    rows = before + sum((*held.removed.values(), *held.not_attributed.values()))
    message = "Customers were erased since the import: their rows are gone, and their sales count as not attributed"
    problems = [one for one in problems if one["code"] != ERASED_CODE]
    problems.append(asdict(Problem(ERASED_CODE, "info", message, rows=rows)))
    return {**receipt, "counts": counts, "problems": problems, **(_of_lines(staging) if "order_lines" in canonical else {})}


def _of_lines(staging: Staging) -> dict[str, Any]:
    """The counts of a receipt that change when a customer's sales become nobody's."""
    row = staging.raw.execute(
        "SELECT count(DISTINCT customer_id), count(*) FILTER (customer_id IS NULL), "
        f"coalesce(sum(net_amount) FILTER (customer_id IS NULL AND NOT is_void), 0) FROM {CATALOG}.main.order_lines"
    ).fetchone()
    customers, lines, amount = row or (0, 0, 0)
    return {"customers": customers, "lines_not_attributed": lines, "amount_not_attributed": str(Decimal(amount).quantize(CENTS))}
