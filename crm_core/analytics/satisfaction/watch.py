"""Who is about to turn against us, why, what is at stake, and what to do next?

Grain: customer at escalation risk: with an unresolved or reopened case after two or more contacts, or whose last score is among the worst and was not
followed up. Ranked by value at stake, weighed up by public reach.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics.days import months_before
from crm_core.analytics.orders import midnight, orders, totals
from crm_core.analytics.satisfaction.follow_up import Followed
from crm_core.analytics.satisfaction.risk import (
    BOTH,
    LOW_SCORE,
    OPEN_CASE,
    at_risk,
    is_low,
    key_of,
    low_scores,
    of_measures,
    refuse_nobody,
    troubling_cases,
)
from crm_core.analytics.service.cases import cases
from crm_core.analytics.service.sla import NO_AGREEMENT, Agreement
from crm_core.errors import CrmError
from crm_core.workspace import Workspace

Value = Literal["net_sales", "clv"]
VALUE_LABELS: dict[Value, str] = {"clv": "Forecast value, 12 months", "net_sales": "Net sales, last 12 months"}

#: Who reaches so many people answers in public.
PUBLIC = 1000


@dataclass(frozen=True)
class Step:
    """What to do next where `holds`; the first that holds counts."""

    text: str
    holds: Callable[[ir.Table], ir.BooleanValue]


STEPS: tuple[Step, ...] = (
    Step("Answer where it was said within the hour, then call", lambda t: t.public_reach >= PUBLIC),
    Step("Call today: name a date for the solution, and one person who sees to it", lambda t: t.is_late),
    Step("Give it to a senior: ask what is still missing", lambda t: t.count_reopened > 0),
    Step("Close the case first, then ask how it was", lambda t: t.case_id.notnull() & t.last_score.notnull()),
    Step("Take the case over: one person, one promised time", lambda t: t.case_id.notnull()),
    Step("Call within two working days and ask what went wrong", lambda t: t.last_score.notnull()),
)
COLUMNS = (
    "customer_id",
    "reason",
    "next_step",
    "value_at_stake",
    "public_reach",
    "priority",
    "risk",
    "case_id",
    "topic",
    "days_open",
    "count_contacts",
    "count_reopened",
    "is_late",
    "last_score",
    "answered_on",
    "comment",
)


def watch_list(
    ws: Workspace,
    as_of: date,
    value: Value = "net_sales",
    followed: Followed = (),
    agreement: Agreement = NO_AGREEMENT,
    shown: ir.Table | None = None,
) -> ir.Table:
    """Customers at risk, columns as COLUMNS: reason (in words), value_at_stake (0 where unknown or below), public_reach (missing where not
    given), priority (value × (1 + log10(1 + reach)), what the list is ranked by; the second factor alone without sales), risk (OPEN_CASE, LOW_SCORE
    or BOTH); case_id, topic, days_open … of the case that is open longest, last_score, answered_on and comment of the last response.

    Raises AnalysisError where the data has neither cases nor surveys with customers.
    """
    risks = _at_risk(ws, as_of, followed, agreement)
    risks = risks if shown is None else risks.semi_join(shown, "customer_id")
    valued = _with_value(ws, risks, as_of, value)
    reach = (1 + valued.public_reach.fill_null(0)).cast("float64")
    told = valued.mutate(
        reason=_reason(valued),
        next_step=ibis.cases(*((one.holds(valued).fill_null(False), one.text) for one in STEPS), else_=ibis.null("string")),
        priority=(valued.value_at_stake if ws.has("order_lines") else 1.0) * (1 + reach.log10()),
    )
    return told.select(*COLUMNS)


def _at_risk(ws: Workspace, as_of: date, followed: Followed, agreement: Agreement) -> ir.Table:
    """Customers at risk with the case that is open longest and their last score; see _CASE and _SCORE."""
    refuse_nobody(ws)
    key = f"at risk in detail {as_of} {agreement!r} {followed!r}"
    return ws.keep(key, lambda: _joined(_troubled(ws, as_of, followed, agreement), _unhappy(ws, as_of, followed)))


def _joined(troubled: ir.Table, unhappy: ir.Table) -> ir.Table:
    both = troubled.outer_join(unhappy, "customer_id")
    risk = ibis.cases((both.customer_id.isnull(), LOW_SCORE), (both.customer_id_right.isnull(), OPEN_CASE), else_=BOTH)
    return both.mutate(risk=risk, customer_id=ibis.coalesce(both.customer_id, both.customer_id_right)).drop("customer_id_right")


_CASE = {
    "case_id": "string",
    "topic": "string",
    "opened_on": "date",
    "days_open": "int64",
    "count_contacts": "int64",
    "count_reopened": "int64",
    "is_late": "boolean",
    "is_open": "boolean",
    "public_reach": "int64",
    "count_cases": "int64",
}
_SCORE = {"last_score": "float64", "highest": "float64", "answered_on": "date", "comment": "string"}


def _troubled(ws: Workspace, as_of: date, followed: Followed, agreement: Agreement) -> ir.Table:
    """Customers with troubling cases, with the one that is open longest."""
    rows = troubling_cases(ws, as_of, followed, agreement)
    if rows is None:
        return _nobody(ws, "surveys", _CASE)
    by_age = ibis.window(group_by="customer_id", order_by=[~rows.is_open.fill_null(False), rows.opened_at, rows.case_id])
    rows = rows.mutate(order=ibis.row_number().over(by_age))
    return rows.group_by("customer_id").aggregate(
        case_id=rows.case_id.argmin(rows.order),
        topic=rows.topic.argmin(rows.order),
        opened_on=rows.opened_at.argmin(rows.order).date(),
        days_open=(rows.age_seconds.argmin(rows.order) / 86_400).floor().cast("int64"),
        count_contacts=rows.count_contacts.argmin(rows.order),
        count_reopened=rows.count_reopened.argmin(rows.order),
        is_late=rows.is_late.argmin(rows.order),
        is_open=rows.is_open.fill_null(False).argmin(rows.order),
        public_reach=rows.public_reach.max(),
        count_cases=rows.count(),
    )


def _unhappy(ws: Workspace, as_of: date, followed: Followed) -> ir.Table:
    """Customers whose last response, of any measure, is in the worst band, with that response."""
    low = low_scores(ws, as_of, followed)
    if low is None:
        return _nobody(ws, "cases", _SCORE)
    table = of_measures(ws, ws.table("surveys"), as_of)
    rows = table.mutate(key=key_of(table), is_bad=is_low(ws, table, as_of)).filter(ibis._.is_bad).semi_join(low, ["customer_id", "key"])
    return rows.group_by("customer_id").aggregate(  # a row of a file may hold scores of several measures
        last_score=rows.score.argmin(rows.measure).cast("float64"),
        highest=rows.scale_max.argmin(rows.measure).cast("float64"),
        answered_on=rows.responded_at.max().date(),
        comment=rows.comment.max(),
    )


def _nobody(ws: Workspace, table: str, columns: dict[str, str]) -> ir.Table:
    """No rows, with these columns."""
    empty = ws.table(table).filter(ibis.literal(False))
    return empty.select("customer_id", **{name: ibis.null(kind) for name, kind in columns.items()})


def _with_value(ws: Workspace, risks: ir.Table, as_of: date, value: Value) -> ir.Table:
    """With value_at_stake, 0 where it is not known or below."""
    worth = _worth(ws, as_of, value)
    if worth is None:
        return risks.mutate(value_at_stake=ibis.literal(0.0))
    joined = risks.left_join(worth, "customer_id").drop("customer_id_right")
    return joined.mutate(value_at_stake=ibis.greatest(joined.worth.fill_null(0.0), 0.0)).drop("worth")


def _worth(ws: Workspace, as_of: date, value: Value) -> ir.Table | None:
    """customer_id, worth; None without sales. The forecast gives way to net sales where nothing can be forecast."""
    if not ws.has("order_lines"):
        return None
    if value == "clv":
        from crm_core.analytics.clv import forecast  # now: its libraries take half a second

        try:
            return forecast.customers(ws, forecast.choose(ws, as_of)).select("customer_id", worth=lambda t: t.clv)
        except CrmError:
            pass
    return totals(ws, as_of, months_before(as_of, 12)).select("customer_id", worth=lambda t: t.net_sales.cast("float64"))


def _reason(table: ir.Table) -> ir.StringValue:
    """Why a customer is on the list, in words."""
    topic = ibis.ifelse(table.topic.notnull(), " about " + table.topic, "")
    contacts = ibis.ifelse(table.count_contacts.notnull(), table.count_contacts.cast("string") + " contacts", "Reopened")
    since = ibis.ifelse(table.is_open, ", open for " + _days(table.days_open), ", reopened and solved again")
    late = ibis.ifelse(table.is_late, ", past the agreed time", "")
    more = ibis.ifelse(table.count_cases > 1, ", and " + (table.count_cases - 1).cast("string") + " more", "")
    case = contacts + topic + " (case " + table.case_id + ")" + since + late + more
    score = "scored " + _number(table.last_score) + " of " + _number(table.highest) + " on " + table.answered_on.cast("string")
    return ibis.cases(
        (table.risk == BOTH, case + "; " + score),
        (table.risk == OPEN_CASE, case),
        else_=score.substr(0, 1).upper() + score.substr(1),
    )


def _days(count: ir.IntegerValue) -> ir.StringValue:
    text = count.cast("string")
    return ibis.cases((count < 1, "less than a day"), (count == 1, "1 day"), else_=text + " days")


def _number(value: ir.FloatingValue) -> ir.StringValue:
    """3 rather than 3.0."""
    whole = value.round(0).cast("int64")
    return ibis.ifelse(value == whole, whole.cast("string"), value.round(1).cast("string"))


@dataclass(frozen=True)
class Watched:
    """How many are at risk and what is at stake, by reason."""

    customers: int
    value: float
    open_case: int
    low_score: int
    both: int
    public: int


def summary(
    ws: Workspace,
    as_of: date,
    value: Value = "net_sales",
    followed: Followed = (),
    shown: ir.Table | None = None,
) -> Watched:
    """The sums over the list. Raises AnalysisError as `watch_list` does."""
    table = at_risk(ws, as_of, followed)
    table = _with_value(ws, table if shown is None else table.semi_join(shown, "customer_id"), as_of, value)
    row = ws.execute(
        table.aggregate(
            customers=table.count(),
            value=table.value_at_stake.sum(),
            open_case=table.count(where=table.risk == OPEN_CASE),
            low_score=table.count(where=table.risk == LOW_SCORE),
            both=table.count(where=table.risk == BOTH),
            public=table.count(where=table.public_reach >= PUBLIC),
        )
    )
    found = row.fillna(0).iloc[0]
    return Watched(
        int(found["customers"]), float(found["value"]), *(int(found[name]) for name in ("open_case", "low_score", "both", "public"))
    )


def listed(
    ws: Workspace,
    as_of: date,
    value: Value = "net_sales",
    followed: Followed = (),
    agreement: Agreement = NO_AGREEMENT,
    shown: ir.Table | None = None,
) -> ir.Table:
    """The list with the customers' names where the data has them, after the id."""
    table = watch_list(ws, as_of, value, followed, agreement, shown)
    if not ws.has("customers", "name"):
        return table
    names = ws.table("customers").select("customer_id", "name")
    joined = table.left_join(names, "customer_id").drop("customer_id_right")
    return joined.select("customer_id", "name", *(column for column in COLUMNS if column != "customer_id"))


