"""What do the contacts made with a customer tell: how many, when the last, who opted out, whose address is dead?

Grain: customer with a contact before as_of.
"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.analytics.orders import midnight
from crm_core.workspace import Workspace

#: The outcomes that analyses ask for, as the import writes them.
OPTED_OUT, BOUNCED = "opted_out", "bounced"


def contacts(ws: Workspace, as_of: date, since: date | None = None, channel: str | None = None) -> ir.Table:
    """Grain: contact with a customer before as_of (from `since` on, through that channel, in whatever letters). Columns of `contacts`.

    Raises AnalysisError where the data has no contacts.
    """
    table = ws.table("contacts")
    rows = table.filter(table.customer_id.notnull(), table.contacted_at < midnight(as_of))
    rows = rows if since is None else rows.filter(rows.contacted_at >= midnight(since))
    return rows if channel is None else rows.filter(rows.channel.lower() == channel.lower())


def customers(ws: Workspace, as_of: date, channel: str | None = None) -> ir.Table:
    """Columns: customer_id, count_contacts, last_contact_on, opted_out (ever, through whatever channel is looked at), is_unreachable (the last contact with
    a known outcome bounced).

    Raises AnalysisError where the data has no contacts.
    """
    return ws.keep(f"contacts of customers {as_of} {channel!r}", lambda: _by_customer(contacts(ws, as_of, channel=channel)))


def opted_out(ws: Workspace, as_of: date, channel: str | None = None) -> ir.Table:
    """Those who opted out, which is quicker found than all that `customers` tells. Columns: customer_id, opted_out (true).

    Raises AnalysisError where the data has no contacts.
    """
    rows = contacts(ws, as_of, channel=channel)
    ids = rows.filter(rows.outcome == OPTED_OUT).select("customer_id").distinct()
    return ws.keep(f"opted out {as_of} {channel!r}", lambda: ids.mutate(opted_out=ibis.literal(True)))


def _by_customer(rows: ir.Table) -> ir.Table:
    told = rows.outcome.notnull()
    summed = rows.group_by("customer_id").aggregate(
        count_contacts=rows.count(),
        last_contact_on=rows.contacted_at.max().date(),
        opted_out=(rows.outcome == OPTED_OUT).fill_null(False).any(),
        last_bounced_at=rows.contacted_at.max(where=(rows.outcome == BOUNCED).fill_null(False)),
        last_told_at=rows.contacted_at.max(where=told),
    )
    unreachable = (summed.last_bounced_at == summed.last_told_at).fill_null(False)
    return summed.mutate(is_unreachable=unreachable).drop("last_bounced_at", "last_told_at")
