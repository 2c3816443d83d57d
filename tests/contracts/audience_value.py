"""The contracts of what is told beside an audience: its value ahead, what its kind did before, whom the rules take, and values that nobody has."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience import never, respect, value
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.members import members
from crm_core.analytics.audience.respect import Rules
from tests.contracts.look import Look

OFTEN = c.Compare(c.Column("count_orders"), ">=", Decimal(2))
QUIET = c.Compare(c.Column("days_since_last_order"), ">=", Decimal(60))
STRICT = Rules(unknown_consent=True, most_contacts=2, contact_days=90)
BY_MAIL = Rules(channel="E-mail", open_case=False)
NAMED = c.OneOf(c.Column("country"), ("Iran", "Germany", "Germny", "Россия", "o'neil; --"))
SOLD = c.Compare(c.Sum("net_sales", (("product", ("Nothing of the kind", "'; --")),)), ">", Decimal(0))


def _basis(it: Look) -> Basis:
    return Basis(it.as_of, followed=it.followed)


def _known(it: Look, condition: c.Condition, table: str, column: str) -> c.Condition:
    """The condition where the company can be asked it."""
    return condition if it.ws.has(table, column) else c.EVERYBODY


AUDIENCE_VALUE: dict[str, dict[str, Any]] = {
    "audience.value.forecast_value": {
        "often": lambda it: value.forecast_value(it.ws, OFTEN, _basis(it), STRICT),
        "everybody": lambda it: value.forecast_value(it.ws, c.EVERYBODY, _basis(it)),
    },
    "audience.value.before": {
        "often": lambda it: value.before(it.ws, OFTEN, _basis(it), None, 60),
        "quiet": lambda it: value.before(it.ws, QUIET, _basis(it), STRICT, 30),
        "everybody": lambda it: value.before(it.ws, c.EVERYBODY, _basis(it), Rules(), 120),
    },
    "audience.never.never": {
        "country": lambda it: never.never(it.ws, _known(it, NAMED, "customers", "country"), _basis(it)),
        "product": lambda it: never.never(it.ws, _known(it, SOLD, "order_lines", "product"), _basis(it)),
    },
    "audience.respect.left_out": {
        "strict": lambda it: respect.left_out(it.ws, members(it.ws, c.EVERYBODY, _basis(it)), STRICT, _basis(it)),
        "by_mail": lambda it: respect.left_out(it.ws, members(it.ws, OFTEN, _basis(it)), BY_MAIL, _basis(it)),
    },
}