def one(ws: Workspace, as_of: date, value: Value, followed: Followed, agreement: Agreement, customer_id: str) -> dict[str, str]:
    """reason, next_step and comment (where there are some) of one customer of the list; empty for one who is not on it."""
    table = watch_list(ws, as_of, value, followed, agreement)
    rows = ws.execute(table.filter(table.customer_id == customer_id).select("reason", "next_step", "comment"))
    return {} if rows.empty else {str(name): text for name, text in rows.iloc[0].items() if isinstance(text, str)}


def story(ws: Workspace, as_of: date, customer_id: str, most: int = 200) -> pd.DataFrame:
    """What happened with a customer, the earliest first. Columns: at, kind (order, case opened, first response, case solved,
    score), text; the `most` latest."""
    parts = [
        part
        for part in (_orders(ws, as_of, customer_id), _case_events(ws, as_of, customer_id), _scores(ws, as_of, customer_id))
        if part is not None
    ]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["at", "kind", "text"])
    return found.assign(at=pd.to_datetime(found["at"])).sort_values("at", kind="stable").tail(most).reset_index(drop=True)


ORDER, OPENED, ANSWERED, SOLVED, SCORE = "order", "case opened", "first response", "case solved", "score"
KINDS = (ORDER, OPENED, ANSWERED, SOLVED, SCORE)


