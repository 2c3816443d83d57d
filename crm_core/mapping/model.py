"""What a user decides about a file: what one row is, which column feeds which field, and how its values are written.

A `Mapping` is plain, immutable data: it is suggested (`suggest.py`), shown and corrected (pages), checked
(`validate.py`), carried out (`build.py`) and remembered (`store/mappings.py`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from crm_core.schema import TABLES, Field

#: What one row of a source table is. "products" is a list of articles that completes the lines by product_id.
Grain = Literal["order_lines", "orders", "customers", "products", "surveys", "cases", "contacts", "ignore"]

GRAIN_LABELS: dict[Grain, str] = {
    "order_lines": "a sale: an order, or a line of one, with its amount",
    "orders": "an order, with its lines in another file",
    "customers": "a customer",
    "products": "a product",
    "surveys": "a survey response or review",
    "cases": "a complaint or request",
    "contacts": "a contact with a customer: an e-mail sent, a call, a letter",
    "ignore": "nothing to use: leave this table out",
}

#: Tables whose fields a row of that grain may feed, the first one first where a field name stands in several
#: (a flat file of sales feeds lines, orders and customers at once).
GRAIN_TABLES: dict[Grain, tuple[str, ...]] = {
    "order_lines": ("order_lines", "orders", "customers"),
    "orders": ("orders", "customers"),
    "customers": ("customers",),
    "products": ("order_lines",),
    "surveys": ("surveys",),
    "cases": ("cases",),
    "contacts": ("contacts",),
    "ignore": (),
}

#: Fields a products list may feed (its grain is the product, so nothing of a sale).
PRODUCT_FIELDS = ("product_id", "product", "category", "unit_cost")


def fields_for(grain: Grain) -> dict[str, Field]:
    """Fields a row of that grain may feed, by bare name, in the order pages offer them.

    Names are unique within a grain: `customer_id`, `order_id` stand once though three tables have them.
    """
    found: dict[str, Field] = {}
    for table_name in GRAIN_TABLES[grain]:
        for one in TABLES[table_name].mappable():
            if grain == "products" and one.name not in PRODUCT_FIELDS:
                continue
            found.setdefault(one.name, one)
    return found


@dataclass(frozen=True)
class NumberFormat:
    """How a text column writes numbers. Currency signs, blanks, Persian and Arabic digits are always understood."""

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", "'", " "] = ""
    negatives: Literal["leading", "trailing", "parentheses", "any"] = "leading"
    is_plain: bool = True  # digits, a leading minus and a decimal point only: a bare cast reads it
    evidence: str = ""  # why the marks are taken so, where they could be taken otherwise

    def describe(self) -> str:
        marks = f"decimal “{self.decimal}”" + (f", thousands “{self.thousands}”" if self.thousands else "")
        return marks + (f" ({self.evidence})" if self.evidence else "")


DateStyle = Literal[
    "native",  # the source already has dates
    "iso",  # 2018-07-25, 2018/07/25 with or without time, year first
    "dmy",
    "mdy",
    "ymd_compact",  # 19970101
    "ymdh_compact",  # 2018100100
    "jalali",  # 1398/01/01, 1398-Farvardin-1
    "excel_serial",  # 43101.5
    "epoch_seconds",
    "epoch_milliseconds",
]


@dataclass(frozen=True)
class DateFormat:
    """How a column writes dates: decided once for the whole column, never row by row.

    `evidence` says why in words ("31 values have a day above 12"); `is_ambiguous` is true where both d/m/y and m/d/y
    read every value and nothing decides, so the user is asked; she is asked too where `is_mixed`: values of both orders
    stand in the column, so that whichever is chosen, some are left out and some may be read wrongly.
    `patterns` are strptime patterns tried in turn for the style (they differ in time part and separators only).
    """

    style: DateStyle
    patterns: tuple[str, ...] = ()
    evidence: str = ""
    is_ambiguous: bool = False
    is_mixed: bool = False


@dataclass(frozen=True)
class TableMapping:
    """The decisions on one source table; columns are named as the user sees them.

    `fields` is field -> column, so that two columns cannot feed one field. `attributes` are columns taken along
    under their own name (customer attributes). Formats are kept by column and only where the column is used. `scale` declares measure and
    scale of scores that name neither ("csat 1-7", "ces 7-1" where 1 is best); "" leaves them to their names and values.
    """

    source: str
    grain: Grain
    fields: dict[str, str] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    numbers: dict[str, NumberFormat] = field(default_factory=dict)
    dates: dict[str, DateFormat] = field(default_factory=dict)
    scale: str = ""

    def with_field(self, name: str, column: str | None) -> TableMapping:
        """The same with `name` fed by `column`, or by nothing; a column leaves the attributes when a field takes it."""
        fields = {key: value for key, value in self.fields.items() if key != name}
        if column is not None:
            fields[name] = column
        return replace(self, fields=fields, attributes=tuple(a for a in self.attributes if a != column))


@dataclass(frozen=True)
class ImportOptions:
    """Choices on the import as a whole; each is shown in the receipt.

    `date_order` overrides the decision on all d/m/y or m/d/y columns. `rates` are units of `currency` for one unit of
    another currency. `status_words` overrides what a status word means (see statuses.py), in lower case.
    `timezone` is the workspace's zone: times with an offset are converted to it, others are kept as they are.
    """

    drop_duplicates: bool = False
    date_order: Literal["", "dmy", "mdy"] = ""
    currency: str = ""
    rates: dict[str, str] = field(default_factory=dict)
    status_words: dict[str, str] = field(default_factory=dict)
    timezone: str = "UTC"


@dataclass(frozen=True)
class Mapping:
    """All decisions of one import."""

    tables: tuple[TableMapping, ...]
    options: ImportOptions = ImportOptions()

    def table(self, source: str) -> TableMapping:
        for one in self.tables:
            if one.source == source:
                return one
        raise KeyError(source)

    def with_table(self, changed: TableMapping) -> Mapping:
        return replace(self, tables=tuple(changed if one.source == changed.source else one for one in self.tables))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Mapping:
        tables = tuple(
            TableMapping(
                source=one["source"],
                grain=one["grain"],
                fields=dict(one["fields"]),
                attributes=tuple(one["attributes"]),
                numbers={key: NumberFormat(**value) for key, value in one["numbers"].items()},
                dates={key: DateFormat(**{**value, "patterns": tuple(value["patterns"])}) for key, value in one["dates"].items()},
                scale=one.get("scale", ""),
            )
            for one in data["tables"]
        )
        return Mapping(tables, ImportOptions(**data["options"]))
