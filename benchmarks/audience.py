"""The page Audience on a million customers: count, net sales and share of an audience as it is built, against plain SQL for the same count and sums.

Ours is what the page asks at each change of a condition: `picture`. Both sides lie on the same file, and both have at hand, before the clock starts, what the
page's first view of everybody leaves: a table of one row a customer with sums, days and scores (ours with the segment), the totals of everybody,
and in ours which fields the data has, which the SQL is told by who wrote it. All else that a
condition asks (attributes, what was bought in a time, contacts, cases) is read, summed and joined on the clock, on both sides. Both have answered the
same question on a small other file before, as a server has: what is loaded once a process is not measured. Both must give equal counts and sums, and
the same ids. Limit: 1.5 times the SQL plus 100 ms.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.measure import CACHE, Side, holds, measure
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.fields import catalogue, measures
from crm_core.analytics.audience.language import parse
from crm_core.analytics.audience.members import members
from crm_core.analytics.audience.picture import picture
from crm_core.schema import FORMAT, TABLES
from crm_core.workspace import Workspace
from tests.workspaces import empty_receipt

VERSION = 1  # a change of what is made asks for new files
CUSTOMERS = 1_000_000
FEW = 3_000  # customers of the small file
MOST, PLUS_SECONDS = 1.5, 0.1
AS_OF = date(2026, 1, 1)

#: A file of $n customers: three lines a customer in orders of two, every fourth customer has none; a contact a customer, a case of every fifth.
MADE = {
    "customers": """SELECT 'C' || i AS customer_id, 'Name ' || i AS name, hash(i) % 3 > 0 AS consent,
        ['Austria', 'Germany', 'Iran', 'Chile', NULL][1 + (hash(i * 3) % 5)::INT] AS country,
        ['Gold', 'Silver', 'Basic'][1 + (hash(i * 5) % 3)::INT] AS attr_1 FROM range($n) AS made(i)""",
    "order_lines": """SELECT 'C' || hash(i // 2) % ($n * 3 // 4)::UBIGINT AS customer_id, 'O' || i // 2 AS order_id, i AS line_no,
        TIMESTAMP '2023-01-01' + to_seconds((94_600_000 * (hash(i // 2 * 7) % 1_000_000) / 1e6)::BIGINT) AS line_at,
        'Category ' || hash(i * 11) % 12 AS category, CASE WHEN hash(i * 13) % 40 = 0 THEN -1 ELSE 1 + hash(i * 17) % 4 END AS quantity,
        CASE WHEN hash(i * 13) % 40 = 0 THEN -1 ELSE 1 + hash(i * 17) % 4 END * (1 + hash(i * 19) % 5000) / 100 AS net_amount, false AS is_void
        FROM range($n * 3) AS made(i)""",
    "cases": """SELECT 'T' || i AS case_id, 'C' || hash(i * 23) % $n::UBIGINT AS customer_id,
        TIMESTAMP '2024-01-01' + to_seconds((hash(i * 29) % 63_000_000)::BIGINT) AS opened_at, opened_at + INTERVAL 3 DAY AS resolved_at
        FROM range($n // 5) AS made(i)""",
    "contacts": """SELECT 'K' || i AS contact_id, 'C' || hash(i * 31) % $n::UBIGINT AS customer_id,
        TIMESTAMP '2025-07-01' + to_seconds((hash(i * 37) % 15_800_000)::BIGINT) AS contacted_at, 'E-mail' AS channel,
        ['delivered', 'opened', 'bounced', 'opted_out'][least(4, 1 + (hash(i * 41) % 50 / 15)::INT)] AS outcome FROM range($n) AS made(i)""",
}


def workspace(customers: int = CUSTOMERS) -> Path:
    """A workspace file of so many customers, made once."""
    path = CACHE / f"audience_{customers}_{VERSION}-{FORMAT}.duckdb"
    if not path.is_file():
        CACHE.mkdir(exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        with duckdb.connect(str(unfinished)) as con:
            _fill(con, customers)
        unfinished.rename(path)
    return path


def _fill(con: duckdb.DuckDBPyConnection, customers: int) -> None:
    fed = {}
    for table, rows in MADE.items():
        columns = [f"{field.name} {'VARCHAR' if field.type == 'string' else field.type}" for field in TABLES[table].stored()]
        con.execute(f"CREATE TABLE {table} ({', '.join([*columns, *(['attr_1 VARCHAR'] if table == 'customers' else [])])})")
        con.execute(f"INSERT INTO {table} BY NAME {rows}", {"n": customers})
        fed[table] = [name for name, *_ in con.execute(f"DESCRIBE {rows.replace('$n', '1')}").fetchall()]
    meta = {
        "format": FORMAT, "name": "Benchmark", "imported_at": "2026-01-01T00:00:00", "fingerprint": f"audience {VERSION} {customers}", "sources": ["audience"],
        "labels": {"attr_1": "plan"}, "currency": "EUR", "first_day": "2023-01-01", "last_day": "2025-12-31", "fields": fed,
    }  # fmt: skip
    con.execute("CREATE TABLE _meta (key VARCHAR, value VARCHAR)")
    con.execute("INSERT INTO _meta VALUES ('workspace', ?), ('receipt', ?)", [json.dumps(meta), json.dumps(empty_receipt("EUR").as_dict())])
    con.execute('CREATE TABLE _rejected (source VARCHAR, "row" BIGINT, reason VARCHAR, "column" VARCHAR, value VARCHAR, record VARCHAR)')


# -- what is asked, in both languages ------------------------------------------------------------------------------------------

_BOUGHT = """(SELECT DISTINCT customer_id FROM (SELECT customer_id, order_id FROM sold WHERE line_at >= DATE '{since}' GROUP BY ALL
    HAVING sum(net_amount) >= 0 AND sum(quantity) > 0 AND bool_or(category = '{what}' AND quantity > 0 AND net_amount >= 0)))"""
_CONTACTED = "(SELECT customer_id, count(*) AS times FROM ws.contacts WHERE contacted_at >= DATE '2025-10-03' AND contacted_at < DATE '2026-01-01' GROUP BY 1)"
_OUT = "(SELECT DISTINCT customer_id FROM ws.contacts WHERE contacted_at < DATE '2026-01-01' AND outcome = 'opted_out')"
_CASES = "(SELECT DISTINCT customer_id FROM ws.cases WHERE opened_at < DATE '2026-01-01')"

#: Name: the condition; and in SQL, what is joined to everybody, and what must hold.
ASKED: dict[str, tuple[str, str, str]] = {
    "score": ("r_score >= 4", "", "r_score >= 4"),
    "attributes": (
        "country in ('Germany', 'Austria') and plan = 'Gold' and consent",
        "LEFT JOIN ws.customers USING (customer_id)",
        "country IN ('Germany', 'Austria') AND attr_1 = 'Gold' AND consent",
    ),
    "bought": (
        "bought category 'Category 3' in last 180 days and net_sales > 100",
        f"LEFT JOIN {_BOUGHT.format(since='2025-07-05', what='Category 3')} AS b ON b.customer_id = everybody.customer_id",
        "b.customer_id IS NOT NULL AND net_sales > 100",
    ),
    "contacts": (
        "count_contacts in last 90 days < 2 and not opted_out and count_cases = 0",
        f"""LEFT JOIN {_CONTACTED} AS t ON t.customer_id = everybody.customer_id LEFT JOIN {_OUT} AS o ON o.customer_id = everybody.customer_id
        LEFT JOIN {_CASES} AS k ON k.customer_id = everybody.customer_id""",
        "coalesce(times, 0) < 2 AND o.customer_id IS NULL AND k.customer_id IS NULL",
    ),
    "nested": (
        """(segment in ("At risk", "Can't lose them") or net_sales between 300 and 500.5)
        and not (country = 'Germany' or bought category 'Category 5' in last 365 days) and (count_cases >= 1 or consent)""",
        f"""LEFT JOIN ws.customers USING (customer_id) LEFT JOIN {_CASES} AS k ON k.customer_id = everybody.customer_id
        LEFT JOIN {_BOUGHT.format(since='2025-01-01', what='Category 5')} AS b ON b.customer_id = everybody.customer_id""",
        """((r_score <= 2 AND f_score >= 3) OR net_sales BETWEEN 300 AND 500.5)
        AND NOT (coalesce(country = 'Germany', false) OR b.customer_id IS NOT NULL) AND (k.customer_id IS NOT NULL OR coalesce(consent, false))""",
    ),
}  # fmt: skip


def _answered_before(prepare: Callable[[str, str], Callable[[], Any]], path: str, asked: str) -> Callable[[], Any]:
    """The side has answered its question on the small file, whichever file it then gets."""
    prepare(str(workspace(FEW)), asked)()
    return prepare(path, asked)


# -- ours --------------------------------------------------------------------------------------------------------------------------


def ours(path: str, asked: str) -> Callable[[], Any]:
    return _answered_before(_ours, path, asked)


def _ours(path: str, asked: str) -> Callable[[], Any]:
    ws, basis = Workspace.open(path), Basis(AS_OF)
    picture(ws, parse("", catalogue(ws, basis), measures(ws)), basis)

    def run() -> Any:
        return picture(ws, parse(ASKED[asked][0], catalogue(ws, basis), measures(ws)), basis)

    return run


# -- plain SQL ----------------------------------------------------------------------------------------------------------------------

EVERYBODY = """
    CREATE TEMP VIEW sold AS SELECT * FROM ws.order_lines WHERE NOT is_void AND line_at < DATE '2026-01-01';
    CREATE TEMP TABLE everybody AS
    WITH placed AS (
        SELECT customer_id, order_id, max(line_at)::DATE AS ordered_on, sum(net_amount) AS worth, sum(net_amount) >= 0 AND sum(quantity) > 0 AS is_purchase
        FROM sold GROUP BY ALL
    ), totals AS (
        SELECT customer_id, sum(worth) AS net_sales, count(*) FILTER (is_purchase) AS count_orders, max(ordered_on) FILTER (is_purchase) AS last_order_on,
            min(ordered_on) FILTER (is_purchase) AS first_order_on, coalesce(sum(worth) FILTER (is_purchase), 0) AS purchase_value
        FROM placed GROUP BY ALL
    ), buyers AS (
        SELECT customer_id, count_orders, (5 - 5 * (rank() OVER (ORDER BY last_order_on DESC) - 1) // count(*) OVER ())::TINYINT AS r_score,
            (1 + 5 * (rank() OVER (ORDER BY net_sales) - 1) // count(*) OVER ())::TINYINT AS m_score
        FROM totals WHERE count_orders > 0
    ), scored AS (
        SELECT customer_id, r_score, m_score, 1::TINYINT AS f_score FROM buyers WHERE count_orders = 1 UNION ALL
        SELECT customer_id, r_score, m_score, (2 + 4 * (rank() OVER (ORDER BY count_orders) - 1) // count(*) OVER ())::TINYINT
        FROM buyers WHERE count_orders > 1
    )
    SELECT customer_id, coalesce(net_sales, 0) AS net_sales, coalesce(count_orders, 0) AS count_orders, coalesce(purchase_value, 0) AS purchase_value,
        first_order_on, last_order_on, r_score, f_score, m_score
    FROM ws.customers LEFT JOIN totals USING (customer_id) LEFT JOIN scored USING (customer_id);
"""
SUMS = """
    SELECT count(*) FILTER (w) AS customers, count(*) FILTER (w AND count_orders > 0) AS buyers, coalesce(sum(net_sales) FILTER (w), 0) AS net_sales,
        coalesce(sum(count_orders) FILTER (w), 0) AS count_orders, coalesce(sum(purchase_value) FILTER (w), 0) AS purchase_value
    FROM (SELECT everybody.*, coalesce({where}, false) AS w FROM everybody {joined})
"""


def sql(path: str, asked: str) -> Callable[[], Any]:
    return _answered_before(_sql, path, asked)


def _sql(path: str, asked: str) -> Callable[[], Any]:
    con = _connect(path)
    whole = con.execute("SELECT count(*), sum(net_sales) FROM everybody").fetchone()
    _, joined, where = ASKED[asked]
    return lambda: (con.execute(SUMS.format(where=where, joined=joined)).fetchone(), whole)


def _connect(path: str) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(f"ATTACH '{path}' AS ws (READ_ONLY)")
    con.execute("SET memory_limit = '2GB'")
    con.execute("SET preserve_insertion_order = false")
    con.execute(EVERYBODY)
    return con


# -- equal rows ---------------------------------------------------------------------------------------------------------------------


def prove_equal(path: str) -> None:
    """Raises AssertionError unless both sides give the same ids and the same sums."""
    ws, basis = Workspace.open(path), Basis(AS_OF)
    with ws, _connect(path) as con:
        whole = con.execute("SELECT count(*), sum(net_sales) FROM everybody").fetchone()
        for text, joined, where in ASKED.values():
            condition = parse(text, catalogue(ws, basis), measures(ws))
            found, sums = picture(ws, condition, basis), con.execute(SUMS.format(where=where, joined=joined)).fetchone()
            assert whole is not None
            assert sums is not None
            assert 0 < found.customers < found.everybody
            assert (found.customers, found.buyers, found.count_orders) == (sums[0], sums[1], sums[3])
            assert (found.net_sales, found.purchase_value) == (float(sums[2]), float(sums[4]))
            assert (found.everybody, found.net_sales_of_everybody) == (whole[0], float(whole[1]))
            ids = con.execute(f"SELECT everybody.customer_id FROM everybody {joined} WHERE {where}").df()["customer_id"]
            assert sorted(ws.execute(members(ws, condition, basis).select("customer_id"))["customer_id"]) == sorted(ids)


def main(customers: int = CUSTOMERS, runs: int = 5) -> int:
    """Print the measurements and ratios; 1 if a ratio is missed."""
    path, here = str(workspace(customers)), Path(__file__).stem
    prove_equal(path)
    ratios = []
    for asked in ASKED:
        page, plain = measure(
            [
                Side(f"audience, {asked}", f"benchmarks.{here}:ours", (path, asked)),
                Side("plain SQL", f"benchmarks.{here}:sql", (path, asked)),
            ],
            runs,
        )
        ratios.append(holds(f"audience, {asked}, less 100 ms, of the SQL", max(0.0, page.seconds - PLUS_SECONDS) / plain.seconds, MOST))
    return 0 if all(ratios) else 1


if __name__ == "__main__":
    raise SystemExit(main())
