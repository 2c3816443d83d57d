"""The rows as they were read, kept in the workspace beside what was made of them, so that a refresh reads only what came since.

Kept only where a table of the import is to be refreshed by newer rows, or where files were read beside a database's tables; canonical tables
are always made anew of all rows, old and new, so that a refresh gives what a whole import would give.
"""

from __future__ import annotations

from crm_core.mapping.carrying_out.target import CATALOG
from crm_core.mapping.carrying_out.work import Work

SCHEMA = "read"


def store(work: Work) -> None:
    """Copy the staged tables in their order, where a later refresh will build on them."""
    staging = work.plan.staging
    has_files = any(table.name not in staging.origins for table in staging.tables)
    if not staging.origins or not (has_files or any(origin.column for origin in staging.origins.values())):
        return
    staging.raw.execute(f"CREATE SCHEMA {CATALOG}.{SCHEMA}")
    for table in staging.tables:
        staging.raw.execute(f"CREATE TABLE {CATALOG}.{SCHEMA}.{table.ref} AS SELECT * FROM {table.ref} ORDER BY rowid")
