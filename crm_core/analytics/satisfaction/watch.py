"""Who is about to turn against us, why, what is at stake, and what to do next?

Grain: customer at escalation risk: with an unresolved or reopened case after two or more contacts, or whose last score is among the worst and was not
followed up. Ranked by value at stake, weighed up by public reach.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics.days import months_before
from crm_core.analytics.orders import midnight, orders
from crm_core.analytics.satisfaction.follow_up import Followed, table_of
from crm_core.analytics.satisfaction.responses import BOTTOM_TO, DETRACTOR, MEASURES, ROWS_A_DAY
from crm_core.analytics.service.cases import cases
from crm_core.analytics.service.sla import NO_AGREEMENT, Agreement
from crm_core.errors import AnalysisError, CrmError
from crm_core.workspace import Workspace

Value = Literal["net_sales", "clv"]
VALUE_LABELS: dict[Value, str] = {"clv": "Forecast value, 12 months", "net_sales": "Net sales, last 12 months"}

#: From so many contacts on an unsolved case is a risk.
CONTACTS = 2
#: A low score, and a reopened case that is solved by now, are a risk for so many days.
DAYS_BACK = 365
#: Who reaches so many people answers in public.
PUBLIC = 1000
OPEN_CASE, LOW_SCORE, BOTH = "open or reopened case", "low score", "case and low score"


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
    given), priority (value × (1 + log10(1 + reach)), what the list is ranked by), risk (OPEN_CASE, LOW_SCORE or BOTH); case_id, topic, days_open …
    of the case that is open longest, last_score, answered_on and comment of the last response.

    Raises AnalysisError where the data has neither cases nor surveys with customers.
    """
    risks = _at_risk(ws, as_of, followed, agreement)
    risks = risks if shown is None else risks.semi_join(shown, "customer_id")
    valued = _with_value(ws, risks, as_of, value)
    told = valued.mutate(
        reason=_reason(valued),
        next_step=ibis.cases(*((one.holds(valued).fill_null(False), one.text) for one in STEPS), else_=ibis.null("string")),
        priority=valued.value_at_stake * (1 + (1 + valued.public_reach.fill_null(0)).cast("float64").log10()),
    )
    return told.select(*COLUMNS)


def risks(ws: Workspace, as_of: date, followed: Followed = ()) -> ir.Table:
    """customer_id and risk of the customers at risk; see `watch_list`."""
    return _at_risk(ws, as_of, followed, NO_AGREEMENT).select("customer_id", "risk")


def has_customers(ws: Workspace) -> bool:
    """Can anybody be watched: do cases or surveys name customers?"""
    return ws.has("cases", "customer_id") or ws.has("surveys", "customer_id")


def _at_risk(ws: Workspace, as_of: date, followed: Followed, agreement: Agreement) -> ir.Table:
    if not has_customers(ws):
        raise AnalysisError(
            "Nobody to watch", "Neither cases nor survey responses name a customer.", "Add cases or surveys with a customer id or order id."
        )
    days = {one.followed_on for one in followed}
    key = (
        f"at risk {as_of} {agreement!r} {sorted((one.customer_id, one.followed_on) for one in followed)!r}"
        if days
        else f"at risk {as_of} {agreement!r}"
    )
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
    """Customers with an unsolved or lately reopened case after several contacts, with the one that is open longest."""
    if not ws.has("cases", "customer_id"):
        return _nobody(ws, "surveys", _CASE)
    rows = cases(ws, as_of, agreement=agreement).filter(lambda t: t.customer_id.notnull())
    last_day = ibis.coalesce(rows.resolved_at, rows.opened_at)
    is_open = rows.is_open.fill_null(False)
    was_reopened = rows.is_reopened.fill_null(False) & (last_day >= midnight(as_of - timedelta(days=DAYS_BACK)))
    several = (rows.count_contacts >= CONTACTS) | (rows.count_contacts.isnull() & rows.is_reopened)
    rows = _not_followed(ws, rows.filter(is_open | was_reopened, several.fill_null(False)), rows.opened_at.date(), followed)
    rows = rows.mutate(order=ibis.ifelse(rows.is_open.fill_null(False), 0, ROWS_A_DAY) + rows.opened_at.epoch_seconds())
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
    """Customers whose last response, of any measure, is in the worst band."""
    if not ws.has("surveys", "customer_id"):
        return _nobody(ws, "cases", _SCORE)
    table = ws.table("surveys")
    since = midnight(as_of - timedelta(days=DAYS_BACK))
    within = (table.responded_at < midnight(as_of)) & (table.responded_at >= since)
    rows = table.filter(within, table.customer_id.notnull(), table.measure.isin(MEASURES))
    rows = rows.mutate(key=rows.responded_at.date().epoch_days() * ROWS_A_DAY + rows.row_no.fill_null(0), is_low=is_low(rows))
    last = rows.group_by("customer_id").aggregate(
        is_low=rows.is_low.argmax(rows.key),
        last_score=rows.score.argmax(rows.key).cast("float64"),
        highest=rows.scale_max.argmax(rows.key).cast("float64"),
        answered_on=rows.responded_at.argmax(rows.key).date(),
        comment=rows.comment.argmax(rows.key),
    )
    low = last.filter(last.is_low).drop("is_low")
    return _not_followed(ws, low, low.answered_on, followed)


