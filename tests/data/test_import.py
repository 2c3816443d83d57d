"""The sample company and the examples load by the suggested mapping alone, with the figures that their own script knows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from crm_core.analytics.orders import orders
from crm_core.mapping.build import build
from crm_core.mapping.receipt import Receipt
from crm_core.mapping.suggest import Suggestion, suggest
from crm_core.sources.files import stage
from crm_core.sources.sample import DATA, examples, sample_files
from crm_core.sources.staging import Staging
from crm_core.workspace import Workspace

PERSIAN = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789", "٬")


def load(files: Sequence[Path], target: Path) -> tuple[Suggestion, Receipt]:
    """Import the files as suggested."""
    with Staging(target.parent) as staging:
        for file in files:
            stage(staging, file)
        suggestion = suggest(staging)
        return suggestion, build(staging, suggestion.mapping, target, name=target.stem, imported_at=datetime(2026, 1, 5))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Suggestion, Receipt, Path]:
    target = tmp_path_factory.mktemp("sample") / "sample.duckdb"
    return *load(sample_files(), target), target


@pytest.fixture
def workspace(sample: tuple[Suggestion, Receipt, Path]) -> Iterator[Workspace]:
    with Workspace.open(sample[2]) as ws:
        yield ws


@pytest.fixture(scope="module")
def effects() -> dict[str, object]:
    return json.loads((DATA / "truth" / "effects.json").read_text(encoding="utf-8"))


def test_the_sample_leaves_no_doubt(sample: tuple[Suggestion, Receipt, Path]) -> None:
    assert [problem for problem in sample[0].problems if problem.severity in ("error", "question")] == []


def test_net_sales_of_the_sample_are_exactly_the_truth(sample: tuple[Suggestion, Receipt, Path], effects: dict[str, str]) -> None:
    assert Decimal(sample[1].net_sales) == Decimal(effects["net_sales"])


def test_the_receipt_names_the_mess_of_the_sample(sample: tuple[Suggestion, Receipt, Path], effects: dict[str, dict[str, int]]) -> None:
    receipt = sample[1]
    lines = next(one for one in receipt.sources if one.source.startswith("order_lines"))
    assert receipt.rows_read == receipt.rows_used + receipt.rows_rejected == sum(effects["rows"].values())
    assert lines.duplicates == effects["mess"]["lines_repeated"]
    assert lines.rows_rejected == effects["lines_rejected"]
    assert receipt.currency == "EUR"


def test_every_canonical_table_and_the_attributes_are_fed(workspace: Workspace) -> None:
    assert all(workspace.has(table) for table in ("customers", "orders", "order_lines", "surveys", "cases", "contacts"))
    assert {"country", "region", "city", "acquisition_channel", "plan", "sales_rep"} <= {
        name.lower().replace(" ", "_") for name in (*workspace.split_fields(), *workspace.split_fields().values())
    }


def test_the_sample_is_looked_at_from_new_year(workspace: Workspace) -> None:
    assert (workspace.first_day, workspace.as_of) == (date(2023, 1, 1), date(2026, 1, 1))


def test_purchases_of_the_sample_come_close_to_the_truth(workspace: Workspace) -> None:
    """Orders that came back whole are no purchases, and those without a date are lost."""
    import pandas as pd

    truth = pd.read_parquet(DATA / "truth" / "customers.parquet")["purchases_until_end"].sum()
    counted = workspace.execute(orders(workspace, workspace.as_of).is_purchase.sum())
    assert 0.99 * truth < counted < truth


@pytest.mark.parametrize("number", range(len(examples())), ids=[one.path.stem for one in examples()])
def test_examples_load_with_the_sum_that_stands_in_the_file(number: int, tmp_path: Path) -> None:
    path = examples()[number].path
    suggestion, receipt = load([path], tmp_path / "example.duckdb")
    amounts = [amount(row) for row in rows(path)]
    assert [problem for problem in suggestion.problems if problem.severity in ("error", "question")] == []
    assert (receipt.rows_read, receipt.rows_rejected) == (len(amounts), 0)
    assert Decimal(receipt.net_sales) == sum(amounts)
    assert receipt.lines_returned == sum(one < 0 for one in amounts)


def rows(path: Path) -> list[list[str]]:
    """The rows below the header, as Python's own reader has them."""
    data = path.read_bytes()
    text = data.decode("cp1251" if path.stem.startswith("russian") else "utf-8-sig")
    delimiter = ";" if path.stem.startswith("russian") else ","
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[1:]


def amount(row: list[str]) -> Decimal:
    """The amount of a row, which is the ninth column in all three files."""
    text = row[8].translate(PERSIAN).replace("\u00a0", "").replace("£", "")
    if text.startswith("("):
        text = "-" + text.strip("()")
    return Decimal(text.replace(",", ".") if "," in text and "." not in text else text.replace(",", ""))
