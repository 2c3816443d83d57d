"""What a workspace file says about itself: its name, when and from what it was made, and which columns hold values."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

import duckdb

from crm_core.mapping.carrying_out.reading import Plan
from crm_core.mapping.carrying_out.target import CATALOG
from crm_core.mapping.carrying_out.work import Work
from crm_core.mapping.model import Mapping
from crm_core.mapping.receipt import Receipt
from crm_core.schema import FORMAT
from crm_core.sources.staging import Staging


def store(work: Work, receipt: Receipt, name: str, imported_at: datetime) -> None:
    """Write table `_meta`: workspace, mapping, receipt and how it was made, as JSON."""
    first, last = receipt.period
    staging = work.plan.staging
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
    write(staging.raw, workspace, work.plan.mapping, receipt, how_made(staging))


def how_made(staging: Staging, in_place: bool = False) -> dict[str, Any]:
    """Which tables were staged, and from where those of databases came: what `former.read` brings back."""
    origins = {name: origin.as_dict() for name, origin in staging.origins.items()}
    return {"tables": [asdict(table) for table in staging.tables], "origins": origins, "in_place": in_place}


def write(raw: duckdb.DuckDBPyConnection, workspace: dict[str, Any], mapping: Mapping, receipt: Receipt, made: dict[str, Any]) -> None:
    """The notes of a workspace file that is attached as `made`."""
    entries = {"workspace": workspace, "mapping": mapping.as_dict(), "receipt": receipt.as_dict(), "made": made}
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
