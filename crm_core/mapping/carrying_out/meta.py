"""What a workspace file says about itself: its name, when and from what it was made, and which columns hold values."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime

from crm_core.mapping.carrying_out.reading import Plan
from crm_core.mapping.carrying_out.target import CATALOG
from crm_core.mapping.carrying_out.work import Work
from crm_core.mapping.receipt import Receipt
from crm_core.schema import FORMAT


def store(work: Work, receipt: Receipt, name: str, imported_at: datetime) -> None:
    """Write table `_meta`: workspace, mapping and receipt, as JSON."""
    first, last = receipt.period
    workspace = {
        "format": FORMAT,
        "name": name,
        "imported_at": imported_at.isoformat(),
        "fingerprint": fingerprint(work.plan),
        "sources": [source.name for source in work.plan.sources],
        "labels": work.plan.labels,
        "currency": receipt.currency,
        "first_day": first or None,
        "last_day": last or None,
        "fields": {table: filled(work, table) for table in work.stored},
    }
    entries = {"workspace": workspace, "mapping": work.plan.mapping.as_dict(), "receipt": receipt.as_dict()}
    raw = work.plan.staging.raw
    raw.execute(f"CREATE TABLE {CATALOG}.main._meta (key VARCHAR, value VARCHAR)")
    raw.executemany(
        f"INSERT INTO {CATALOG}.main._meta VALUES (?, ?)", [[key, json.dumps(value, ensure_ascii=False)] for key, value in entries.items()]
    )


def fingerprint(plan: Plan) -> str:
    """SHA-256 over the files' own, how they were read, the mapping and the format: the same content gives the same."""
    content = {
        "files": sorted(plan.staging.fingerprints.items()),
        "reading": sorted((table.name, asdict(table.options)) for table in plan.staging.tables),
        "mapping": plan.mapping.as_dict(),
        "format": FORMAT,
    }
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def filled(work: Work, table: str) -> list[str]:
    """Columns of a stored table that hold at least one value."""
    names = work.stored[table].columns
    some = ", ".join(f"EXISTS (SELECT 1 FROM {CATALOG}.main.{table} WHERE {name} IS NOT NULL)" for name in names)
    found = work.plan.staging.raw.execute(f"SELECT {some}").fetchone() or ()
    return [name for name, is_filled in zip(names, found, strict=True) if is_filled]
