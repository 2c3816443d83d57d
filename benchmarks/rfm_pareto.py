"""RFM and Pareto of 10 million order lines, one row a customer: against plain SQL on the same file, and against pandas from Parquet.

All sides must first give equal rows. The SQL is the fastest we found: cut points as scalar subqueries instead of windows over all customers, whose variant is
measured beside it. Limits: 1.5 times the faster SQL; pandas at least twice as slow, with more than twice the peak of memory.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import ibis.backends.duckdb  # noqa: F401 (Ibis loads it with the first connection; imports are not what is measured)
import pandas as pd
import pyarrow as pa

from benchmarks import company
from benchmarks.measure import Side, holds, measure
from crm_core.analytics.listing import listing
from crm_core.workspace import Workspace

LINES = 10_000_000
SLOWER_THAN_SQL = 1.5
OF_PANDAS = 0.5
COLUMNS = ["customer_id", "net_sales", "value_class", "days_since_last_order", "count_orders", "r_score", "f_score", "m_score", "segment"]

TOTALS = """
    WITH orders AS (
        SELECT customer_id, order_id, max(line_at)::DATE AS day, sum(net_amount) AS value, sum(quantity) AS units
        FROM order_lines WHERE customer_id IS NOT NULL AND NOT is_void AND line_at < $as_of
        GROUP BY customer_id, order_id
    ), totals AS MATERIALIZED (
        SELECT customer_id, sum(value) AS net_sales,
            count(*) FILTER (value >= 0 AND (units > 0 OR units IS NULL)) AS count_orders,
            $as_of::DATE - max(day) FILTER (value >= 0 AND (units > 0 OR units IS NULL)) AS days_since_last_order
        FROM orders GROUP BY customer_id
    ),
"""
SEGMENT = """
    CASE WHEN r = 5 AND f >= 4 THEN 'Champions' WHEN r >= 3 AND f >= 4 THEN 'Loyal customers' WHEN r >= 4 AND f >= 2 THEN 'Potential loyalists'
        WHEN r = 5 THEN 'New customers' WHEN r = 4 THEN 'Promising' WHEN r = 3 AND f = 3 THEN 'Need attention' WHEN r = 3 THEN 'About to sleep'
        WHEN f = 5 THEN 'Can''t lose them' WHEN f >= 3 THEN 'At risk' WHEN f >= 1 THEN 'Hibernating' END AS segment
"""
#: Ranks by windows over all customers.
WINDOWS = f"""
    {TOTALS} buyers AS (
        SELECT customer_id,
            5 - (5 * (rank() OVER (ORDER BY days_since_last_order) - 1)) // count(*) OVER () AS r,
            1 + (5 * (rank() OVER (ORDER BY net_sales) - 1)) // count(*) OVER () AS m,
            CASE WHEN count_orders = 1 THEN 1 ELSE
                2 + (4 * (rank() OVER (PARTITION BY count_orders > 1 ORDER BY count_orders) - 1)) // count(*) OVER (PARTITION BY count_orders > 1) END AS f
        FROM totals WHERE count_orders > 0
    ), reached AS (
        SELECT *, sum(net_sales) OVER () AS total,
            sum(net_sales) OVER (ORDER BY net_sales DESC, customer_id ROWS UNBOUNDED PRECEDING) - net_sales AS above
        FROM totals
    )
    SELECT customer_id, net_sales, CASE WHEN 5 * above < 4 * total THEN 'A' WHEN 20 * above < 19 * total THEN 'B' ELSE 'C' END AS value_class,
        days_since_last_order, count_orders, r AS r_score, f AS f_score, m AS m_score, {SEGMENT}
    FROM reached LEFT JOIN buyers USING (customer_id)
"""
#: Ranks by counts per distinct value, quantiles for money, one running sum for the classes.
CUTS = f"""
    {TOTALS} buyers AS (SELECT * FROM totals WHERE count_orders > 0),
    days AS (
        SELECT days_since_last_order, 5 - (5 * (sum(count(*)) OVER (ORDER BY days_since_last_order) - count(*))) // sum(count(*)) OVER () AS r
        FROM buyers GROUP BY 1
    ), repeats AS (
        SELECT count_orders, 2 + (4 * (sum(count(*)) OVER (ORDER BY count_orders) - count(*))) // sum(count(*)) OVER () AS f
        FROM buyers WHERE count_orders > 1 GROUP BY 1
    ), cuts AS (SELECT quantile_disc(net_sales, [0.2::DECIMAL(2, 1), 0.4::DECIMAL(2, 1), 0.6::DECIMAL(2, 1), 0.8::DECIMAL(2, 1)]) AS q FROM buyers),
    reached AS (
        SELECT *, (SELECT sum(net_sales) FROM totals) AS total,
            sum(net_sales) OVER (ORDER BY net_sales DESC, customer_id ROWS UNBOUNDED PRECEDING) - net_sales AS above
        FROM totals
    ), scored AS (
        SELECT reached.*, r, CASE WHEN count_orders > 0 THEN coalesce(f, 1) END AS f,
            CASE WHEN count_orders > 0 THEN 1 + (net_sales > q[1])::INT + (net_sales > q[2])::INT + (net_sales > q[3])::INT + (net_sales > q[4])::INT END AS m
        FROM reached LEFT JOIN days USING (days_since_last_order) LEFT JOIN repeats USING (count_orders) CROSS JOIN cuts
    )
    SELECT customer_id, net_sales, CASE WHEN 5 * above < 4 * total THEN 'A' WHEN 20 * above < 19 * total THEN 'B' ELSE 'C' END AS value_class,
        days_since_last_order, nullif(count_orders, 0) AS count_orders, r AS r_score, f AS f_score, m AS m_score, {SEGMENT}
    FROM scored
