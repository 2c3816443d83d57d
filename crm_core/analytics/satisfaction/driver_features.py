"""What is known about each response: where it was asked, how its order was delivered, cases before it, channel, products, and who answered?

Grain: response that counts. The engine joins what the data has (nothing is required); a response knows only what was known at its moment.
Values become yes/no columns here, with enough responses in and out, none the sum of others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crm_core.analytics.satisfaction.measures import Measure
from crm_core.analytics.satisfaction.responses import attributes, band, counting, responses, scale
from crm_core.analytics.service.cases import closed_words
from crm_core.workspace import Workspace

LATE, NOT_YET = "late", "not delivered yet"
#: Days late, by their first day; a response of an order that was on time is in the first step.
STEPS = ((0, "on time"), (1, "1–2 days late"), (3, "3–7 days late"), (8, "more than 7 days late"))
RESOLVED_LATE, REOPENED, STILL_OPEN, OPENED = "resolved late", "reopened", "still open", "opened"
#: A case of the customer belongs to responses of so many days after it was opened; one of the order always does.
CASE_DAYS = 90

LABELS = {
    "delivery": "Delivery",
    "touchpoint": "Touchpoint",
    "case": "Case",
    "case_topic": "Case topic",
    "channel": "Sales channel",
    "category": "Product category",
}
LEAST_IN, LEAST_OUT = 30, 30
VALUES_A_FEATURE, MOST_COLUMNS = 12, 40
SAMPLE, SEED = 200_000, 0


@dataclass(frozen=True)
class Driver:
    """A yes/no column: which feature has which value, and how people read it."""

    feature: str
    value: str
    label: str


@dataclass(frozen=True, eq=False)
class Features:
    """Responses (or a sample) with `drivers` as columns of `holds` (responses × drivers).

    `rows`: one row a response with score, band, step (days late in words, NOT_YET, or missing). `n`: responses that count.
    """

    n: int
    rows: pd.DataFrame
    drivers: tuple[Driver, ...]
    holds: np.ndarray


def features(ws: Workspace, measure: Measure, start: date, end: date, shown: ir.Table | None = None) -> Features:
    """What is known about the responses from start to end (excluded) of the customers shown. Raises AnalysisError without responses."""
    counted = counting(responses(ws, measure, end, start, shown)).drop("comment")
    n = int(ws.execute(counted.count()))
    chosen = _sampled(counted) if n > SAMPLE else counted
    answers = chosen.mutate(band=band(chosen.score, measure, scale(ws, measure, end)))
    rows = ws.execute(_known(ws, answers)).sort_values("key", ignore_index=True)
    candidates = list(_candidates(ws, rows, _categories(ws, answers)))
    drivers, holds = _distinct(candidates, len(rows))
    return Features(n, rows[["score", "band", "step"]], drivers, holds)


def _sampled(rows: ir.Table) -> ir.Table:
    """Those with the lowest digests of seed and key: the same ones whatever the order of rows."""
    digest = (ibis.literal(f"{SEED} ") + rows.key.cast("string")).hexdigest("md5")
    return rows.mutate(digest=digest).order_by("digest", "key").limit(SAMPLE).drop("digest")


# -- in the engine -----------------------------------------------------------------------------------------------------


def _known(ws: Workspace, answers: ir.Table) -> ir.Table:
    """Columns: key, score, band, touchpoint, step, channel, case_topic, is_resolved_late, is_reopened, is_still_open, has_case and the split fields."""
    found = _with_order(ws, answers)
    found = _with_case(ws, found)
    return _with_customer(ws, found).drop("customer_id", "order_id", "responded_at")


def _with_order(ws: Workspace, answers: ir.Table) -> ir.Table:
    """channel, and step from what was known of the delivery on the day of the response."""
    nothing = ibis.null("string")
    if not ws.has("orders") or not ws.has("surveys", "order_id"):
        return answers.mutate(channel=nothing, step=nothing)
    table = ws.table("orders").filter(lambda t: t.order_id.notnull())
    mine = table.semi_join(answers, "order_id")
    by_order = mine.group_by(of_customer="customer_id", of_order="order_id").aggregate(
        channel=mine.channel.min(), promised_on=mine.promised_on.min(), delivered_on=mine.delivered_on.max()
    )
    is_its = [answers.order_id == by_order.of_order, answers.customer_id.identical_to(by_order.of_customer)]
    joined = answers.left_join(by_order, is_its)
    joined = joined.mutate(step=_step(joined))
    return joined.select(*answers.columns, "channel", "step")


def _step(rows: ir.Table) -> ir.StringValue:
    """Missing where nothing was promised, and for an order that was not due yet."""
    answered_on = rows.responded_at.date()
    is_there = (rows.delivered_on <= answered_on).fill_null(False)
    days = rows.delivered_on.epoch_days() - rows.promised_on.epoch_days()
    steps = [(is_there & (days >= first), name) for first, name in reversed(STEPS[1:])]
    on_time = (is_there & (days <= 0), STEPS[0][1])
    overdue = (~is_there & (rows.promised_on < answered_on), NOT_YET)
    return ibis.cases(*steps, on_time, overdue, else_=ibis.null("string"))


def _with_case(ws: Workspace, answers: ir.Table) -> ir.Table:
    """The latest case before the response: the customer's of CASE_DAYS, or one of its order."""
    if not ws.has("cases"):
        no, nothing = ibis.literal(False), ibis.null("string")
        return answers.mutate(case_topic=nothing, has_case=no, is_resolved_late=no, is_reopened=no, is_still_open=no)
    cases = ws.table("cases").rename(of_customer="customer_id", of_order="order_id").drop("channel")
    of_customer = answers.inner_join(cases, answers.customer_id == cases.of_customer)
    of_customer = of_customer.filter(of_customer.opened_at >= of_customer.responded_at - ibis.interval(days=CASE_DAYS))
    of_order = answers.inner_join(cases, [answers.order_id == cases.of_order, answers.customer_id.identical_to(cases.of_customer)])
    found = of_customer.union(of_order, distinct=False)
    before = found.filter(found.opened_at <= found.responded_at).select("key", "case_id", "opened_at")
    latest = before.group_by("key").aggregate(opened_at=before.opened_at.max())
    its = before.semi_join(latest, ["key", "opened_at"]).group_by("key").aggregate(case_id=lambda t: t.case_id.max())
    state = cases.select("case_id", "topic", "status", "resolved_at", "due_at", "is_within_sla", "count_reopened")
    joined = answers.left_join(its, "key").drop("key_right").left_join(state, "case_id")
    is_resolved = (joined.resolved_at <= joined.responded_at).fill_null(False)
    has_case = joined.case_id.notnull()
    is_late = ibis.coalesce(~joined.is_within_sla, joined.resolved_at > joined.due_at, ibis.literal(False))  # what the data says goes first
    told = joined.mutate(
        case_topic=joined.topic,
        has_case=has_case,
        is_resolved_late=is_resolved & is_late,
        is_reopened=(joined.count_reopened > 0).fill_null(False),
        is_still_open=has_case & ~is_resolved & ~_is_closed_sometime(ws, joined),
    )
    return told.select(*answers.columns, "case_topic", "has_case", "is_resolved_late", "is_reopened", "is_still_open")


