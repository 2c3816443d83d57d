"""The contracts of audiences and of the contacts with customers: conditions of every kind, and texts that a statement might trip over as values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from crm_core.analytics import contacts
from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience import everybody, fields, listed, members, overlap, picture, respect
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.language import parse
from crm_core.analytics.audience.respect import Rules
from tests.contracts.look import TYPED, Look

HOSTILE = (
    "o'neil", "o'n", 'say "hi"', 'hi"', "back\\slash", "back\\", "\\", "100%", "%", "_", "_x", "semi; --", "'; DROP TABLE customers; --", "%s", "{0}", "$1",
    "?", ":1", "NULL", "tab\there", "ش-۱", "سارا", "яблоко", "ß", "SS", "İzmir", "οδός", "ΟΔΟΣ", "\U0001f600", "\U0001d49e", "\ue000", "é", "e\u0301",
    "ИВАНОВ", "müller",
)  # fmt: skip
#: What is asked of every company that can be asked it.
WHERE = {
    "scores": "r_score in (4, 5) and not (f_score = 1 or m_score < 3)",
    "orders": "net_sales > 10.0001 and count_orders >= 2 and days_since_last_order between 1 and 400",
    "dates": "first_order_on < 2024-01-01 or last_order_on in (2024-05-05) or joined_on = 2024-02-29",
    "bought": "bought anything at least 2 times since 2023-02-01 until 2024-08-01 and not bought anything in last 60 days",
    "narrowed": "bought category ('Tea', 'Чай') or net_sales of channel 'Web' of category 'tea' in last 2 years >= 1.9999 or bought product 'Té 🍵'",
    "pieces": "quantity in last 24 months > 2.5 or quantity of category 'Tea' > 0",
    "events": "count_cases of topic ('Late', 'دیر رسید') > 0 or count_responses in last 12 months >= 2 or count_contacts of outcome 'bounced' >= 1",
    "earlier": "segment on 2024-06-01 = 'Champions' or net_sales on 2024-06-01 >= 100",
    "missing": "country is missing or not (country != 'Iran') or segment is missing",
    "texts": "country in ('Iran', 'Россия', '') or name contains 'иванов' or name starts with 'O''N' or [Plan (Тариф)] = 'زرین'",
    "service": "open_cases >= 1 or last_score < 7 or risk is known or satisfaction = 'Promoters'",
    "contacts": "consent or opted_out or not is_unreachable and last_contact_on > 2024-01-01 or has_email",
    "moved": "moved from ('No order before', 'Champions') to ('New customers', 'At risk', 'Champions') between 2024-06-01 and 2024-12-01 looking back 180 days",
    "profit": "gross_profit > 5 or gross_profit_class = 'A' or gross_profit_rank <= 3 or net_sales_rank <= 5",
}


def _basis(it: Look) -> Basis:
    return Basis(it.as_of, followed=it.followed)


def _parsed(it: Look, text: str, basis: Basis | None = None) -> c.Condition:
    return parse(text, fields.catalogue(it.ws, basis or _basis(it)), fields.measures(it.ws))


def _members(it: Look, text: str) -> ir.Table:
    return members.members(it.ws, _parsed(it, text), _basis(it))


def _each(it: Look, leaf: Callable[[c.Term, str], c.Condition], texts: Sequence[str]) -> ir.Table:
    """Whose id each of the texts finds, in one question. Columns: customer_id, place (of the text)."""
    found = [members.members(it.ws, leaf(c.Column("customer_id"), text), _basis(it)) for text in texts]
    return ibis.union(*(table.select("customer_id", place=ibis.literal(place, type="int64")) for place, table in enumerate(found)))


def _clustered(it: Look) -> ir.Table:
    condition = c.Compare(c.Cluster(3, ("count_orders", "average_order_value"), 5), "=", Decimal(1))
    return members.members(it.ws, condition, _basis(it))


def _forecast(it: Look) -> ir.Table:
    return members.members(it.ws, _parsed(it, "clv_class = 'A' and p_alive > 0.1"), _basis(it))


def _some(it: Look) -> c.Condition:
    return _parsed(it, "net_sales > 10 or count_orders = 0")


def _grouped(it: Look, share: float = 0.3) -> pa.Table:
    return listed.grouped(it.ws, everybody.everybody(it.ws, _basis(it)), share, 7)


def _as_rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in table.to_pylist()]


def _listing(it: Look) -> ir.Table:
    names = ("segment", "net_sales", "country", "name", "open_cases", "opted_out", "has_email", "email", "net_sales_rank")
    known = listed.columns(it.ws, _basis(it))
    return listed.listed(it.ws, _members(it, "everybody"), _basis(it), [name for name in names if name in known])


ALL_RULES = Rules(unknown_consent=True, most_contacts=2, contact_days=60)
BY_MAIL = Rules(most_contacts=1, contact_days=200, channel="E-mail")


AUDIENCES: dict[str, dict[str, Any]] = {
    "contacts.contacts": {
        "usual": lambda it: contacts.contacts(it.ws, it.as_of),
        "since": lambda it: contacts.contacts(it.ws, it.as_of, it.earlier, "E-mail"),
    },
    "contacts.customers": {
        "usual": lambda it: contacts.customers(it.ws, it.as_of),
        "channel": lambda it: contacts.customers(it.ws, it.as_of, "e-mail"),
    },
    "contacts.opted_out": {
        "usual": lambda it: contacts.opted_out(it.ws, it.as_of),
        "channel": lambda it: contacts.opted_out(it.ws, it.as_of, "e-mail"),
    },
    "audience.everybody.everybody": {
        "usual": lambda it: everybody.everybody(it.ws, _basis(it)),
        "typed": lambda it: everybody.everybody(it.ws, Basis(it.earlier, TYPED)),
    },
    "audience.fields.catalogue": {"usual": lambda it: list(fields.catalogue(it.ws, _basis(it)).values())},
    "audience.fields.measures": {"usual": lambda it: list(fields.measures(it.ws).values())},
    "audience.fields.told_by": {
        "usual": lambda it: fields.told_by(it.ws, _basis(it), "addresses"),
        "satisfaction": lambda it: fields.told_by(it.ws, _basis(it), "satisfaction"),
        "ranks": lambda it: fields.told_by(it.ws, _basis(it), "ranks net_sales"),
    },
    "audience.fields.choices": {
        "usual": lambda it: [
            fields.choices(it.ws, _basis(it), one) for one in fields.catalogue(it.ws, _basis(it)).values() if one.source == "customers"
        ],
    },
    "audience.fields.values_of": {
        "usual": lambda it: [
            (one.name, name, fields.values_of(it.ws, one, name)) for one in fields.measures(it.ws).values() for name in one.columns
        ],
    },
    "audience.members.members": {
        "listed": lambda it: members.members(it.ws, c.OneOf(c.Column("customer_id"), HOSTILE), _basis(it)),
        "hostile": lambda it: _each(it, lambda term, text: c.Compare(term, "=", text), HOSTILE),
        "contains": lambda it: _each(it, lambda term, text: c.Has(term, "contains", text), HOSTILE[:20]),
        "starts": lambda it: _each(it, lambda term, text: c.Has(term, "starts with", text), HOSTILE[::2]),
        **{name: (lambda it, text=text: _members(it, text)) for name, text in WHERE.items()},
        "cluster": _clustered,
        "forecast": _forecast,
    },
    "audience.members.judged": {"usual": lambda it: members.judged(it.ws, _some(it), _basis(it))},
    "audience.picture.picture": {
        "usual": lambda it: picture.picture(it.ws, _some(it), _basis(it)),
        "nobody": lambda it: picture.picture(it.ws, c.Not(c.EVERYBODY), _basis(it)),
    },
    "audience.picture.profile": {"usual": lambda it: picture.profile(it.ws, _some(it), _basis(it))},
    "audience.picture.averages": {"usual": lambda it: picture.averages(it.ws, _some(it), _basis(it))},
    "audience.picture.bought": {
        "usual": lambda it: picture.bought(it.ws, _some(it), _basis(it)),
        "few": lambda it: picture.bought(it.ws, _some(it), _basis(it), "product_id", 3),
    },
    "audience.respect.rules": {"usual": lambda it: respect.rules(it.ws, ALL_RULES)},
    "audience.respect.left": {
        "ruled": lambda it: respect.left(it.ws, _parsed(it, "net_sales > 0"), _basis(it), ALL_RULES),
        "all": lambda it: respect.left(it.ws, _parsed(it, "net_sales > 0"), _basis(it), None),
    },
    "audience.respect.reachable": {
        "usual": lambda it: respect.reachable(it.ws, everybody.everybody(it.ws, _basis(it)), Rules(), _basis(it)),
        "all": lambda it: respect.reachable(it.ws, _members(it, "count_orders >= 1"), ALL_RULES, _basis(it)),
    },
    "audience.respect.count": {
        "usual": lambda it: respect.count(it.ws, everybody.everybody(it.ws, _basis(it)), ALL_RULES, _basis(it)),
        "channel": lambda it: respect.count(it.ws, _members(it, "count_orders >= 1"), BY_MAIL, _basis(it)),
    },
    "audience.listed.columns": {"usual": lambda it: listed.columns(it.ws, _basis(it))},
    "audience.listed.usual_columns": {"usual": lambda it: listed.usual_columns(it.ws, _basis(it))},
    "audience.listed.listed": {"usual": _listing},
    "audience.listed.grouped": {"usual": lambda it: _as_rows(_grouped(it)), "none": lambda it: _as_rows(_grouped(it, 0.0))},
    "audience.listed.with_groups": {"usual": lambda it: listed.with_groups(it.ws, _listing(it), _grouped(it), "of the contracts 0.3 7")},
    "audience.overlap.overlap": {
        "usual": lambda it: overlap.overlap(it.ws, _some(it), _basis(it), _parsed(it, "r_score >= 3"), Basis(it.earlier)),
    },
}
