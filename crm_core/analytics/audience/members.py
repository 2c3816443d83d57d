"""Who meets a condition? The condition becomes one expression over the table of everybody, to which only those tables are joined that it asks.

Grain: customer. Values of the user's are typed literals of the expression, never text of a statement. A comparison with something unknown does not hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import and_, or_
from typing import Any

import ibis
import ibis.expr.types as ir

from crm_core.analytics import clusters, migration
from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.everybody import Basis, everybody
from crm_core.analytics.audience.fields import FieldInfo, catalogue, measures, told_by
from crm_core.analytics.cluster_features import DEFAULT_FEATURES
from crm_core.analytics.distribution import MONEY
from crm_core.analytics.listing import has_text
from crm_core.analytics.orders import form, is_purchase, lines, midnight
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

#: The column that says whether a customer meets the condition.
IS_MEMBER = "is_member"


def members(ws: Workspace, condition: c.Condition, basis: Basis) -> ir.Table:
    """The customers who meet the condition. Columns: customer_id and those of `everybody.TOLD`.

    Raises AnalysisError for a field that the data does not have.
    """
    table = judged(ws, condition, basis)
    return table.filter(table[IS_MEMBER]).drop(IS_MEMBER)


def judged(ws: Workspace, condition: c.Condition, basis: Basis) -> ir.Table:
    """Everybody, with a column is_member, which is never missing."""
    everyone = everybody(ws, basis)
    if condition == c.EVERYBODY:
        return everyone.mutate(**{IS_MEMBER: ibis.literal(True)})
    built = _Built(ws, basis)
    table = built.joined(everyone, condition)
    holds = _holds(table, condition, built)
    return table.mutate(**{IS_MEMBER: holds}).select(*everyone.columns, IS_MEMBER)


@dataclass(frozen=True)
class _Place:
    """The column of the joined table that holds a term's values, and what holds where it is missing; None: unknown."""

    column: str
    otherwise: int | bool | None = None


class _Built:
    """The terms of a condition and the tables that tell them."""

    def __init__(self, ws: Workspace, basis: Basis) -> None:
        self.ws, self.basis = ws, basis
        self.places: dict[c.Term | c.Moved, _Place] = {}
        self._fields = catalogue(ws, basis)
        self._measures = measures(ws)

    def joined(self, table: ir.Table, condition: c.Condition) -> ir.Table:
        """The table with one column more for each term that it does not hold, each source joined once."""
        by_source: dict[tuple[str, date | None], dict[c.Term, FieldInfo]] = {}
        for term in c.terms(condition):
            if isinstance(term, c.Column):
                field = self._field(term)
                if term.at is None and field.source == "everybody":
                    self.places[term] = _Place(field.column, field.otherwise)
                else:
                    by_source.setdefault((field.source, term.at), {})[term] = field
        for (source, day), told in by_source.items():
            rows = told_by(self.ws, self.basis if day is None else self.basis.at(self._past(day)), source)
            table = self._attached(table, rows, {term: (field.column, field.otherwise) for term, field in told.items()})
        for term in c.terms(condition):
            if isinstance(term, c.Sum):
                table = self._attached(table, self._summed(term), {term: ("value", 0)})
            elif isinstance(term, c.Cluster):
                table = self._attached(table, self._clustered(term), {term: ("cluster", None)})
        for leaf in dict.fromkeys(leaf for leaf in c.leaves(condition) if isinstance(leaf, c.Moved)):
            table = self._attached(table, self._moving(leaf), {leaf: ("has_moved", False)})
        return table

    def _attached(self, table: ir.Table, rows: ir.Table, told: Mapping[Any, tuple[str, int | bool | None]]) -> ir.Table:
        """The table with these columns of the rows, under names of our own; each with what holds where the rows tell nothing."""
        names = {}
        for term, (column, otherwise) in told.items():
            name = f"told_{len(self.places)}"
            self.places[term] = _Place(name, otherwise)
            names[name] = rows[column]
        return table.left_join(rows.select("customer_id", **names), "customer_id").drop("customer_id_right")

    def _past(self, day: date) -> date:
        """The day, which must not lie after the one looked from."""
        if day > self.basis.as_of:
            raise AnalysisError(
                "The condition looks ahead",
                f"It asks for {day}, which lies after the day looked from, {self.basis.as_of}.",
                "Choose an earlier day in the condition, or look from a later one.",
            )
        return day

    def _field(self, term: c.Column) -> FieldInfo:
        field = self._fields.get(term.name)
        if field is None:
            raise AnalysisError(
                "The condition does not fit the data",
                f"This data has no “{term.name}”.",
                "Change the condition, or add it on the Data page.",
            )
        return field

    def _summed(self, term: c.Sum) -> ir.Table:
        """customer_id, value."""
        measure = self._measures.get(term.measure)
        missing = [name for name, _ in term.of if measure is None or name not in measure.columns]
        if measure is None or missing:
            what = missing[0] if missing and measure else term.measure
            raise AnalysisError(
                "The condition does not fit the data", f"This data has no “{what}”.", "Change the condition, or add it on the Data page."
            )
        since, end = term.window.first_day(self.basis.as_of), term.window.end(self.basis.as_of)
        if measure.table == "order_lines":
            return self.ws.keep(f"audience {term!r} {since} {end}", lambda: self._of_lines(term, since, end))
        return self.ws.keep(f"audience {term!r} {since} {end}", lambda: self._of_events(term, measure.table, measure.day, since, end))

    def _of_lines(self, term: c.Sum, since: date | None, end: date) -> ir.Table:
        """Sums of the lines; orders are counted that are a purchase as a whole, whatever part of it the condition looks at."""
        sold = lines(self.ws, end, since).filter(lambda t: t.customer_id.notnull())
        of_lines = [(column, values) for column, values in term.of if column != "channel"]
        through = [values for column, values in term.of if column == "channel"]
        if through:
            orders = self.ws.table("orders")
            kept = reduce(lambda rows, values: rows.filter(rows.channel.isin(values)), through, orders)
            sold = sold.semi_join(kept, ["customer_id", "order_id"])
        if term.measure != "count_orders":
            part = reduce(lambda rows, one: rows.filter(rows[one[0]].isin(one[1])), of_lines, sold)
            amount = part.net_amount if term.measure == "net_sales" else part.quantity
            return part.group_by("customer_id").aggregate(value=amount.sum().cast(MONEY))
        if not of_lines:
            formed = form(sold)
            return formed.filter(formed.is_purchase).group_by("customer_id").aggregate(value=ibis._.count())
        is_it = reduce(and_, (sold[column].isin(values).fill_null(False) for column, values in of_lines))
        is_sold = is_it & (sold.quantity.isnull() | (sold.quantity > 0)) & (sold.net_amount >= 0).fill_null(False)
        formed = (
            sold.mutate(is_sold=is_sold)
            .group_by("customer_id", "order_id")
            .aggregate(net_value=ibis._.net_amount.sum(), quantity=ibis._.quantity.sum(), holds_it=ibis._.is_sold.any())
        )
        bought = formed.filter(is_purchase(formed), formed.holds_it)
        return bought.group_by("customer_id").aggregate(value=bought.count())

    def _of_events(self, term: c.Sum, name: str, day: str, since: date | None, end: date) -> ir.Table:
        table = self.ws.table(name)
        rows = table.filter(table.customer_id.notnull(), table[day] < midnight(end))
        rows = rows if since is None else rows.filter(rows[day] >= midnight(since))
        for column, values in term.of:
            rows = rows.filter(rows[column].isin(values))
        return rows.group_by("customer_id").aggregate(value=rows.count())

    def _clustered(self, term: c.Cluster) -> ir.Table:
        settings = clusters.ClusterSettings(term.count, term.seed, term.features or DEFAULT_FEATURES)
        return clusters.customers(self.ws, self.basis.as_of, settings)

    def _moving(self, leaf: c.Moved) -> ir.Table:
        """customer_id, has_moved."""
        scoring = self.basis.scoring

        def find() -> ir.Table:
            found = migration.migrate(self.ws, leaf.earlier, leaf.later, leaf.look_back_days, scoring)
            pairs = [migration.moving(self.ws, found, one, other, scoring) for one in leaf.sources for other in leaf.targets]
            movers = ibis.union(*pairs) if len(pairs) > 1 else pairs[0]
            return movers.mutate(has_moved=ibis.literal(True))

        self._past(leaf.later)
        return self.ws.keep(f"audience {leaf!r} {scoring!r}", find)


