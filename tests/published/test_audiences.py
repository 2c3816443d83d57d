"""Audiences of the sample company and of Online Retail against SQL written by hand over the workspace file: the same customers, and the same sums.

The SQL knows the tables of the file and the definitions, and nothing of the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.fields import catalogue, measures
from crm_core.analytics.audience.language import parse
from crm_core.analytics.audience.members import members
from crm_core.analytics.audience.picture import picture
from crm_core.workspace import Workspace
from tests.contracts import companies

#: What definitions call orders, customers and scores. `everybody` has one row a customer whom any table names.
BASE = """
    CREATE TEMP MACRO day() AS DATE '{as_of}';
    CREATE TEMP VIEW sold AS SELECT * FROM ws.order_lines WHERE is_void IS NOT TRUE AND line_at < day() AND customer_id IS NOT NULL;
    CREATE TEMP VIEW placed AS
        SELECT customer_id, order_id, max(line_at)::DATE AS ordered_on, sum(net_amount) AS worth,
            sum(net_amount) >= 0 AND coalesce(sum(quantity) > 0, true) AS is_purchase
        FROM sold GROUP BY ALL;
    CREATE TEMP VIEW totals AS
        SELECT customer_id, sum(worth) AS net_sales, count(*) FILTER (is_purchase) AS count_orders, max(ordered_on) FILTER (is_purchase) AS last_on,
            min(ordered_on) FILTER (is_purchase) AS first_on, sum(worth) FILTER (is_purchase) AS purchase_value
        FROM placed GROUP BY ALL;
    CREATE TEMP VIEW everybody AS
        SELECT customer_id, coalesce(net_sales, 0) AS net_sales, coalesce(count_orders, 0) AS count_orders, coalesce(purchase_value, 0) AS purchase_value,
            last_on, first_on
        FROM ({ids}) LEFT JOIN totals USING (customer_id);
    CREATE TEMP VIEW buyers AS
        SELECT customer_id, count_orders, 5 - floor(5 * (rank() OVER (ORDER BY last_on DESC) - 1) / count(*) OVER ()) AS r,
            1 + floor(5 * (rank() OVER (ORDER BY net_sales) - 1) / count(*) OVER ()) AS m
        FROM totals WHERE count_orders > 0;
    CREATE TEMP VIEW scored AS
        SELECT customer_id, r, m, 1 AS f FROM buyers WHERE count_orders = 1
        UNION ALL
        SELECT customer_id, r, m, 2 + floor(4 * (rank() OVER (ORDER BY count_orders) - 1) / count(*) OVER ()) FROM buyers WHERE count_orders > 1;
