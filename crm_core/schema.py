"""The canonical tables: what one row is, which columns it has, in which unit, and how people call them.

Rules are data: pages, mapping, checks and documentation all read the tables below; nothing else names a column's type.
Adding a table is one entry here plus its analyses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "text", "category", "email", "phone", "flag", "date", "timestamp", "amount", "quantity", "score", "integer"]

#: SQL (DuckDB) and Ibis type of each kind. Amounts and quantities are exact: sums of doubles differ from run to run.
IBIS_TYPES: dict[Kind, str] = {
    "id": "string",
    "text": "string",
    "category": "string",
    "email": "string",
    "phone": "string",
    "flag": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "amount": "decimal(18, 4)",
    "quantity": "decimal(18, 4)",
    "score": "decimal(18, 4)",
    "integer": "int64",
}


@dataclass(frozen=True)
class Field:
    """One column of a canonical table.

    `only_for_import` marks a column that a file may have and that import turns into others (a profit into a cost);
    it is offered for mapping and never stored. `made_here` marks a column that no file feeds.
    """

    name: str
    kind: Kind
    label: str
    help: str = ""
    only_for_import: bool = False
    made_here: bool = False

    @property
    def type(self) -> str:
        return IBIS_TYPES[self.kind]


@dataclass(frozen=True)
class Table:
    """One canonical table: its grain in words, its key and its fields."""

    name: str
    label: str
    grain: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"{self.name} has no field {name}")

    def stored(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if not field.only_for_import)

    def mappable(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if not field.made_here)


CUSTOMERS = Table(
    "customers",
    "Customers",
    "customer",
    ("customer_id",),
    (
        Field("customer_id", "id", "Customer id", "The person or company that buys"),
        Field(
            "customer_key",
            "id",
            "Customer key used by the orders",
            "Only where orders name the customer by another key",
            only_for_import=True,
        ),
        Field("name", "text", "Customer name"),
        Field("email", "email", "E-mail"),
        Field("phone", "phone", "Phone"),
        Field("consent", "flag", "Consent to contact"),
        Field("joined_on", "date", "Customer since"),
        Field("acquisition_channel", "category", "Won through channel"),
        Field("country", "category", "Country"),
        Field("region", "category", "Region"),
        Field("city", "category", "City"),
    ),
)

ORDERS = Table(
    "orders",
    "Orders",
    "order of a customer",
    ("customer_id", "order_id"),
    (
        Field("customer_id", "id", "Customer id"),
        Field("order_id", "id", "Order id", "Invoice, basket or receipt number; without one, a customer's lines of one day are one order"),
        Field("ordered_at", "timestamp", "Date of the order"),
        Field("channel", "category", "Sales channel"),
        Field("status", "category", "Order status", "Cancelled and unpaid orders are no purchase and add no sales"),
        Field("currency", "category", "Currency"),
        Field("promised_on", "date", "Promised delivery date"),
        Field("delivered_on", "date", "Delivery date"),
    ),
)

ORDER_LINES = Table(
    "order_lines",
    "Order lines",
    "line of an order",
    ("customer_id", "order_id", "line_no"),
    (
        Field("customer_id", "id", "Customer id"),
        Field("order_id", "id", "Order id"),
        Field("line_no", "integer", "Line number"),
        Field("line_at", "timestamp", "Date of the line", "Only where a line has a date of its own, such as a later return"),
        Field("product_id", "id", "Product id"),
        Field("product", "text", "Product"),
        Field("category", "category", "Product category"),
        Field("quantity", "quantity", "Quantity", "Negative for returns"),
        Field("unit_price", "amount", "Unit price"),
        Field("net_amount", "amount", "Net amount", "Of the whole line, after discount, without delivery; wins over quantity × unit price"),
        Field("list_amount", "amount", "Amount at list price"),
        Field("discount_amount", "amount", "Discount"),
        Field("cost_amount", "amount", "Cost", "Of the whole line"),
        Field("delivery_amount", "amount", "Delivery"),
        Field("unit_cost", "amount", "Unit cost", "Becomes cost = quantity × unit cost", only_for_import=True),
        Field("profit_amount", "amount", "Profit", "Becomes cost = net amount − profit", only_for_import=True),
        Field("is_void", "flag", "Cancelled or unpaid", "The order's status means cancelled or unpaid", made_here=True),
    ),
)

SURVEYS = Table(
    "surveys",
    "Surveys",
    "response",
    ("response_id",),
    (
        Field("response_id", "id", "Response id"),
        Field("customer_id", "id", "Customer id"),
        Field("order_id", "id", "Order id"),
        Field("responded_at", "timestamp", "Date of the response"),
        Field("measure", "category", "Measure", "nps, csat, ces or attitude"),
        Field("score", "score", "Score"),
        Field("nps_score", "score", "NPS score", "Only where a row has several scores: each becomes a response", only_for_import=True),
        Field("csat_score", "score", "CSAT score", "Only where a row has several scores: each becomes a response", only_for_import=True),
        Field("ces_score", "score", "CES score", "Only where a row has several scores: each becomes a response", only_for_import=True),
        Field(
            "attitude_score",
            "score",
            "Attitude score",
            "Only where a row has several scores: each becomes a response",
            only_for_import=True,
        ),
        Field("scale_min", "score", "Lowest score possible"),
        Field("scale_max", "score", "Highest score possible"),
        Field("touchpoint", "category", "Touchpoint"),
        Field("comment", "text", "Comment"),
        Field("row_no", "integer", "Row", "Of two answers of one day the later row counts", made_here=True),
    ),
)

CASES = Table(
    "cases",
    "Cases",
    "complaint or request",
    ("case_id",),
    (
        Field("case_id", "id", "Case id"),
        Field("customer_id", "id", "Customer id"),
        Field("order_id", "id", "Order id"),
        Field("opened_at", "timestamp", "Opened"),
        Field("first_response_at", "timestamp", "First response"),
        Field("resolved_at", "timestamp", "Resolved"),
        Field("closed_at", "timestamp", "Closed", "Counts as resolved where no time of resolving is given", only_for_import=True),
        Field(
            "updated_at",
            "timestamp",
            "Date of this event",
            "Only where a case has several rows: the latest tells its state",
            only_for_import=True,
        ),
        Field("due_at", "timestamp", "Due"),
        Field("is_within_sla", "flag", "Within SLA"),
        Field("channel", "category", "Contact channel"),
        Field("topic", "category", "Topic"),
        Field("priority", "category", "Priority"),
        Field("status", "category", "Status"),
        Field("count_contacts", "integer", "Contacts"),
        Field("count_reopened", "integer", "Times reopened"),
        Field("is_escalated", "flag", "Escalated"),
        Field("public_reach", "integer", "Public reach"),
        Field("csat_score", "score", "CSAT score", "Becomes a survey response about the case", only_for_import=True),
    ),
)

_MARK = "A yes, a count or a time in a column of its own; becomes the outcome"

CONTACTS = Table(
    "contacts",
    "Contacts",
    "contact that the company made with a customer",
    ("customer_id", "contact_id"),
    (
        Field("contact_id", "id", "Contact id", "Of the message or call; rows of one id and customer are one contact"),
        Field("customer_id", "id", "Customer id"),
        Field("email", "email", "E-mail of the customer", "Finds the customer where no id is given", only_for_import=True),
        Field("contacted_at", "timestamp", "Contacted", "When the e-mail was sent, the call made, the letter posted"),
        Field("channel", "category", "Channel of the contact", "E-mail, SMS, phone, post"),
        Field("campaign", "category", "Campaign"),
        Field("outcome", "category", "Outcome", "delivered, opened, clicked, bounced, opted_out, or as given"),
        Field("delivered_mark", "text", "Was delivered", _MARK, only_for_import=True),
        Field("opened_mark", "text", "Was opened", _MARK, only_for_import=True),
        Field("clicked_mark", "text", "Was clicked", _MARK, only_for_import=True),
        Field("bounced_mark", "text", "Bounced", _MARK, only_for_import=True),
        Field("opted_out_mark", "text", "Opted out", _MARK, only_for_import=True),
        Field("cost_amount", "amount", "Cost of the contact"),
    ),
)

TABLES: dict[str, Table] = {table.name: table for table in (CUSTOMERS, ORDERS, ORDER_LINES, SURVEYS, CASES, CONTACTS)}

#: Version of the workspace file; a reader refuses one it does not know.
FORMAT = 3

#: Attributes of any name are stored in `customers` as attr_1, attr_2, ... with the user's name as label.
ATTRIBUTE_PREFIX = "attr_"

#: Columns of `customers` that filter and split every page, beside the mapped attributes.
SPLIT_FIELDS = ("country", "region", "city", "acquisition_channel")

#: Fields of scores, of which a response feeds at least one; beside `score`, which may be of any measure, each is of one.
SCORE_FIELDS = ("score", "nps_score", "csat_score", "ces_score", "attitude_score")
