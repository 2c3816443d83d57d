"""What is in each table: how many rows, of which period, how much is missing, and what lies far from the usual?

Grain: column of a canonical table. Three passes over each table, all inside the engine. Counts are exact; quantiles are up to
EXACT_ROWS rows, above that they are estimates (t-digest), and the result says so.

Outliers (after Tukey 1977, "far out"): values more than three interquartile ranges outside the quartiles. Amounts, quantities and
counts are compared by size on a log scale, zeros left out, so that a return is no outlier for its sign; dates are compared in days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.schema import ATTRIBUTE_PREFIX, TABLES, Field, Kind, Table
from crm_core.workspace import Workspace

EXACT_ROWS = 1_000_000
FAR_OUT = 3.0
#: The quartiles, and what takes their place where they are the same value.
QUANTILES = ((0.25, 0.75), (0.05, 0.95), (0.01, 0.99))

OUTLIER_RULE = (
    "Outliers lie more than three interquartile ranges outside the quartiles: amounts, quantities and counts by size on a log scale "
    "(zeros left out), dates in days. Where the quartiles are the same value, the 5 % and 95 % points take their place, then 1 % and 99 %; "
    f"where these are the same too, none are counted. Above {EXACT_ROWS:,} rows, quantiles are estimates."
)

#: The column that says when a row happened.
PERIOD_FIELDS = {
    "customers": "joined_on",
    "orders": "ordered_at",
    "order_lines": "line_at",
    "surveys": "responded_at",
    "cases": "opened_at",
    "contacts": "contacted_at",
}

SIZE_KINDS: frozenset[Kind] = frozenset({"amount", "quantity", "integer"})
DATE_KINDS: frozenset[Kind] = frozenset({"date", "timestamp"})
RANGE_KINDS = SIZE_KINDS | DATE_KINDS | {"score"}
FEW_VALUES_KINDS: frozenset[Kind] = frozenset({"category", "flag", "score"})
SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class TableProfile:
    """One table. `customers` counts different customers, None where the table names none; the days are None without dates.

    `columns`: one row a column that holds values, with field, label, filled_share (0 to 1), distinct, minimum, maximum (text; "" where a
    range says nothing), outliers (missing where not judged), example (the commonest value of a column of categories, of several the
    first, and the first in the alphabet of other texts). `is_estimate`: the outliers rest on estimated quantiles.
    """

    table: str
    label: str
    rows: int
    customers: int | None
    first_day: date | None
    last_day: date | None
    columns: pd.DataFrame
    is_estimate: bool


def profile(ws: Workspace) -> tuple[TableProfile, ...]:
    """A profile of each table that the data feeds, in the order of the schema."""
    return tuple(_profile(ws, table) for table in TABLES.values() if ws.has(table.name))


def _profile(ws: Workspace, table: Table) -> TableProfile:
    rows_of = ws.table(table.name)
    rows = int(ws.execute(rows_of.count()))
    fields = _fields(ws, table)
    is_estimate = rows > EXACT_ROWS
    measures = {f"{field.name}.{name}": value for field in fields for name, value in _measures(rows_of, field, is_estimate).items()}
    measured = ws.execute(rows_of.aggregate(**measures)).iloc[0]
    measured = pd.concat([measured, _commonest(ws, rows_of, fields)])
    outliers = _outliers(ws, rows_of, {field: _bounds(measured.get(f"{field.name}.quantiles")) for field in fields})
    period = PERIOD_FIELDS[table.name]
    has_period = any(field.name == period for field in fields)
    return TableProfile(
        table=table.name,
        label=table.label,
        rows=rows,
        customers=int(measured["customer_id.distinct"]) if ws.has(table.name, "customer_id") else None,
        first_day=measured[f"{period}.minimum"].date() if has_period else None,
        last_day=measured[f"{period}.maximum"].date() if has_period else None,
        columns=pd.DataFrame([_row(field, measured, rows, outliers.get(field.name)) for field in fields]),
        is_estimate=is_estimate,
    )


def _fields(ws: Workspace, table: Table) -> list[Field]:
    """The columns that say something of the data (a line's number only tells lines apart), attributes under the user's own labels."""
    stored = [field for field in table.stored() if not field.made_here and field.name != "line_no" and ws.has(table.name, field.name)]
    attributes = [Field(name, "category", label) for name, label in ws.labels.items() if name.startswith(ATTRIBUTE_PREFIX)]
    return stored + [field for field in attributes if ws.has(table.name, field.name)]


def _measures(table: ir.Table, field: Field, is_estimate: bool) -> dict[str, ir.Scalar]:
    """What the first pass finds out about a column, by name."""
    column = table[field.name]
    found: dict[str, ir.Scalar] = {"filled": column.count(), "distinct": column.nunique()}
    if field.kind in RANGE_KINDS:
        found |= {"minimum": column.min(), "maximum": column.max()}
    if field.kind in SIZE_KINDS | DATE_KINDS:
        points = [point for pair in QUANTILES for point in pair]
        scaled = _scaled(table, field)
        found["quantiles"] = scaled.approx_quantile(points) if is_estimate else scaled.quantile(points)
    if field.kind not in RANGE_KINDS | FEW_VALUES_KINDS:
        found["example"] = column.min()
    return found


def _commonest(ws: Workspace, table: ir.Table, fields: list[Field]) -> pd.Series:
    """The commonest value of each column with few of them, of equally common ones the lowest, by name; the columns of a kind in one question."""
    found: dict[str, Any] = {}
    for kind in sorted(FEW_VALUES_KINDS):
        first = [_first_of(table, field.name) for field in fields if field.kind == kind]
        rows = ws.execute(ibis.union(*first)) if first else pd.DataFrame({"field": [], "value": []})
        found |= {f"{name}.example": value for name, value in zip(rows["field"], rows["value"], strict=True)}
    return pd.Series(found, dtype="object")


def _first_of(table: ir.Table, name: str) -> ir.Table:
    """One row: field, value."""
    counted = table.filter(table[name].notnull()).group_by(value=name).aggregate(n=lambda t: t.count())
    return counted.order_by(ibis.desc("n"), "value").limit(1).select(field=ibis.literal(name), value=counted["value"])


def _scaled(table: ir.Table, field: Field) -> ir.FloatingColumn:
    """The column on the scale on which distances are compared: ln of the size, or days."""
    column = table[field.name]
    if field.kind in DATE_KINDS:
        return column.cast("timestamp").epoch_seconds().cast("float64") / SECONDS_A_DAY
    return column.cast("float64").abs().nullif(0.0).ln()


Bounds = tuple[float, float]


def _bounds(quantiles: Any) -> Bounds | None:
    """Between these, values are usual; None where nothing tells."""
    if quantiles is None or any(pd.isna(point) for point in quantiles):
        return None
    for low, high in zip(quantiles[::2], quantiles[1::2], strict=True):
        if high > low:
            return low - FAR_OUT * (high - low), high + FAR_OUT * (high - low)
    return None


def _outliers(ws: Workspace, table: ir.Table, bounds: dict[Field, Bounds | None]) -> dict[str, int]:
    """The second pass: how many values lie outside their bounds, by column."""
    counts = {
        field.name: ((_scaled(table, field) < bound[0]) | (_scaled(table, field) > bound[1])).sum()
        for field, bound in bounds.items()
        if bound is not None
    }
    if not counts:
        return {}
    counted = ws.execute(table.aggregate(**counts)).iloc[0]
    return {name: int(counted[name]) for name in counts}


def _row(field: Field, measured: pd.Series, rows: int, outliers: int | None) -> dict[str, object]:
    return {
        "field": field.name,
        "label": field.label,
        "filled_share": int(measured[f"{field.name}.filled"]) / rows,
        "distinct": int(measured[f"{field.name}.distinct"]),
        "minimum": _text(measured.get(f"{field.name}.minimum"), field.kind),
        "maximum": _text(measured.get(f"{field.name}.maximum"), field.kind),
        "outliers": pd.NA if outliers is None else outliers,
        "example": _text(measured.get(f"{field.name}.example"), field.kind),
    }


def _text(value: Any, kind: Kind) -> str:
    """A value as people read it: days without the time, yes and no, numbers without needless zeros."""
    if value is None or pd.isna(value):
        return ""
    if kind in DATE_KINDS:
        return f"{value:%Y-%m-%d}"
    if kind == "flag":
        return "yes" if value else "no"
    return f"{value:,.4f}".rstrip("0").rstrip(".") if kind in RANGE_KINDS else str(value)