# -- the expression ---------------------------------------------------------------------------------------------------


def _holds(table: ir.Table, condition: c.Condition, built: _Built) -> ir.BooleanValue:
    """Whether it holds; never missing."""
    if isinstance(condition, c.All | c.AnyOf):
        if not condition.parts:
            return ibis.literal(True)
        parts = (_holds(table, part, built) for part in condition.parts)
        return reduce(and_ if isinstance(condition, c.All) else or_, parts)
    if isinstance(condition, c.Not):
        return ~_holds(table, condition.part, built)
    place = built.places[condition if isinstance(condition, c.Moved) else condition.term]
    value = table[place.column]
    value = value if place.otherwise is None else value.fill_null(place.otherwise)
    return value if isinstance(condition, c.Moved) else _leaf(value, condition).fill_null(False)


_SIGNS: dict[c.Sign, Any] = {
    "=": lambda value, other: value == other,
    "<": lambda value, other: value < other,
    "<=": lambda value, other: value <= other,
    ">": lambda value, other: value > other,
    ">=": lambda value, other: value >= other,
}


def _leaf(value: Any, leaf: c.Leaf) -> ir.BooleanValue:
    if isinstance(leaf, c.Compare):
        return _SIGNS[leaf.sign](value, _literal(leaf.value, value))
    if isinstance(leaf, c.OneOf):
        return value.isin([_literal(one, value) for one in leaf.values])
    if isinstance(leaf, c.Between):
        return value.between(_literal(leaf.low, value), _literal(leaf.high, value))
    if isinstance(leaf, c.Has):
        return has_text(value, leaf.text, at_start=leaf.how == "starts with")
    return value.notnull()


def _literal(given: c.Value, beside: Any) -> ir.Scalar:
    """The value as a typed literal that compares exactly with the column beside it."""
    if not isinstance(given, Decimal):
        return ibis.literal(given)
    if beside.type().is_floating():
        return ibis.literal(float(given))
    if given == int(given) and not beside.type().is_decimal():
        return ibis.literal(int(given), type="int64")
    return ibis.literal(given, type=MONEY) if beside.type().is_decimal() else ibis.literal(float(given))
