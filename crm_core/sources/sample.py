"""Where the files of the sample company lie, and the small files to try an import with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "data"

#: The order in which an import shows them.
SAMPLE_TABLES = ("customers", "orders", "order_lines", "products", "surveys", "cases", "contacts")


@dataclass(frozen=True)
class Example:
    """A small file to try: what it is, and what reading it takes."""

    title: str
    description: str
    path: Path


def sample_files() -> tuple[Path, ...]:
    """The exports of the sample company, all to be imported together."""
    return tuple(DATA / "sample" / f"{name}.parquet" for name in SAMPLE_TABLES)


def examples() -> tuple[Example, ...]:
    """Files as they come from shops, each with difficulties that the import should see through by itself."""
    return (
        Example(
            "Russian shop",
            "One row a sale: Russian headers in Windows-1251, semicolons, decimal commas, blanks between the thousands, day.month.year.",
            DATA / "examples" / "russian_shop.csv",
        ),
        Example(
            "Persian shop",
            "One row a sale: Persian headers, digits and letters, dates of the Jalali calendar, amounts in toman.",
            DATA / "examples" / "persian_shop.csv",
        ),
        Example(
            "Messy English export",
            "Pound signs, negatives in parentheses, day/month/year, rows twice, customers left out, “n/a” for nothing, notes of two lines.",
            DATA / "examples" / "messy_export.csv",
        ),
    )
