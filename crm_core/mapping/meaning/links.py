"""How columns hang together by their values: keys that tables share, columns that say the same.

Names lie or are missing; a key is what the values make one. Everything here is counted in the staging engine, on the distinct
values of at most `MOST_ROWS` rows of the contained side.
"""

from __future__ import annotations

from functools import reduce
from operator import mul

import ibis
import ibis.expr.types as ir

from crm_core.mapping.values import date_styles, dates
from crm_core.mapping.values.numbers import decide, read
from crm_core.mapping.values.text import read_id
from crm_core.sources.staging import Staging

MOST_ROWS = 200_000
#: Sums may differ from their total by this share, and in so many of the keys not at all.
ROUNDING, NEARLY_ALL = 0.002, 0.9
#: Fewer keys of several rows tell nothing of how they are numbered.
FEWEST_KEYS = 5
#: From this correlation on, an amount rises with the quantity.
RISES = 0.5


def contained_share(staging: Staging, inner: tuple[str, str], outer: tuple[str, str]) -> float:
    """Share of the distinct values of `inner` (table, column) that occur in `outer`; 0 where inner is empty."""
    few = _keys(staging, *inner, most=MOST_ROWS)
    many = _keys(staging, *outer)
    total = int(staging.con.execute(few.count()))
    return int(staging.con.execute(few.semi_join(many, "key").count())) / total if total else 0.0


def is_one_to_one(staging: Staging, source: str, left: str, right: str) -> bool:
    """True where each value of one column goes with exactly one of the other."""
    table = _few(staging, source)
    pairs = table.select(a=read_id(_column(staging, table, source, left)), b=read_id(_column(staging, table, source, right))).distinct()
    counts = staging.con.execute(pairs.aggregate(pairs=pairs.count(), a=pairs.a.nunique(), b=pairs.b.nunique()))
    return bool(counts["pairs"][0] == counts["a"][0] == counts["b"][0])


def is_same_amount(staging: Staging, source: str, left: str, right: str) -> bool:
    """True where both columns read as the same number in every row."""
    table = _few(staging, source)
    a, b = (read(_column(staging, table, source, name), decide(staging, source, name)) for name in (left, right))
    return int(staging.con.execute(table.filter(~a.identical_to(b)).count())) == 0


def is_same_day(staging: Staging, source: str, left: str, right: str) -> bool:
    """True where both columns read as the same calendar day in every row."""
    table = _few(staging, source)
    a, b = (dates.read(_column(staging, table, source, name), date_styles.decide(staging, source, name)).date() for name in (left, right))
    return int(staging.con.execute(table.filter(~a.identical_to(b)).count())) == 0


def is_constant_within(staging: Staging, source: str, key: str, column: str) -> bool:
    """True where `column` has at most one value per `key` (empty cells aside), and there are keys of several rows to tell by."""
    table = _few(staging, source)
    pairs = table.select(key=_column(staging, table, source, key), value=_column(staging, table, source, column)).drop_null(["key"])
    groups = pairs.group_by("key").aggregate(rows=pairs.count(), values=pairs.value.nunique())
    several = groups.filter((groups.rows > 1) & (groups["values"] > 0))
    counts = staging.con.execute(several.aggregate(keys=several.count(), varying=(several["values"] > 1).sum()))
    return bool(counts["keys"][0] >= 2 and counts["varying"][0] == 0)


def counts_rows_of(staging: Staging, source: str, key: str, column: str) -> bool:
    """True where `column` numbers the rows of nearly every key of several rows: 1, 2, 3 ..., each once."""
    table = _few(staging, source)
    number = read(_column(staging, table, source, column), decide(staging, source, column))
    rows = table.select(key=_column(staging, table, source, key), number=number).drop_null(["key"])
    groups = rows.group_by("key").aggregate(
        rows=rows.count(), numbers=rows.number.nunique(), lowest=rows.number.min(), highest=rows.number.max()
    )
    several = groups.filter(groups.rows > 1)
    is_counted = (several.lowest == 1) & (several.highest == several.rows) & (several.numbers == several.rows)
    counts = staging.con.execute(several.aggregate(keys=several.count(), counted=is_counted.fill_null(False).sum()))
    return bool(counts["keys"][0] >= FEWEST_KEYS and counts["counted"][0] >= NEARLY_ALL * counts["keys"][0])


