"""Who meets a condition, worked out with pandas from the canonical tables alone: a column a field, a mask a condition. Nothing here is shared with
the code tested but the data classes of conditions.

A comparison with a missing value is false, `not` of it true; sums of nothing are 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from crm_core.analytics.audience import conditions as c
from tests.crm_core.analytics import naive
from tests.crm_core.analytics.audience.shop import LABELS

SEGMENTS = {
    **{(5, f): "Champions" for f in (4, 5)},
    **{(r, f): "Loyal customers" for r in (3, 4) for f in (4, 5)},
    **{(r, f): "Potential loyalists" for r in (4, 5) for f in (2, 3)},
    (5, 1): "New customers",
    (4, 1): "Promising",
    (3, 3): "Need attention",
    **{(3, f): "About to sleep" for f in (1, 2)},
    **{(r, 5): "Can't lose them" for r in (1, 2)},
    **{(r, f): "At risk" for r in (1, 2) for f in (3, 4)},
    **{(r, f): "Hibernating" for r in (1, 2) for f in (1, 2)},
}
ATTRIBUTES = {"Plan": "attr_1", LABELS["attr_2"]: "attr_2", "segment (attribute)": "attr_3"}
DAYS_OF = {"surveys": "responded_at", "cases": "opened_at", "contacts": "contacted_at"}
TABLE_OF = {"count_responses": "surveys", "count_cases": "cases", "count_contacts": "contacts"}


class Judge:
    """Knows the tables and the day looked from."""

    def __init__(self, frames: dict[str, pd.DataFrame], as_of: date) -> None:
        self.frames, self.as_of = frames, as_of
        self.told = self._told(as_of)
        self._earlier: dict[date, dict[str, dict[str, Any]]] = {}

    def who(self, condition: c.Condition) -> list[str]:
        """Ids of those who meet it, in order."""
        mask = self._mask(condition)
        return sorted(mask[mask].index)

    # -- conditions

    def _mask(self, condition: c.Condition) -> pd.Series:
        everybody = pd.Series(True, index=sorted(self.told))
        if isinstance(condition, c.All):
            for part in condition.parts:
                everybody &= self._mask(part)
            return everybody
        if isinstance(condition, c.AnyOf):
            found = ~everybody
            for part in condition.parts:
                found |= self._mask(part)
            return found
        if isinstance(condition, c.Not):
            return ~self._mask(condition.part)
        assert not isinstance(condition, c.Moved)
        values = self._values(condition.term)
        return pd.Series({one: values[one] is not None and bool(_holds(values[one], condition)) for one in everybody.index}, dtype=bool)

    def _values(self, term: c.Term) -> dict[str, Any]:
        if isinstance(term, c.Sum):
            sums = self._sums(term)
            return {one: sums.get(one, 0) for one in self.told}
        assert isinstance(term, c.Column)
        if term.at is None:
            return {one: row.get(term.name) for one, row in self.told.items()}
        if term.at not in self._earlier:
            self._earlier[term.at] = self._told(term.at)
        nothing = 0 if term.name in {"net_sales", "count_orders"} else None
        return {one: self._earlier[term.at].get(one, {}).get(term.name, nothing) for one in self.told}

    # -- fields

    def _told(self, as_of: date) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {one: {} for one in self._everybody(as_of)}
        for add in (self._add_customers, self._add_sales, self._add_answers, self._add_cases, self._add_contacts):
            add(found, as_of)
        for one, row in found.items():
            row["customer_id"] = one
        return found

    def _everybody(self, as_of: date) -> set[str]:
        own = self.frames["customers"]
        ids = {one for one, day in zip(own["customer_id"], own["joined_on"], strict=True) if pd.isna(day) or day < as_of}
        return (
            ids
            | {line[0] for line in self._lines(as_of) if line[0] is not None}
            | set().union(*(self._named(name, as_of) for name in DAYS_OF))
        )

    def _named(self, name: str, as_of: date) -> set[str]:
        return set(self._before(name, as_of)["customer_id"])

    def _before(self, name: str, as_of: date, since: date | None = None) -> pd.DataFrame:
        rows = self.frames[name]
        day = rows[DAYS_OF[name]]
        kept = rows["customer_id"].notna() & (day < _midnight(as_of)) & (day >= _midnight(since or date(1900, 1, 1)))
        return rows[kept]

    def _lines(self, as_of: date, since: date | None = None) -> list[naive.Line]:
        rows = self.frames["order_lines"]
        found = []
        for row in rows.itertuples():
            if row.line_at.date() < as_of and (since is None or row.line_at.date() >= since) and row.is_void is not True:
                quantity = None if pd.isna(row.quantity) else int(row.quantity)
                found.append(
                    (
                        None if pd.isna(row.customer_id) else row.customer_id,
                        row.order_id,
                        row.line_at,
                        Decimal(row.net_amount),
                        quantity,
                        False,
                    )
                )
        return found

    def _add_customers(self, found: dict[str, dict[str, Any]], _as_of: date) -> None:
        for row in self.frames["customers"].to_dict("records"):
            if row["customer_id"] in found:
                told = {name: None if pd.isna(one) else one for name, one in row.items()}
                names = {name: told[name] for name in ("name", "joined_on", "country", "city", "consent")}
                names |= {name: told[column] for name, column in ATTRIBUTES.items()}
                found[row["customer_id"]] |= names | {"has_email": told["email"] is not None, "has_phone": told["phone"] is not None}
        for row in found.values():
            row.setdefault("has_email", False)
            row.setdefault("has_phone", False)

    def _add_sales(self, found: dict[str, dict[str, Any]], as_of: date) -> None:
        totals = naive.totals(self._lines(as_of), as_of)
        for row in found.values():
            row |= {"net_sales": Decimal(0), "count_orders": 0}
        if not totals:
            return
        values = {one: told[0] for one, told in totals.items()}
        classes, ranks = naive.classes(values), naive.ranked(values)
        for one, (sales, orders, first, last) in totals.items():
            found[one] |= {"net_sales": sales, "count_orders": orders, "value_class": classes[one], "net_sales_rank": ranks.index(one) + 1}
            if last is not None:
                found[one] |= {"first_order_on": first, "last_order_on": last, "days_since_last_order": (as_of - last).days}
        buyers = [one for one, told in totals.items() if told[1]]
        if not buyers:
            return
        r = naive.r_scores([found[one]["days_since_last_order"] for one in buyers])
        f, m = naive.f_scores([totals[one][1] for one in buyers]), naive.quintile_scores([totals[one][0] for one in buyers])
        for one, r_score, f_score, m_score in zip(buyers, r, f, m, strict=True):
            found[one] |= {"r_score": r_score, "f_score": f_score, "m_score": m_score, "segment": SEGMENTS[r_score, f_score]}

    def _add_answers(self, found: dict[str, dict[str, Any]], as_of: date) -> None:
        rows = self._before("surveys", as_of)
        rows = rows.assign(day=rows["responded_at"].dt.date).sort_values(["day", "row_no"])
        for row in rows.itertuples():  # the last one stays
            band = "Promoters" if row.score >= 9 else "Passives" if row.score >= 7 else "Detractors"
            found[row.customer_id] |= {"last_score": row.score, "satisfaction": band}

    def _add_cases(self, found: dict[str, dict[str, Any]], as_of: date) -> None:
        for row in found.values():
            row["open_cases"] = 0
        for row in self._before("cases", as_of).itertuples():
            found[row.customer_id]["open_cases"] += pd.isna(row.resolved_at) or row.resolved_at >= _midnight(as_of)

    def _add_contacts(self, found: dict[str, dict[str, Any]], as_of: date) -> None:
        for row in found.values():
            row |= {"opted_out": False, "is_unreachable": False}
        for one, rows in self._before("contacts", as_of).groupby("customer_id"):
            told = rows[rows["outcome"].notna()]
            last = told[told["contacted_at"] == told["contacted_at"].max()]["outcome"]
            found[str(one)] |= {
                "last_contact_on": rows["contacted_at"].max().date(),
                "opted_out": bool((rows["outcome"] == "opted_out").any()),
                "is_unreachable": bool((last == "bounced").any()),
            }

    # -- sums

    def _sums(self, term: c.Sum) -> dict[str, Any]:
        since, until = self._window(term.window)
        if term.measure in TABLE_OF:
            rows = self._before(TABLE_OF[term.measure], until, since)
            for column, values in term.of:
                rows = rows[rows[column].isin(values)]
            return rows.groupby("customer_id").size().to_dict()
        rows = self.frames["order_lines"].merge(self.frames["orders"], how="left", on=["customer_id", "order_id"])
        kept = rows["customer_id"].notna() & (rows["is_void"] != True) & (rows["line_at"] < _midnight(until))  # noqa: E712  (missing is not void)
        rows = rows[kept & (rows["line_at"] >= _midnight(since or date(1900, 1, 1)))]
        of_lines = [(column, values) for column, values in term.of if column != "channel"]
        for column, values in term.of:
            if column == "channel":
                rows = rows[rows["channel"].isin(values)]
        return self._counted(rows, of_lines) if term.measure == "count_orders" else _added(rows, of_lines, term.measure)

    def _counted(self, rows: pd.DataFrame, of: list[tuple[str, tuple[str, ...]]]) -> dict[str, int]:
        """Purchases that hold a line with such a thing that was not given back."""
        found: dict[str, int] = {}
        for (customer, _), lines in rows.groupby(["customer_id", "order_id"]):
            amounts, quantities = lines["net_amount"].map(Decimal), lines["quantity"].dropna().map(int)
            if amounts.sum() < 0 or (len(quantities) and quantities.sum() <= 0):
                continue
            sold = lines[(amounts >= 0) & lines["quantity"].map(lambda one: pd.isna(one) or int(one) > 0)]
            for column, values in of:
                sold = sold[sold[column].isin(values)]
            found[customer] = found.get(customer, 0) + int(len(sold) > 0 or not of)
        return found

    def _window(self, window: c.Window) -> tuple[date | None, date]:
        until = min(self.as_of, window.until + timedelta(days=1)) if window.until else self.as_of
        if window.last is None:
            return window.since, until
        offsets = {
            "days": pd.DateOffset(days=1),
            "weeks": pd.DateOffset(weeks=1),
            "months": pd.DateOffset(months=1),
            "years": pd.DateOffset(years=1),
        }
        return (pd.Timestamp(self.as_of) - window.last.number * offsets[window.last.unit]).date(), until


def _added(rows: pd.DataFrame, of: Iterable[tuple[str, tuple[str, ...]]], measure: str) -> dict[str, Decimal]:
    for column, values in of:
        rows = rows[rows[column].isin(values)]
    amounts = rows["net_amount" if measure == "net_sales" else "quantity"].map(lambda one: Decimal(0) if pd.isna(one) else Decimal(one))
    return amounts.groupby(rows["customer_id"]).sum().to_dict()


def _holds(value: Any, leaf: c.Leaf) -> bool:
    if isinstance(leaf, c.Compare):
        signs = {"=": value == leaf.value} if isinstance(value, str | bool) else {
            "=": value == leaf.value, "<": value < leaf.value, "<=": value <= leaf.value, ">": value > leaf.value, ">=": value >= leaf.value,
        }  # fmt: skip
        return bool(signs[leaf.sign])
    if isinstance(leaf, c.OneOf):
        return value in leaf.values
    if isinstance(leaf, c.Between):
        return bool(leaf.low <= value <= leaf.high)
    if isinstance(leaf, c.Has):
        small, text = value.casefold(), leaf.text.casefold()
        return small.startswith(text) if leaf.how == "starts with" else text in small
    return True


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)