def _orders(ws: Workspace, as_of: date, customer_id: str) -> pd.DataFrame | None:
    if not ws.has("order_lines"):
        return None
    table = orders(ws, as_of)
    own = table.filter(table.customer_id == customer_id).select("order_id", at="ordered_on", value=table.net_value.cast("float64"))
    rows = ws.execute(own.order_by("at", "order_id"))
    return pd.DataFrame(
        {"at": rows["at"], "kind": ORDER, "text": [f"Order of {value:,.2f} {ws.currency}".strip() for value in rows["value"]]}
    )


def _case_events(ws: Workspace, as_of: date, customer_id: str) -> pd.DataFrame | None:
    if not ws.has("cases", "customer_id"):
        return None
    table = cases(ws, as_of)
    rows = ws.execute(
        table.filter(table.customer_id == customer_id)
        .select("case_id", "topic", "opened_at", "first_response_at", "resolved_at")
        .order_by("case_id")
    )
    events = []
    for kind, column in ((OPENED, "opened_at"), (ANSWERED, "first_response_at"), (SOLVED, "resolved_at")):
        told = rows.dropna(subset=[column])
        names = [f"Case {one.case_id}" + (f": {one.topic}" if isinstance(one.topic, str) else "") for one in told.itertuples()]
        events.append(pd.DataFrame({"at": told[column], "kind": kind, "text": [f"{name}, {kind.removeprefix('case ')}" for name in names]}))
    return pd.concat(events, ignore_index=True)


def _scores(ws: Workspace, as_of: date, customer_id: str) -> pd.DataFrame | None:
    if not ws.has("surveys", "customer_id"):
        return None
    table = ws.table("surveys")
    own = table.filter(table.customer_id == customer_id, table.responded_at < midnight(as_of))
    told = own.select(
        "responded_at", "measure", "comment", "row_no", score=own.score.cast("float64"), highest=own.scale_max.cast("float64")
    )
    rows = ws.execute(told.order_by("responded_at", "row_no", "measure"))
    texts = [
        f"{str(one.measure).upper()} {one.score:g} of {one.highest:g}" + (f": {one.comment}" if isinstance(one.comment, str) else "")
        for one in rows.itertuples()
    ]
    return pd.DataFrame({"at": rows["responded_at"], "kind": SCORE, "text": texts})