def adds_up(staging: Staging, source: str, key: str, total: str, parts: tuple[str, ...]) -> bool:
    """True where the products of `parts` (an amount; a price and a quantity) of nearly all keys of several rows add up to their total."""
    table = _few(staging, source)
    read_as = [read(_column(staging, table, source, name), decide(staging, source, name)).cast("float64") for name in (total, *parts)]
    rows = table.select(key=_column(staging, table, source, key), total=read_as[0], part=reduce(mul, read_as[1:])).drop_null(["key"])
    groups = rows.group_by("key").aggregate(rows=rows.count(), total=rows.total.max(), parts=rows.part.sum())
    several = groups.filter(groups.rows > 1)
    agrees = (several.parts - several.total).abs() <= 0.01 + ROUNDING * several.total.abs()
    counts = staging.con.execute(several.aggregate(keys=several.count(), agreeing=agrees.sum()))
    return bool(counts["keys"][0] >= 2 and counts["agreeing"][0] >= NEARLY_ALL * counts["keys"][0])


def grows_with(staging: Staging, source: str, amount: str, quantity: str) -> bool:
    """True where the amount is that of all pieces: it rises with the quantity (correlation of the logarithms of what is above zero), or
    the quantity is always one. A price of one piece does not.
    """
    table = _few(staging, source)
    a, q = (read(_column(staging, table, source, name), decide(staging, source, name)).cast("float64") for name in (amount, quantity))
    rows = table.select(amount=a, quantity=q)
    above_zero = rows.filter(rows.amount > 0, rows.quantity > 0).mutate(amount=ibis._.amount.ln(), quantity=ibis._.quantity.ln())
    measures = above_zero.aggregate(
        highest=above_zero.quantity.max(),
        lowest=above_zero.quantity.min(),
        r=above_zero.amount.corr(above_zero.quantity, how="pop"),
    )
    found = staging.con.to_pyarrow(measures).to_pylist()[0]
    return bool(found["highest"] == found["lowest"] == 0 or (found["r"] is not None and found["r"] >= RISES))


def varying_shares(staging: Staging, source: str, key: str, columns: tuple[str, ...]) -> dict[str, float]:
    """Share of the keys with several rows for which a column has more than one value, by column; empty where no key has two rows."""
    if not columns:
        return {}
    table = _few(staging, source)
    values = {f"v{at}": _column(staging, table, source, name) for at, name in enumerate(columns)}
    rows = table.select(key=_column(staging, table, source, key), **values).drop_null(["key"])
    spread = {name: (rows[name].min() != rows[name].max()).fill_null(False) for name in values}
    groups = rows.group_by("key").aggregate(rows=rows.count(), **spread)
    several = groups.filter(groups.rows > 1)
    counts = staging.con.execute(several.aggregate(keys=several.count(), **{name: several[name].sum() for name in values}))
    keys = int(counts["keys"][0])
    return {name: float(counts[f"v{at}"][0]) / keys for at, name in enumerate(columns)} if keys else {}


def _keys(staging: Staging, source: str, column: str, most: int | None = None) -> ir.Table:
    table = staging.table(source) if most is None else _few(staging, source)
    return table.select(key=read_id(_column(staging, table, source, column), is_whole=True)).drop_null().distinct()


def _few(staging: Staging, source: str) -> ir.Table:
    return staging.table(source).limit(MOST_ROWS)


def _column(staging: Staging, table: ir.Table, source: str, name: str) -> ir.Column:
    return table[staging.staged(source).column(name).ref]
