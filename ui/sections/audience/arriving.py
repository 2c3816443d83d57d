"""Customers that were chosen on another page become an audience: what a click, the filters or a list chose, as conditions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from crm_core.analytics.audience import clicked
from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.language import LONGEST, to_text
from ui.sections.audience import asked, keeping

if TYPE_CHECKING:
    from crm_core.analytics.chosen import Rule
    from crm_core.analytics.clusters import ClusterSettings
    from ui.frame import View

#: Those who ever bought: what scores, clusters and forecasts are of.
BUYERS = c.Compare(c.Column("count_orders"), ">=", Decimal(1))


def with_condition(view: View, condition: c.Condition) -> bool:
    """The page Audience is to begin anew with the customers who meet the condition and whom the filters show; False where that takes too many words."""
    shown = clicked.of_filters(view.filters, _terms(view))
    return _begin(c.both(condition, shown))


def with_customers(customer_ids: Sequence[str]) -> bool:
    """The same with these customers, whom the filters have shown already."""
    return _begin(clicked.one_of(c.Column("customer_id"), customer_ids))


def _begin(condition: c.Condition) -> bool:
    text = "" if condition == c.EVERYBODY else to_text(condition)
    if len(text) <= LONGEST:
        keeping.begin(text)
    return len(text) <= LONGEST


def _terms(view: View, grouping: ClusterSettings | None = None) -> dict[str, c.Term]:
    return clicked.terms(asked.fields(view, Basis(view.as_of, view.settings, view.followed)), grouping)


def of_rules(rules: tuple[Rule, ...], grouping: ClusterSettings | None = None) -> Callable[[View], c.Condition]:
    """Those of the clicked marks (buyers, without any), for `tables.customer_table`."""

    def condition(view: View) -> c.Condition:
        found = clicked.of_rules(rules, _terms(view, grouping))
        return BUYERS if found == c.EVERYBODY else found

    return condition


def always(condition: c.Condition) -> Callable[[View], c.Condition]:
    """The same condition, whatever is shown."""
    return lambda _view: condition