def _is_closed_sometime(ws: Workspace, cases: ir.Table) -> ir.BooleanValue:
    """Closed by its status at a time that is not known: whether it was open at the response is not known either."""
    return cases.resolved_at.isnull() & cases.status.isin(closed_words(ws)).fill_null(False)


def _with_customer(ws: Workspace, answers: ir.Table) -> ir.Table:
    """The split fields of the customer and the attributes of the response, under names of their own."""
    fields = {field: label for field, label in ws.split_fields().items() if field not in attributes(ws)}
    answers = answers.rename({f"customer {field}": field for field in attributes(ws)})
    if not fields:
        return answers
    customers = ws.table("customers").select(of_customer="customer_id", **{f"customer {field}": field for field in fields})
    return answers.left_join(customers, answers.customer_id == customers.of_customer).drop("of_customer")


def _categories(ws: Workspace, answers: ir.Table) -> pd.DataFrame:
    """Product categories bought in the order of each response. Columns: key, category."""
    if not ws.has("order_lines", "category") or not ws.has("surveys", "order_id"):
        return pd.DataFrame({"key": pd.Series(dtype="int64"), "category": pd.Series(dtype="object")})
    table = ws.table("order_lines")
    bought = table.filter(~table.is_void.fill_null(False), table.category.notnull(), (table.quantity > 0).fill_null(True))
    bought = bought.select("category", of_customer="customer_id", of_order="order_id").distinct()
    joined = answers.inner_join(bought, [answers.order_id == bought.of_order, answers.customer_id.identical_to(bought.of_customer)])
    return ws.execute(joined.select("key", "category").distinct())


