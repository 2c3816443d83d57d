"""Who of an audience must be left alone, and by which rule?

Grain: customer of the audience; counts by rule. The rule set is the company's. A customer whom several rules concern counts under each, and under the first
of them among those left out, so that the counts of the second kind add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.types as ir

from crm_core.analytics import contacts
from crm_core.analytics.audience.conditions import Condition
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.members import members
from crm_core.analytics.satisfaction import customers as satisfied
from crm_core.errors import AnalysisError, Problem
from crm_core.workspace import Workspace

MOST_CONTACTS, MOST_DAYS = 1_000, 3_660


@dataclass(frozen=True)
class Rules:
    """The company's rules: whom a campaign leaves out. `most_contacts` in the last `contact_days` days (None: no such rule); `channel` limits opt-outs,
    dead addresses and contacts to those of one channel (None: of all). Raises AnalysisError for numbers out of bounds."""

    without_consent: bool = True  # consent known to be refused
    unknown_consent: bool = False  # consent not known
    opted_out: bool = True
    open_case: bool = True
    dead_address: bool = True
    most_contacts: int | None = 4
    contact_days: int = 30
    channel: str | None = None

    def __post_init__(self) -> None:
        problems = []
        if self.most_contacts is not None and not 1 <= self.most_contacts <= MOST_CONTACTS:
            problems.append(Problem("rule", "error", f"Contacts can be limited to 1 to {MOST_CONTACTS:,}, not {self.most_contacts:,}"))
        if not 1 <= self.contact_days <= MOST_DAYS:
            problems.append(Problem("rule", "error", f"The days of the limit can be 1 to {MOST_DAYS:,}, not {self.contact_days:,}"))
        if problems:
            raise AnalysisError("The rules cannot be used", "A number is out of bounds.", problems=problems)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Rules:
        """What `as_dict` wrote, by this or an earlier version: what it did not know keeps its usual value. Raises AnalysisError for what is damaged."""
        try:
            return Rules(**{name: _of_its_kind(name, data[name]) for name in Rules.__dataclass_fields__ if name in data})
        except (TypeError, ValueError) as error:
            raise AnalysisError(
                "The rules cannot be read", "What was saved of them is damaged.", "Save the rules of contact anew."
            ) from error


def _of_its_kind(name: str, value: Any) -> Any:
    """A value of saved rules. Raises TypeError for one of another kind than the rule's, such as a text for yes or no."""
    kinds: dict[str, tuple[type, ...]] = {"most_contacts": (int, type(None)), "contact_days": (int,), "channel": (str, type(None))}
    if not isinstance(value, kinds.get(name, (bool,))) or (isinstance(value, bool) and name in kinds):
        raise TypeError(name)
    return value


@dataclass(frozen=True)
class Rule:
    """One rule as it applies to this data: `name`, its `sentence`, and `missing`: what the data would need for it, "" where it can be asked."""

    name: str
    sentence: str
    missing: str = ""


def rules(ws: Workspace, chosen: Rules) -> tuple[Rule, ...]:
    """The rules that are switched on, in the order in which they count, also those that this data cannot be asked."""
    through = f" ({chosen.channel})" if chosen.channel else ""
    limit = f"contacted {chosen.most_contacts} times or more in the last {chosen.contact_days} days{through}"
    listed = (
        (chosen.without_consent, Rule("without_consent", "no consent to contact", _needs(ws, "customers", "consent"))),
        (chosen.unknown_consent, Rule("unknown_consent", "consent not known", _needs(ws, "customers", "consent"))),
        (chosen.opted_out, Rule("opted_out", f"opted out{through}", _needs(ws, "contacts", "outcome"))),
        (chosen.open_case, Rule("open_case", "an open complaint or request", "" if _knows_cases(ws) else "cases that name customers")),
        (chosen.most_contacts is not None, Rule("most_contacts", limit, _needs(ws, "contacts", "contacted_at"))),
        (chosen.dead_address, Rule("dead_address", f"the last contact bounced{through}", _needs(ws, "contacts", "outcome"))),
    )
    return tuple(rule for is_on, rule in listed if is_on)


def _needs(ws: Workspace, table: str, field: str) -> str:
    """What is missing for a rule, in words; "" where nothing is."""
    words = {
        "consent": "a column of customers that says who agreed to be contacted",
        "outcome": "a table of contacts with their outcome",
        "contacted_at": "a table of contacts",
    }
    return "" if ws.has(table, field) and ws.has(table, "customer_id") else words[field]


def _knows_cases(ws: Workspace) -> bool:
    from crm_core.analytics.service.cases import knows_open

    return ws.has("cases", "customer_id") and knows_open(ws)


