"""Exact repeats of rows: all columns of the file equal, by a 64-bit hash of all of them.

Counting is one pass without the rows themselves. Which rows are repeats is worked out only where there are some; the first stays.
Two different rows of ten million share a hash with a chance of about 1 in 400,000.
"""

from __future__ import annotations

import ibis.expr.types as ir

from crm_core.mapping.carrying_out.reading import Plan, Source
from crm_core.mapping.model import Grain

TABLE = "repeats"


def find(plan: Plan) -> dict[int, int]:
    """Source number -> rows that repeat an earlier row of the same grain. Leaves them in staging table `repeats`."""
    plan.staging.raw.execute(f"CREATE OR REPLACE TABLE {TABLE} (source_no INTEGER, row_no BIGINT)")
    for grain in dict.fromkeys(source.mapping.grain for source in plan.sources):
        _find_in(plan, grain)
    counted = plan.staging.raw.execute(f"SELECT source_no, count(*) FROM {TABLE} GROUP BY ALL").fetchall()
    return dict(counted)


def table(plan: Plan) -> ir.Table:
    """The repeats found: source_no, row_no."""
    return plan.staging.con.table(TABLE)


def _find_in(plan: Plan, grain: Grain) -> None:
    sources = plan.of(grain)
    hashes = " UNION ALL ".join(f"SELECT {_hash(source)} AS h FROM {source.staged.ref}" for source in sources)
    found = plan.staging.raw.execute(f"SELECT count(*) - count(DISTINCT h) FROM ({hashes})").fetchone()
    if found is None or found[0] == 0:
        return
    rows = " UNION ALL ".join(
        f"SELECT {source.number} AS source_no, rowid + 1 AS row_no, {_hash(source)} AS h FROM {source.staged.ref}" for source in sources
    )
    plan.staging.raw.execute(
        f"INSERT INTO {TABLE} SELECT source_no, row_no FROM (SELECT *, row_number() OVER (PARTITION BY h ORDER BY source_no, row_no) AS place FROM ({rows}) "
        f"WHERE h IN (SELECT h FROM ({hashes}) GROUP BY h HAVING count(*) > 1)) WHERE place > 1"
    )


def _hash(source: Source) -> str:
    """Hash of a row, columns in the order of the user's names, so that files of one shape agree whatever the order of their columns."""
    refs = [column.ref for column in sorted(source.staged.columns, key=lambda column: column.name)]
    return f"hash({', '.join(refs)})"