"""


def ours(path: str) -> pa.Table:
    """Through the workspace, as pages and the command line do."""
    with Workspace.open(path) as ws:
        return pa.Table.from_batches(ws.batches(listing(ws, ws.as_of)))


def windows(path: str) -> pa.Table:
    return _sql(path, WINDOWS)


def cuts(path: str) -> pa.Table:
    return _sql(path, CUTS)


def _sql(path: str, query: str) -> pa.Table:
    with duckdb.connect(path, read_only=True) as con:
        con.execute("SET preserve_insertion_order = false")
        return con.execute(query, {"as_of": _as_of(con)}).to_arrow_table()


def _as_of(con: duckdb.DuckDBPyConnection) -> date:
    row = con.execute("SELECT max(line_at)::DATE + 1 FROM order_lines").fetchone()
    assert row is not None
    return row[0]


def in_pandas(path: str) -> pd.DataFrame:
    """As a careful analyst would: only the columns needed, ids as categories, whole numbers, no loops."""
    lines = pd.read_parquet(path, read_dictionary=["customer_id", "order_id"])
    as_of = lines["line_at"].max().normalize() + timedelta(days=1)
    lines = lines[lines["customer_id"].notna()]
    grouped = lines.groupby(["customer_id", "order_id"], observed=True, sort=False)
    orders = grouped.agg(day=("line_at", "max"), value=("net_amount", "sum"), units=("quantity", "sum")).reset_index()
    totals = orders.groupby("customer_id", observed=True, sort=False).agg(net_sales=("value", "sum"))
    bought = orders[(orders["value"] >= 0) & (orders["units"] > 0)].groupby("customer_id", observed=True, sort=False)
    buyers = bought.agg(day=("day", "max"), count_orders=("value", "size")).join(totals)
    buyers["days_since_last_order"] = (as_of - buyers["day"].dt.normalize()).dt.days
    n, repeat = len(buyers), buyers.loc[buyers["count_orders"] > 1, "count_orders"]
    buyers["r_score"] = 5 - 5 * (buyers["days_since_last_order"].rank(method="min").astype("int64") - 1) // n
    buyers["m_score"] = 1 + 5 * (buyers["net_sales"].rank(method="min").astype("int64") - 1) // n
    buyers["f_score"] = (
        (2 + 4 * (repeat.rank(method="min").astype("int64") - 1) // len(repeat)).reindex(buyers.index).fillna(1).astype("int64")
    )
    names = {10 * segment_r + segment_f: segment.name for segment in _segments() for segment_r, segment_f in segment.cells}
    buyers["segment"] = (10 * buyers["r_score"] + buyers["f_score"]).map(names)
    return _with_classes(totals).join(buyers.drop(columns=["net_sales", "day"])).reset_index()


def _with_classes(totals: pd.DataFrame) -> pd.DataFrame:
    ordered = totals.assign(text=totals.index.astype(str)).sort_values(["net_sales", "text"], ascending=[False, True]).drop(columns="text")
    above, total = ordered["net_sales"].cumsum() - ordered["net_sales"], ordered["net_sales"].sum()
    classes = pd.Series("C", index=ordered.index)
    classes[20 * above < 19 * total] = "B"
    classes[5 * above < 4 * total] = "A"
    return ordered.assign(value_class=classes)


def _segments() -> Any:
    from crm_core.analytics.segment_table import SEGMENTS

    return SEGMENTS.segments


def prove_equal(lines: int) -> None:
    """Raises AssertionError unless all sides give the same rows."""
    path = str(company.workspace(lines))
    expected = _comparable(ours(path).to_pandas(), 1)
    for other, scale in ((windows(path).to_pandas(), 1), (cuts(path).to_pandas(), 1), (in_pandas(str(company.parquet(lines))), 10_000)):
        pd.testing.assert_frame_equal(expected, _comparable(other, scale), check_dtype=False)


def _comparable(frame: pd.DataFrame, scale: int) -> pd.DataFrame:
    rows = frame[COLUMNS].assign(
        net_sales=(frame["net_sales"].astype("float64") / scale).round(4), count_orders=frame["count_orders"].replace(0, None)
    )
    texts, numbers = ["customer_id", "value_class", "segment"], ["days_since_last_order", "count_orders", "r_score", "f_score", "m_score"]
    return rows.astype(dict.fromkeys(texts, "object") | dict.fromkeys(numbers, "float64")).sort_values("customer_id", ignore_index=True)


def main(lines: int = LINES, runs: int = 5) -> int:
    """Print the measurements and ratios; 1 if a ratio is missed."""
    prove_equal(lines)
    path, file = str(company.workspace(lines)), str(company.parquet(lines))
    here = Path(__file__).stem
    mine, by_windows, by_cuts, pandas = measure(
        [
            Side("RFM and Pareto", f"benchmarks.{here}:ours", (path,)),
            Side("plain SQL, windows", f"benchmarks.{here}:windows", (path,)),
            Side("plain SQL, cut points", f"benchmarks.{here}:cuts", (path,)),
            Side("pandas from Parquet", f"benchmarks.{here}:in_pandas", (file,)),
        ],
        runs,
    )
    ratios = [
        holds("time, of the fastest SQL", mine.seconds / min(by_windows.seconds, by_cuts.seconds), SLOWER_THAN_SQL),
        holds("time, of pandas", mine.seconds / pandas.seconds, OF_PANDAS),
        holds("peak of memory, of pandas", mine.peak_mb / pandas.peak_mb, OF_PANDAS),
    ]
    return 0 if all(ratios) else 1


if __name__ == "__main__":
    raise SystemExit(main())
