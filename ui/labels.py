"""What columns of results are called on pages and in downloads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crm_core.schema import TABLES

if TYPE_CHECKING:
    from crm_core.workspace import Workspace

LABELS = {
    "customer_id": "Customer",
    "days_since_last_order": "Days since last order",
    "count_orders": "Orders",
    "net_sales": "Net sales",
    "gross_profit": "Gross profit",
    "r_score": "R",
    "f_score": "F",
    "m_score": "M",
    "segment": "Segment",
    "value_class": "Class",
    "value": "Value",
    "rank": "Rank",
    "customers": "Customers",
    "customer_share": "Share of customers",
    "sales_share": "Share of sales",
    "value_share": "Share of value",
    "clv": "Forecast value",
    "clv_low": "Forecast from",
    "clv_high": "Forecast to",
    "p_alive": "P(alive)",
    "p_alive_before": "P(alive) after the last purchase",
    "expected_purchases": "Purchases expected",
    "expected_spend": "Value of a purchase",
    "monetary_value": "Mean purchase after the first",
    "frequency": "Frequency",
    "recency_days": "Recency, days",
    "T_days": "T, days",
    "risk_value": "Value at risk",
    "active_value": "Value if active",
    "last_purchase_on": "Last purchase",
    "doubtful_since": "Doubtful since",
    "cluster": "Cluster",
    "ordered_on": "Day",
    "net_value": "Net value",
    "is_purchase": "Purchase",
    "median_days": "Median days since last order",
    "median_orders": "Median orders",
    "median_net_sales": "Median net sales",
    "label": "Attribute",
    "net_sales_before": "Net sales before",
    "change": "Change",
    "is_partial": "Not whole",
    "last_score": "Last score",
    "satisfaction": "Satisfaction",
    "open_cases": "Open cases",
    "risk": "Risk",
    "at_risk": "At risk",
    "answers": "Answers",
    "nps": "NPS",
    "csat_share": "CSAT",
    "ces": "CES",
    "reason": "Why",
    "next_step": "Next step",
    "value_at_stake": "Value at stake",
    "public_reach": "Public reach",
    "priority": "Rank value",
    "answered_on": "Answered on",
    "loyalty": "Loyalty",
    "attitude": "In word",
    "behaviour": "In deed",
    "rule": "Rule",
    "move": "Usual move",
}


def labels(ws: Workspace | None, columns: Iterable[str]) -> dict[str, str]:
    """Column -> label: the names above, the user's own names of attributes, the schema's labels of customers, or the name in words."""
    schema = {field.name: field.label for field in TABLES["customers"].fields}
    own = ws.labels if ws is not None else {}
    return {
        column: LABELS.get(column) or own.get(column) or schema.get(column) or column.replace("_", " ").capitalize() for column in columns
    }