"""
NAMED = {
    "customers": "joined_on IS NULL OR joined_on < day()",
    "order_lines": "is_void IS NOT TRUE AND line_at < day()",
    "surveys": "responded_at < day()",
    "cases": "opened_at < day()",
    "contacts": "contacted_at < day()",
}


def _sql(ws: Workspace) -> duckdb.DuckDBPyConnection:
    """The file, read-only, with the views of BASE."""
    ids = " UNION ".join(
        f"SELECT customer_id FROM ws.{table} WHERE customer_id IS NOT NULL AND ({before})"
        for table, before in NAMED.items()
        if ws.has(table, "customer_id")
    )
    con = duckdb.connect()
    con.execute(f"ATTACH '{ws.path}' AS ws (READ_ONLY)")
    con.execute(BASE.format(as_of=ws.as_of, ids=ids))
    return con


def assert_equal(ws: Workspace, con: duckdb.DuckDBPyConnection, text: str, where: str) -> None:
    basis = Basis(ws.as_of)
    condition = parse(text, catalogue(ws, basis), measures(ws))
    ids = [one for (one,) in con.execute(f"SELECT customer_id FROM everybody WHERE {where} ORDER BY 1").fetchall()]
    assert 0 < len(ids) < con.execute("SELECT count(*) FROM everybody").fetchone()[0]  # type: ignore[index]
    assert sorted(ws.execute(members(ws, condition, basis))["customer_id"]) == ids
    sums = con.execute(
        f"""SELECT count(*) FILTER (w), count(*), count(*) FILTER (w AND count_orders > 0), sum(net_sales) FILTER (w), sum(net_sales),
            sum(count_orders) FILTER (w), sum(purchase_value) FILTER (w) FROM (SELECT *, coalesce({where}, false) AS w FROM everybody)"""
    ).fetchone()
    assert sums is not None
    found = picture(ws, condition, basis)
    told = (
        found.customers,
        found.everybody,
        found.buyers,
        found.net_sales,
        found.net_sales_of_everybody,
        found.count_orders,
        found.purchase_value,
    )
    assert told == (*sums[:3], float(sums[3]), float(sums[4]), sums[5], float(sums[6]))


def _of(table: str, where: str) -> str:
    return f"customer_id IN (SELECT customer_id FROM {table} WHERE {where})"


def _bought(where: str, times: int = 1) -> str:
    """Purchases that hold a line like that, which was not given back."""
    return f"""customer_id IN (SELECT customer_id FROM (
        SELECT customer_id, order_id FROM sold GROUP BY ALL HAVING sum(net_amount) >= 0 AND coalesce(sum(quantity) > 0, true)
            AND count(*) FILTER ({where} AND net_amount >= 0 AND coalesce(quantity > 0, true)) > 0) GROUP BY 1 HAVING count(*) >= {times})"""


#: Condition, and the same in SQL over everybody.
ONLINE_RETAIL = {
    "net_sales > 1000": "net_sales > 1000",
    "count_orders = 1 and net_sales between 100 and 200.5": "count_orders = 1 AND net_sales BETWEEN 100 AND 200.5",
    "last_order_on >= 2011-12-01 and first_order_on < 2011-01-01": "last_on >= DATE '2011-12-01' AND first_on < DATE '2011-01-01'",
    "days_since_last_order > 180 and not net_sales < 500": "day() - last_on > 180 AND NOT net_sales < 500",
    "r_score = 5 and f_score in (4, 5)": _of("scored", "r = 5 AND f >= 4"),
    'segment in ("At risk", "Can\'t lose them") and net_sales > 500 and not (m_score = 5)': (
        f"net_sales > 500 AND {_of('scored', 'r <= 2 AND f >= 3')} AND NOT {_of('scored', 'm = 5')}"
    ),
    "bought product_id '22423' at least 2 times": _bought("product_id = '22423'", 2),
    "bought product_id ('22423', '85123A') and not bought product_id '47566'": (
        _bought("product_id IN ('22423', '85123A')") + " AND NOT " + _bought("product_id = '47566'")
    ),
    "quantity of product_id '85123A' >= 100": (
        "customer_id IN (SELECT customer_id FROM sold WHERE product_id = '85123A' GROUP BY 1 HAVING sum(quantity) >= 100)"
    ),
    "net_sales in last 90 days > 250.25": (
        "customer_id IN (SELECT customer_id FROM sold WHERE line_at >= day() - 90 GROUP BY 1 HAVING sum(net_amount) > 250.25)"
    ),
    "count_orders since 2011-06-01 until 2011-08-31 = 0 and count_orders > 3": (
        """count_orders > 3 AND customer_id NOT IN (SELECT customer_id FROM (SELECT customer_id, order_id FROM sold
        WHERE line_at >= DATE '2011-06-01' AND line_at < DATE '2011-09-01' GROUP BY ALL HAVING sum(net_amount) >= 0 AND sum(quantity) > 0))"""
    ),
    "count_orders = 0": "count_orders = 0",
}
SAMPLE = {
    "country = 'Germany' and consent": _of("ws.customers", "country = 'Germany' AND consent"),
    "not (country = 'Germany') and not consent": "NOT " + _of("ws.customers", "country = 'Germany'") + " AND NOT " + _of("ws.customers", "consent"),
    "[plan] in ('Club', 'Office') or plan is missing": "NOT " + _of("ws.customers", "attr_1 NOT IN ('Club', 'Office')"),
    "city contains 'BER' or name starts with 'an'": _of("ws.customers", "city ILIKE '%ber%' OR name ILIKE 'an%'"),
    "has_phone and joined_on >= 2025-01-01": _of("ws.customers", "phone IS NOT NULL AND joined_on >= DATE '2025-01-01'"),
    "bought category 'Green tea' at least 2 times": _bought("category = 'Green tea'", 2),
    "net_sales of category 'Black tea' in last 12 months > 50": (
        """customer_id IN (SELECT customer_id FROM sold WHERE category = 'Black tea' AND line_at >= day() - INTERVAL 12 MONTH
        GROUP BY 1 HAVING sum(net_amount) > 50)"""
    ),
    "count_cases in last 1 years >= 1 and count_responses = 0": (
        f"{_of('ws.cases', 'opened_at < day() AND opened_at >= day() - INTERVAL 1 YEAR')} AND NOT {_of('ws.surveys', 'responded_at < day()')}"
    ),
    "count_contacts of outcome 'opened' >= 5": (
        "customer_id IN (SELECT customer_id FROM ws.contacts WHERE outcome = 'opened' AND contacted_at < day() GROUP BY 1 HAVING count(*) >= 5)"
    ),
    "opted_out or last_contact_on >= 2025-12-20": _of("ws.contacts", "contacted_at < day() AND (outcome = 'opted_out' OR contacted_at >= DATE '2025-12-20')"),
    "is_unreachable": (
        """customer_id IN (SELECT customer_id FROM ws.contacts WHERE outcome IS NOT NULL AND contacted_at < day()
        GROUP BY 1 HAVING max(contacted_at) = max(contacted_at) FILTER (outcome = 'bounced'))"""
    ),
    "count_orders on 2025-01-01 = 0 and count_orders >= 1": (
        """count_orders >= 1 AND customer_id NOT IN (SELECT customer_id FROM (SELECT customer_id, order_id FROM sold WHERE line_at < DATE '2025-01-01'
        GROUP BY ALL HAVING sum(net_amount) >= 0 AND coalesce(sum(quantity) > 0, true)))"""
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The sample company with part of its customers."""
    folder: Path = tmp_path_factory.mktemp("audiences")
    with Workspace.open(companies.sample(folder).path) as ws:
        yield ws


def test_audiences_of_online_retail_are_those_of_the_sql(online_retail: Workspace) -> None:
    with _sql(online_retail) as con:
        for text, where in ONLINE_RETAIL.items():
            assert_equal(online_retail, con, text, where)


def test_audiences_of_the_sample_are_those_of_the_sql(sample: Workspace) -> None:
    with _sql(sample) as con:
        for text, where in SAMPLE.items():
            assert_equal(sample, con, text, where)