def is_low(rows: ir.Table) -> ir.BooleanValue:
    """Is the response in the worst band of its own scale?"""
    edge = rows.scale_min + (rows.scale_max - rows.scale_min) * BOTTOM_TO
    return ibis.ifelse(rows.measure == "nps", rows.score <= DETRACTOR, rows.score <= edge).fill_null(False)


def _nobody(ws: Workspace, table: str, columns: dict[str, str]) -> ir.Table:
    """No rows, with these columns."""
    empty = ws.table(table).filter(ibis.literal(False))
    return empty.select("customer_id", **{name: ibis.null(kind) for name, kind in columns.items()})


def _not_followed(ws: Workspace, rows: ir.Table, day: ir.DateValue, followed: Followed) -> ir.Table:
    """Without what happened up to the day on which its customer was followed up."""
    if not followed:
        return rows
    marked = table_of(ws, followed)
    joined = rows.mutate(_happened=day).left_join(marked, "customer_id")
    return joined.filter(joined.followed_on.isnull() | (joined._happened > joined.followed_on)).drop(
        "customer_id_right", "followed_on", "_happened"
    )


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
    bought = orders(ws, as_of)
    year = bought.filter(bought.ordered_on >= months_before(as_of, 12))
    return year.group_by("customer_id").aggregate(worth=year.net_value.sum().cast("float64"))


def _reason(table: ir.Table) -> ir.StringValue:
    """Why a customer is on the list, in words."""
    topic = ibis.ifelse(table.topic.notnull(), " about " + table.topic, "")
    contacts = ibis.ifelse(table.count_contacts.notnull(), table.count_contacts.cast("string") + " contacts", "Reopened")
    since = ibis.ifelse(
        table.is_open, ", open for " + table.days_open.cast("string") + ibis.ifelse(table.days_open == 1, " day", " days"), ", reopened"
    )
    late = ibis.ifelse(table.is_late, ", past the agreed time", "")
    more = ibis.ifelse(table.count_cases > 1, ", and " + (table.count_cases - 1).cast("string") + " more", "")
    case = contacts + topic + " (case " + table.case_id + ")" + since + late + more
    score = "scored " + _number(table.last_score) + " of " + _number(table.highest) + " on " + table.answered_on.cast("string")
    return ibis.cases(
        (table.risk == BOTH, case + "; " + score),
        (table.risk == OPEN_CASE, case),
        else_=score.substr(0, 1).upper() + score.substr(1),
    )


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
    agreement: Agreement = NO_AGREEMENT,
    shown: ir.Table | None = None,
) -> Watched:
    """The sums over the list. Raises AnalysisError as `watch_list` does."""
    table = watch_list(ws, as_of, value, followed, agreement, shown)
    row = ws.execute(
        table.aggregate(
            customers=table.count(),
            value=table.value_at_stake.sum(),
            open_case=(table.risk == OPEN_CASE).sum(),
            low_score=(table.risk == LOW_SCORE).sum(),
            both=(table.risk == BOTH).sum(),
            public=(table.public_reach >= PUBLIC).sum(),
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
    rows = ws.execute(table.filter(table.customer_id == customer_id).select(at="ordered_on", value=table.net_value.cast("float64")))
    return pd.DataFrame(
        {"at": rows["at"], "kind": ORDER, "text": [f"Order of {value:,.2f} {ws.currency}".strip() for value in rows["value"]]}
    )


def _case_events(ws: Workspace, as_of: date, customer_id: str) -> pd.DataFrame | None:
    if not ws.has("cases", "customer_id"):
        return None
    table = cases(ws, as_of)
    rows = ws.execute(
        table.filter(table.customer_id == customer_id).select("case_id", "topic", "opened_at", "first_response_at", "resolved_at")
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
    rows = ws.execute(
        own.select("responded_at", "measure", "comment", score=own.score.cast("float64"), highest=own.scale_max.cast("float64"))
    )
    texts = [
        f"{str(one.measure).upper()} {one.score:g} of {one.highest:g}" + (f": {one.comment}" if isinstance(one.comment, str) else "")
        for one in rows.itertuples()
    ]
    return pd.DataFrame({"at": rows["responded_at"], "kind": SCORE, "text": texts})
