"""What can a condition ask of a customer?

Rules are data: a field is one entry of the catalogue, with the table that tells it, one row a customer. Which entries there are depends on what the
data holds. A field is called by its name, an attribute by the user's own label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import ibis
import ibis.expr.types as ir

from crm_core.analytics import contacts, pareto
from crm_core.analytics.audience.everybody import SUMS, TOLD, Basis, everybody
from crm_core.analytics.satisfaction import attitude
from crm_core.analytics.satisfaction import customers as satisfied
from crm_core.analytics.satisfaction.measures import BANDS
from crm_core.analytics.satisfaction.responses import has_attitude
from crm_core.analytics.satisfaction.risk import RISKS
from crm_core.analytics.segment_table import SCORES
from crm_core.analytics.service.cases import knows_open
from crm_core.schema import ATTRIBUTE_PREFIX, TABLES
from crm_core.workspace import Workspace

Kind = Literal["number", "money", "share", "date", "text", "flag"]

#: Values offered for a text field.
MOST_CHOICES = 500


@dataclass(frozen=True)
class FieldInfo:
    """A field: `name` in conditions, `label` on pages, `group` it is offered under; `column` of the table that `source` names.

    `choices` are all values that a text can have, where that is known without the data. `looks_back`: can be asked of an earlier day. `otherwise`: what
    holds for customers of whom the table tells nothing (no case is 0 open cases); None: unknown.
    """

    name: str
    label: str
    kind: Kind
    group: str
    source: str
    column: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    looks_back: bool = False
    otherwise: int | bool | None = None


@dataclass(frozen=True)
class MeasureInfo:
    """What customers did, to be added up over a window: rows of `table`, whose `day` says when; `columns` narrow it."""

    name: str
    label: str
    kind: Kind
    table: str
    day: str
    columns: tuple[str, ...]

    def home(self, column: str) -> str:
        """The table that holds the column: the sales channel stands with the order."""
        return "orders" if self.table == "order_lines" and column == "channel" else self.table


Catalogue = Mapping[str, FieldInfo]
Measures = Mapping[str, MeasureInfo]

WHO, ORDERS, VALUE, SCORES_GROUP, FORECAST, SATISFACTION, CONTACT = (
    "Who",
    "Orders",
    "Value",
    "Scores and segments",
    "Forecast",
    "Satisfaction and service",
    "Contact",
)


def catalogue(ws: Workspace, basis: Basis) -> dict[str, FieldInfo]:
    """Every field that this data can tell, by name, in the order pages offer them."""
    found = [*_of_orders(ws, basis), *_of_forecast(ws), *_of_satisfaction(ws, basis), *_of_customers(ws), *_of_contacts(ws)]
    return {field.name: field for field in found}


def _base(name: str, label: str, kind: Kind, group: str, unit: str = "", choices: tuple[str, ...] = ()) -> FieldInfo:
    otherwise = 0 if name in SUMS else None  # of who was no customer yet on an earlier day
    return FieldInfo(name, label, kind, group, "everybody", name, unit, choices, looks_back=True, otherwise=otherwise)


def _of_orders(ws: Workspace, basis: Basis) -> list[FieldInfo]:
    if not ws.has("order_lines"):
        return []
    scores = tuple(map(str, SCORES))
    found = [
        _base("segment", "Segment", "text", SCORES_GROUP, choices=basis.scoring.segments.names),
        _base("r_score", "R score", "number", SCORES_GROUP, f"{scores[0]} to {scores[-1]}"),
        _base("f_score", "F score", "number", SCORES_GROUP, f"{scores[0]} to {scores[-1]}"),
        _base("m_score", "M score", "number", SCORES_GROUP, f"{scores[0]} to {scores[-1]}"),
        _base("count_orders", "Orders", "number", ORDERS),
        _base("days_since_last_order", "Days since the last order", "number", ORDERS, "days"),
        _base("first_order_on", "First order", "date", ORDERS),
        _base("last_order_on", "Last order", "date", ORDERS),
        _base("net_sales", "Net sales", "money", VALUE),
        _base("value_class", "Class by net sales", "text", VALUE, choices=("A", "B", "C")),
        FieldInfo("net_sales_rank", "Rank by net sales", "number", VALUE, "ranks net_sales", "rank", "1 is the largest"),
    ]
    if ws.has("order_lines", "cost_amount"):
        found += [
            FieldInfo("gross_profit", "Gross profit", "money", VALUE, "classes gross_profit", "value"),
            FieldInfo(
                "gross_profit_class", "Class by gross profit", "text", VALUE, "classes gross_profit", "value_class", choices=("A", "B", "C")
            ),
            FieldInfo("gross_profit_rank", "Rank by gross profit", "number", VALUE, "ranks gross_profit", "rank", "1 is the largest"),
        ]
    return found


def _of_forecast(ws: Workspace) -> list[FieldInfo]:
    if not ws.has("order_lines"):
        return []
    return [
        FieldInfo("clv", "Forecast value, 12 months", "money", FORECAST, "forecast", "clv"),
        FieldInfo("p_alive", "Probability of being active, P(alive)", "share", FORECAST, "forecast", "p_alive", "0 to 1"),
        FieldInfo("expected_purchases", "Purchases expected, 12 months", "number", FORECAST, "forecast", "expected_purchases"),
        FieldInfo("value_at_risk", "Value at risk", "money", FORECAST, "at risk", "risk_value"),
        FieldInfo("clv_class", "Class by forecast value", "text", FORECAST, "classes clv", "value_class", choices=("A", "B", "C")),
        FieldInfo("clv_rank", "Rank by forecast value", "number", FORECAST, "ranks clv", "rank", "1 is the largest"),
    ]


def _of_satisfaction(ws: Workspace, basis: Basis) -> list[FieldInfo]:
    if not satisfied.has_any(ws):
        return []
    measure = satisfied.main_measure(ws, basis.as_of)
    bands = BANDS[measure] if measure else ()
    known = {
        "last_score": ("Last score", "number", ()),
        "satisfaction": ("Satisfaction", "text", bands),
        "open_cases": ("Open cases", "number", ()),
        "risk": ("Risk of escalation", "text", RISKS),
    }
    found = []
    if ws.has("surveys", "customer_id") and ws.has("order_lines") and has_attitude(ws, basis.as_of):
        found.append(FieldInfo("attitude", "Loyalty in word", "text", SATISFACTION, "attitude", "attitude", choices=attitude.ATTITUDES))
    there = _satisfaction_told(ws, measure is not None)
    told = [
        FieldInfo(name, label, kind, SATISFACTION, "satisfaction", name, choices=choices, otherwise=0 if name == "open_cases" else None)  # type: ignore[arg-type]
        for name, (label, kind, choices) in known.items()
        if name in there
    ]
    return told + found


def _satisfaction_told(ws: Workspace, is_measured: bool) -> set[str]:
    """The columns of `satisfied.satisfaction` in this data, found without working them out for all customers."""
    scores = {"last_score", "satisfaction"} if is_measured and ws.has("surveys", "customer_id") else set()
    return {"risk"} | scores | ({"open_cases"} if ws.has("cases", "customer_id") and knows_open(ws) else set())


def _of_customers(ws: Workspace) -> list[FieldInfo]:
    found = [FieldInfo("customer_id", "Customer id", "text", WHO, "everybody", "customer_id")]
    if not ws.has("customers"):
        return found
    plain: dict[str, Kind] = {
        "name": "text",
        "joined_on": "date",
        "acquisition_channel": "text",
        "country": "text",
        "region": "text",
        "city": "text",
    }
    for column, kind in plain.items():
        if ws.has("customers", column):
            found.append(FieldInfo(column, TABLES["customers"].field(column).label, kind, WHO, "customers", column))
    taken = set(RESERVED)
    for column, label in ws.labels.items():
        if column.startswith(ATTRIBUTE_PREFIX) and ws.has("customers", column):
            name = _name(label, column, taken)
            taken.add(name.casefold())
            found.append(FieldInfo(name, label, "text", WHO, "customers", column))
    return found


def _name(label: str, column: str, taken: set[str]) -> str:
    """The label on one line; another one where that is a name already, whatever its case."""
    plain = " ".join(label.split()) or column
    tried = (f"{plain} (attribute{number})" for number in ("", *(f" {one}" for one in range(2, len(taken) + 2))))
    return next(one for one in (plain, *tried) if one.casefold() not in taken)


def _of_contacts(ws: Workspace) -> list[FieldInfo]:
    found = []
    if ws.has("customers", "consent"):
        found.append(FieldInfo("consent", "Consent to contact", "flag", CONTACT, "customers", "consent"))
    for column, label in (("email", "E-mail known"), ("phone", "Phone known")):
        if ws.has("customers", column):
            found.append(FieldInfo(f"has_{column}", label, "flag", CONTACT, "addresses", f"has_{column}", otherwise=False))
    if ws.has("contacts", "customer_id"):
        found.append(FieldInfo("last_contact_on", "Last contact", "date", CONTACT, "contacts", "last_contact_on"))
        if ws.has("contacts", "outcome"):
            found.append(FieldInfo("opted_out", "Opted out", "flag", CONTACT, "opt-outs", "opted_out", otherwise=False))
            found.append(
                FieldInfo("is_unreachable", "Last contact bounced", "flag", CONTACT, "contacts", "is_unreachable", otherwise=False)
            )
    return found


_OF_SALES = ("product", "product_id", "category", "channel")
_MEASURES: tuple[MeasureInfo, ...] = (
    MeasureInfo("count_orders", "Orders", "number", "order_lines", "line_at", _OF_SALES),
    MeasureInfo("net_sales", "Net sales", "money", "order_lines", "line_at", _OF_SALES),
    MeasureInfo("quantity", "Pieces", "number", "order_lines", "line_at", _OF_SALES),
    MeasureInfo("count_cases", "Cases", "number", "cases", "opened_at", ("topic", "channel", "priority", "status")),
    MeasureInfo("count_responses", "Survey responses", "number", "surveys", "responded_at", ("measure", "touchpoint")),
    MeasureInfo("count_contacts", "Contacts", "number", "contacts", "contacted_at", ("channel", "campaign", "outcome")),
)
#: Names that no attribute can take, whatever the data holds, so that a condition means the same on other data.
RESERVED = frozenset(
    {*TOLD, *satisfied.LISTED, *(measure.name for measure in _MEASURES), *(field.name for field in TABLES["customers"].fields)}
    | {f"{value}{end}" for value in ("net_sales", "gross_profit", "clv") for end in ("", "_class", "_rank")}
    | {
        "customer_id_right",  # what a join calls a second id
        "p_alive",
        "value_at_risk",
        "expected_purchases",
        "has_email",
        "has_phone",
        "last_contact_on",
        "opted_out",
        "is_unreachable",
        "cluster",
        "group",
    }
)


def measures(ws: Workspace) -> dict[str, MeasureInfo]:
    """What can be added up over a window in this data, with the columns that it has."""
    found = {}
    for one in _MEASURES:
        if not ws.has(one.table, "customer_id") or (one.name == "quantity" and not ws.has("order_lines", "quantity")):
            continue
        found[one.name] = replace(one, columns=tuple(name for name in one.columns if ws.has(one.home(name), name)))
    return found


def told_by(ws: Workspace, basis: Basis, source: str) -> ir.Table:
    """The table of that source: one row a customer at most, with customer_id and the columns of its fields."""
    name, _, value = source.partition(" ")
    return _SOURCES[name](ws, basis, value)


def _forecast(ws: Workspace, basis: Basis, _value: str) -> ir.Table:
    from crm_core.analytics.clv import forecast  # now: its libraries take half a second, which others need not wait for

    found = forecast.customers(ws, forecast.choose(ws, basis.as_of)).select("customer_id", "clv", "p_alive", "expected_purchases")
    return ws.keep(f"forecast of audiences {basis.as_of}", lambda: found)


def _at_risk(ws: Workspace, basis: Basis, _value: str) -> ir.Table:
    from crm_core.analytics.clv import risk

    return ws.keep(f"value at risk of audiences {basis.as_of}", lambda: risk.at_risk(ws, basis.as_of).select("customer_id", "risk_value"))


def _classes(ws: Workspace, basis: Basis, value: str) -> ir.Table:
    return pareto.classes(ws, basis.as_of, value)  # type: ignore[arg-type]


def _ranks(ws: Workspace, basis: Basis, value: str) -> ir.Table:
    return ws.keep(f"ranks {basis.as_of} {value}", lambda: pareto.customers(ws, basis.as_of, value).select("customer_id", "rank"))  # type: ignore[arg-type]


def _addresses(ws: Workspace, _basis: Basis, _value: str) -> ir.Table:
    table = ws.table("customers")
    return table.select("customer_id", **{f"has_{name}": table[name].notnull() for name in ("email", "phone") if ws.has("customers", name)})


_SOURCES: dict[str, Callable[[Workspace, Basis, str], ir.Table]] = {
    "everybody": lambda ws, basis, _value: everybody(ws, basis),
    "customers": lambda ws, _basis, _value: ws.table("customers"),
    "satisfaction": lambda ws, basis, _value: satisfied.satisfaction(ws, basis.as_of, basis.followed),
    "contacts": lambda ws, basis, _value: contacts.customers(ws, basis.as_of),
    "opt-outs": lambda ws, basis, _value: contacts.opted_out(ws, basis.as_of),
    "forecast": _forecast,
    "at": _at_risk,
    "attitude": lambda ws, basis, _value: attitude.customers(ws, basis.as_of, basis.scoring),
    "classes": _classes,
    "ranks": _ranks,
    "addresses": _addresses,
}


def choices(ws: Workspace, basis: Basis, field: FieldInfo) -> tuple[str, ...]:
    """The values of a text field: all that there can be, else those of the data, the most frequent first, at most MOST_CHOICES."""
    if field.choices or field.kind != "text" or field.name == "customer_id":
        return field.choices
    key = f"{field.source} {field.column} {basis}"
    return _most_frequent(ws, key, lambda: told_by(ws, basis, field.source), field.column)


def values_of(ws: Workspace, measure: MeasureInfo, name: str) -> tuple[str, ...]:
    """The values of a column that narrows a measure, the most frequent first, at most MOST_CHOICES."""
    home = measure.home(name)
    return _most_frequent(ws, f"{home} {name}", lambda: ws.table(home), name)


def _most_frequent(ws: Workspace, key: str, table_of: Callable[[], ir.Table], column: str) -> tuple[str, ...]:
    def find() -> tuple[str, ...]:
        table = table_of()
        counted = table.filter(table[column].notnull()).group_by(value=table[column]).aggregate(n=ibis._.count())
        rows = ws.execute(counted.order_by(ibis.desc("n"), "value").limit(MOST_CHOICES))
        return tuple(map(str, rows["value"]))

    return ws.remember(f"values of {key}", find)