# -- yes/no columns ----------------------------------------------------------------------------------------------------


def _candidates(ws: Workspace, rows: pd.DataFrame, categories: pd.DataFrame) -> Iterator[tuple[Driver, np.ndarray]]:
    """Every column with enough responses in and out, in the order in which one of two that say the same is kept."""
    late = rows["step"].isin([name for _, name in STEPS[1:]])
    states = {OPENED: rows["has_case"] & rows["case_topic"].isna(), RESOLVED_LATE: rows["is_resolved_late"]}
    states |= {REOPENED: rows["is_reopened"], STILL_OPEN: rows["is_still_open"]}
    yield from _enough("delivery", {LATE: late, NOT_YET: rows["step"] == NOT_YET})
    yield from _enough("touchpoint", _values(rows["touchpoint"]))
    yield from _enough("case", states)
    yield from _enough("case_topic", _values(rows["case_topic"]))
    yield from _enough("channel", _values(rows["channel"]))
    yield from _enough("category", _sets(rows["key"], categories))
    for field, label in (ws.split_fields() | attributes(ws)).items():
        yield from _enough(field, _values(rows[f"customer {field}"]), label)


def _enough(feature: str, columns: dict[str, pd.Series], label: str = "") -> Iterator[tuple[Driver, np.ndarray]]:
    for value, column in columns.items():
        holds = column.fillna(False).to_numpy(dtype=bool)
        n = int(holds.sum())
        if n >= LEAST_IN and len(holds) - n >= LEAST_OUT:
            yield Driver(feature, value, f"{label or LABELS[feature]}: {value}"), holds


def _values(column: pd.Series) -> dict[str, pd.Series]:
    """A column for each of the most frequent values."""
    return {str(value): column == value for value in _most_frequent(column)}


def _sets(keys: pd.Series, categories: pd.DataFrame) -> dict[str, pd.Series]:
    of_value = categories.groupby("category")["key"]
    return {str(value): keys.isin(of_value.get_group(value)) for value in _most_frequent(categories["category"])}


def _most_frequent(column: pd.Series) -> list[str]:
    """Of equally frequent ones the first of the alphabet."""
    counts = column.dropna().value_counts()
    return sorted(counts.index, key=lambda value: (-counts[value], str(value)))[:VALUES_A_FEATURE]


def _distinct(candidates: list[tuple[Driver, np.ndarray]], n: int) -> tuple[tuple[Driver, ...], np.ndarray]:
    """Without columns that are sums of those before (and of the constant), and at most MOST_COLUMNS, those with most responses in and out."""
    holds = np.array([column for _, column in candidates], dtype=float).reshape(len(candidates), n).T
    kept = independent(holds)
    balanced = sorted(kept, key=lambda place: -min(holds[:, place].sum(), n - holds[:, place].sum()))[:MOST_COLUMNS]
    places = sorted(balanced)
    return tuple(candidates[place][0] for place in places), holds[:, places]


def independent(columns: np.ndarray) -> list[int]:
    """The places of columns that no combination of the constant and columns before them gives (Gram-Schmidt on the centred columns)."""
    basis: list[np.ndarray] = []
    kept = []
    for place in range(columns.shape[1]):
        rest = columns[:, place] - columns[:, place].mean()
        size = float(rest @ rest)
        for _ in range(2):  # twice is enough (Kahan)
            for direction in basis:
                rest = rest - (direction @ rest) * direction
        length = float(rest @ rest)
        if size > 0 and length > 1e-9 * size:
            basis.append(rest / np.sqrt(length))
            kept.append(place)
    return kept