@dataclass(frozen=True)
class LeftOut:
    """`concerned` counts those whom the rule concerns, `left_out` those of them whom no earlier rule left out."""

    rule: Rule
    concerned: int
    left_out: int


@dataclass(frozen=True)
class Respected:
    """What is left of an audience of `chosen` customers, and what each rule takes; `by_rule` in the order of the rules."""

    chosen: int
    left: int
    by_rule: tuple[LeftOut, ...]


def left(ws: Workspace, condition: Condition, basis: Basis, chosen: Rules | None) -> ir.Table:
    """The customers who meet the condition and whom the rules leave (None: no rules). Columns as `members.members`. Raises AnalysisError as it does."""
    audience = members(ws, condition, basis)
    return audience if chosen is None else reachable(ws, audience, chosen, basis)


def reachable(ws: Workspace, audience: ir.Table, chosen: Rules, basis: Basis) -> ir.Table:
    """The customers of the audience whom no rule leaves out; its columns as they are. Raises AnalysisError as `count` does."""
    asked = _asked(ws, chosen)
    if not asked:
        return audience
    table = _judged(ws, audience, chosen, basis)
    concerned = reduce(or_, (table[_column(rule)] for rule in asked))
    return table.filter(~concerned).select(*audience.columns)


def left_out(ws: Workspace, audience: ir.Table, chosen: Rules, basis: Basis) -> ir.Table:
    """The customers of the audience whom a rule leaves out: customer_id, and as `rule` the sentence of the first that does."""
    asked = _asked(ws, chosen)
    if not asked:
        return audience.select("customer_id", rule=ibis.null("string")).limit(0)
    table = _judged(ws, audience, chosen, basis)
    told = table.select(
        "customer_id", rule=ibis.cases(*((table[_column(rule)], rule.sentence) for rule in asked), else_=ibis.null("string"))
    )
    return told.filter(told.rule.notnull())


def count(ws: Workspace, audience: ir.Table, chosen: Rules, basis: Basis) -> Respected:
    """See Respected; rules that the data cannot be asked take nobody."""
    asked, listed = _asked(ws, chosen), rules(ws, chosen)
    table = _judged(ws, audience, chosen, basis)
    sums: dict[str, ir.Scalar] = {"chosen": table.count()}
    before: ir.BooleanValue = ibis.literal(False)
    for rule in asked:
        concerned = table[_column(rule)]
        sums[f"concerned_{rule.name}"] = concerned.sum().fill_null(0)
        sums[f"left_out_{rule.name}"] = (concerned & ~before).sum().fill_null(0)
        before = before | concerned
    row = ws.execute(table.aggregate(**sums)).iloc[0]
    found = tuple(LeftOut(rule, int(row.get(f"concerned_{rule.name}", 0)), int(row.get(f"left_out_{rule.name}", 0))) for rule in listed)
    whole = int(row["chosen"])
    return Respected(whole, whole - sum(one.left_out for one in found), found)


def _asked(ws: Workspace, chosen: Rules) -> list[Rule]:
    return [rule for rule in rules(ws, chosen) if not rule.missing]


def _column(rule: Rule) -> str:
    return f"is_{rule.name}"


def _judged(ws: Workspace, audience: ir.Table, chosen: Rules, basis: Basis) -> ir.Table:
    """The audience with one column is_RULE for each rule that can be asked; never missing."""
    names = {rule.name for rule in _asked(ws, chosen)}
    table = audience
    if names & {"without_consent", "unknown_consent"}:
        told = ws.table("customers").select("customer_id", _consent="consent")
        table = table.left_join(told, "customer_id").drop("customer_id_right")
        table = table.mutate(is_without_consent=(~table._consent).fill_null(False), is_unknown_consent=table._consent.isnull())
    if names & {"opted_out", "dead_address"}:
        told = contacts.customers(ws, basis.as_of, chosen.channel).select("customer_id", _out="opted_out", _dead="is_unreachable")
        table = table.left_join(told, "customer_id").drop("customer_id_right")
        table = table.mutate(is_opted_out=table._out.fill_null(False), is_dead_address=table._dead.fill_null(False))
    if "open_case" in names:
        told = satisfied.satisfaction(ws, basis.as_of, basis.followed).select("customer_id", _open="open_cases")
        table = table.left_join(told, "customer_id").drop("customer_id_right")
        table = table.mutate(is_open_case=(table._open > 0).fill_null(False))
    if "most_contacts" in names:
        since = basis.as_of - timedelta(days=chosen.contact_days)
        rows = contacts.contacts(ws, basis.as_of, since, chosen.channel)
        counted = rows.group_by("customer_id").aggregate(_times=rows.count())
        table = table.left_join(counted, "customer_id").drop("customer_id_right")
        table = table.mutate(is_most_contacts=(table._times >= chosen.most_contacts).fill_null(False))
    return table
