"""Lines of sales: what they do not say themselves comes from their orders and products, by the rules of an import.

Grain: line of an order, used or not; `reason` tells why a line cannot be used. What a table has itself costs nothing: a join, a product or
a rate is in the expression only where something lacks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from crm_core.errors import MappingError, Problem
from crm_core.mapping.carrying_out import lookups, rejects
from crm_core.mapping.carrying_out.lookups import FROM_ORDER, Lookups
from crm_core.mapping.in_place.look import LARGEST
from crm_core.mapping.in_place.model import Plan
from crm_core.mapping.in_place.reading import read
from crm_core.mapping.in_place.values import MONEY
from crm_core.mapping.model import ImportOptions
from crm_core.mapping.values import currency, statuses

#: One digit more than an amount: DuckDB works products of it out in 128 bits, and Spark still keeps all their digits.
WIDER, RATE = "decimal(19, 4)", "decimal(19, 8)"

#: Different words of a status, or of a currency beside it, that are looked at.
MOST_WORDS = 1000


@dataclass(frozen=True)
class Decided:
    """What all lines together decide: the currency with the rates in use (word -> rate), and which status words mean a void order."""

    currency: str = ""
    currencies: dict[str, int] = field(default_factory=dict)
    rates: dict[str, Decimal] = field(default_factory=dict)
    status_words: dict[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def void_words(self) -> list[str]:
        return [word for word, meant in self.status_words.items() if meant in statuses.VOID]


def joined(plan: Plan, found: Lookups) -> ir.Table:
    """All lines with what people, orders and products tell of them, before any decision."""
    rows = lookups.with_person(read(plan, "order_lines"), found.people)
    is_sought = needs_orders(plan)
    rows = lookups.with_order(rows, found.orders if is_sought else None)
    rows = lookups.with_product(rows, found.products)
    days = [name for name in ("line_at", "ordered_at") if plan.feeds(name, "order_lines")]
    told: dict[str, ir.Value] = {}
    if is_sought:
        days.append("order_ordered_at")
        told = {name: ibis.coalesce(rows[name], rows[f"order_{name}"]) for name in ("customer_id", "status", "currency")}
    told["line_at"] = rows[days[0]] if len(days) == 1 else ibis.coalesce(*(rows[name] for name in days or ("line_at", "ordered_at")))
    return rows.mutate(**told, order_is_sought=ibis.literal(is_sought))


def needs_orders(plan: Plan) -> bool:
    """Only lines that lack something which orders tell are looked up."""
    told = [name for name in FROM_ORDER if plan.feeds(name, "orders")]
    have = [set(one.mapping.fields) | ({"ordered_at"} if "line_at" in one.mapping.fields else set()) for one in plan.of("order_lines")]
    return any(name not in fields for name in told for fields in have)


def decide(plan: Plan, rows: ir.Table) -> Decided:
    """Currency, rates and status words of `joined` rows; one small question where there are any.

    Raises DataError where a currency has no usable rate, MappingError where the status is no status.
    """
    options = plan.mapping.options
    has_status, has_currency = plan.feeds("status", "orders", "order_lines"), plan.feeds("currency", "orders", "order_lines")
    base = currency.code_of(options.currency) if options.currency else ""
    if not (has_status or has_currency):
        return Decided(base)
    names = [name for name, is_fed in (("status", has_status), ("currency", has_currency)) if is_fed]
    counted = rows.group_by(*names).aggregate(count_rows=rows.count())
    told = plan.ask(counted.limit(MOST_WORDS + 1))
    if len(told) > MOST_WORDS:
        raise _too_many_words(plan, names)
    words, unknown = _status_words(told, options.status_words) if has_status else ({}, ())
    if not has_currency:
        return Decided(base, status_words=words, problems=unknown)
    return _with_currency(told, options, Decided(status_words=words, problems=unknown))


def _too_many_words(plan: Plan, names: list[str]) -> MappingError:
    columns = " and ".join(f"“{plan.column_of(name)}”" for name in names)
    message = f"{columns} hold more than {MOST_WORDS:,} different values."
    return MappingError("The status is no status", message, "Choose another column for the order status or the currency.")


def _status_words(told: list[dict[str, Any]], overrides: dict[str, str]) -> tuple[dict[str, str], tuple[Problem, ...]]:
    return statuses.read_words(sorted({str(row["status"]) for row in told if row["status"] is not None}), overrides)


def _with_currency(told: list[dict[str, Any]], options: ImportOptions, decided: Decided) -> Decided:
    """By the rules of `currency.decide`, on words that are counted already."""
    words: dict[str, int] = {}
    for row in told:
        if row["currency"] is not None:
            words[row["currency"]] = words.get(row["currency"], 0) + int(row["count_rows"])
    base, found, by_word = currency.settle(words, options)
    return replace(decided, currency=base, currencies=found, rates=by_word)


def lines(plan: Plan, rows: ir.Table, decided: Decided) -> ir.Table:
    """Lines with the columns of the schema, source_no and `reason`, from `joined` rows."""
    rows = _converted(plan, rows, decided)
    net = _net(plan, rows)
    days = rows.line_at.date().cast("string")
    rows = rows.mutate(
        order_id=ibis.coalesce(rows.order_id, days) if plan.feeds("order_id", "order_lines") else days,
        net_amount=net,
        cost_amount=_cost(plan, rows, net),
        is_void=rows.status.isin(decided.void_words).fill_null(False) if decided.void_words else ibis.literal(False),
    )
    return rows.mutate(reason=_reason(rows))


def is_usable(rows: ir.Table) -> ir.BooleanValue:
    """Without a date and an amount (which a line has not where its currency has no rate) a line is of no use."""
    return rows.line_at.notnull() & rows.net_amount.notnull()


def _converted(plan: Plan, rows: ir.Table, decided: Decided) -> ir.Table:
    """All amounts in the currency of the analysis; unknown where a line names none among several."""
    if not decided.rates:
        return rows.mutate(is_without_currency=ibis.literal(False))
    known = [(word, ibis.literal(str(rate)).cast(RATE)) for word, rate in decided.rates.items()]
    rows = rows.mutate(rate=rows.currency.cases(*known, else_=ibis.null(RATE)))
    fed = [name for name in currency.AMOUNTS if plan.feeds(name, "order_lines", "products")]
    changed = {name: _stored((rows[name] * rows.rate).cast("decimal(38, 8)")) for name in fed}
    return rows.mutate(**changed, is_without_currency=rows.rate.isnull())


def _stored(amount: ir.DecimalValue) -> ir.DecimalValue:
    """As an amount; NULL where it is too large for one."""
    return (amount.abs() < LARGEST).ifelse(amount, ibis.null(amount.type())).cast(MONEY)


def _net(plan: Plan, rows: ir.Table) -> ir.DecimalValue:
    has_net, has_price = (plan.feeds(name, "order_lines") for name in ("net_amount", "unit_price"))
    if not has_price:
        return rows.net_amount
    product = _product(plan, rows, "unit_price")
    return ibis.coalesce(rows.net_amount, product) if has_net else product


def _cost(plan: Plan, rows: ir.Table, net: ir.DecimalValue) -> ir.DecimalValue:
    ways = []
    if plan.feeds("cost_amount", "order_lines"):
        ways.append(rows.cost_amount)
    if plan.feeds("unit_cost", "order_lines", "products"):
        ways.append(_product(plan, rows, "unit_cost"))
    if plan.feeds("profit_amount", "order_lines"):
        ways.append(_stored((net.cast(WIDER) - rows.profit_amount).cast(WIDER)))
    return ibis.coalesce(*ways) if len(ways) > 1 else (ways or [rows.cost_amount])[0]


def _product(plan: Plan, rows: ir.Table, each: str) -> ir.DecimalValue:
    """Exact product with the quantity; `each` itself where the data has no quantities."""
    if not plan.feeds("quantity", "order_lines"):
        return rows[each]
    return _stored((rows.quantity.cast(WIDER) * rows[each]).cast("decimal(38, 8)"))


def _reason(rows: ir.Table) -> ir.StringValue:
    no_date, no_amount = rows.line_at.isnull(), rows.net_amount.isnull()
    has_price = rows.unit_price.notnull()
    return rejects.first_that_holds(
        (no_date & (rows.given_line_at | rows.given_ordered_at), "date_unreadable"),
        (no_date & rows.is_order_found, "order_without_date"),
        (no_date & rows.order_is_sought, "order_not_found"),
        (no_date, "date_missing"),
        (rows.is_without_currency, "currency_missing"),
        (no_amount & has_price & rows.quantity.notnull(), "amount_too_large"),
        (no_amount & has_price & rows.given_quantity, "quantity_unreadable"),
        (no_amount & has_price, "quantity_missing"),
        (no_amount & (rows.given_net_amount | rows.given_unit_price), "amount_unreadable"),
        (no_amount, "amount_missing"),
    )
