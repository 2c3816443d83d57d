"""Which condition says what a click chose, or what the filters of the sidebar show?

A choice of marks is a disjunction of rules (`analytics.chosen`); the columns of a list become the fields that conditions know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.fields import Catalogue
from crm_core.analytics.chosen import Rule
from crm_core.analytics.cluster_features import DEFAULT_FEATURES
from crm_core.analytics.clusters import ClusterSettings
from crm_core.analytics.filters import UNKNOWN, Filters

Terms = Mapping[str, c.Term]


def of_rules(rules: Iterable[Rule], terms: Terms) -> c.Condition:
    """The customers that one of the rules holds for; without rules everybody."""
    told = [_of_rule(rule, terms) for rule in rules]
    if not told:
        return c.EVERYBODY
    merged = _merged(told)
    return merged if merged is not None else told[0] if len(told) == 1 else c.AnyOf(tuple(dict.fromkeys(told)))


def of_filters(filters: Filters, terms: Terms) -> c.Condition:
    """The customers that the filters on attributes and segments show."""
    chosen = [*filters.splits, *([("segment", filters.segments)] if filters.segments else [])]
    found: c.Condition = c.EVERYBODY
    for column, values in chosen:
        if values:
            found = c.both(found, one_of(terms[column], values))
    return found


def one_of(term: c.Term, values: Iterable[str]) -> c.Condition:
    """One of these texts, of which UNKNOWN stands for a missing one."""
    listed = tuple(dict.fromkeys(values))
    known = tuple(value for value in listed if value != UNKNOWN)
    told: list[c.Condition] = []
    if known:
        told.append(c.Compare(term, "=", known[0]) if len(known) == 1 else c.OneOf(term, known))
    if len(known) < len(listed):
        told.append(c.Not(c.Known(term)))
    return told[0] if len(told) == 1 else c.AnyOf(tuple(told))


def terms(catalogue: Catalogue, grouping: ClusterSettings | None = None) -> dict[str, c.Term]:
    """The terms by the column that lists have them under; that of the cluster where customers were grouped."""
    found: dict[str, c.Term] = {
        field.column: c.Column(field.name) for field in catalogue.values() if field.source in {"everybody", "customers"}
    }
    if grouping is not None:
        features = () if grouping.features == DEFAULT_FEATURES else grouping.features
        found["cluster"] = c.Cluster(grouping.count, features, grouping.seed)
    return found


def _of_rule(rule: Rule, terms: Terms) -> c.Condition:
    found: c.Condition = c.EVERYBODY
    for column, value in rule:
        one = one_of(terms[column], [value]) if isinstance(value, str) else c.Compare(terms[column], "=", Decimal(int(value)))
        found = c.both(found, one)
    return found


def _merged(told: list[c.Condition]) -> c.Condition | None:
    """Several values of one field as a list; None where they are not that."""
    compared = [one for one in told if isinstance(one, c.Compare) and one.sign == "="]
    if len(compared) < len(told) or len({one.term for one in compared}) > 1 or len(compared) < 2:
        return None
    values = tuple(dict.fromkeys(one.value for one in compared))
    return compared[0] if len(values) == 1 else c.OneOf(compared[0].term, values)
