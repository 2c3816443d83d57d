"""An import as a whole: what a mapping makes of source tables, and that each row is accounted for."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.errors import DataError, MappingError
from crm_core.mapping.build import build
from crm_core.mapping.suggest import suggest
from crm_core.schema import TABLES
from crm_core.sources.files import stage as stage_file
from crm_core.sources.staging import ReadOptions, Staging
from crm_core.workspace import Workspace
from tests.crm_core.mapping.imports import Given, carry_out, sales, stage

ANN_1 = ("Ann", "1", "2021-03-01", "2", "10.50")
ANN_2 = ("Ann", "2", "2021-03-05", "1", "3.00")
BEN_3 = ("Ben", "3", "2021-03-04", "1", "7.25")


def test_a_flat_file_feeds_lines_orders_and_customers(tmp_path: Path) -> None:
    done = carry_out(tmp_path, sales("sales.csv", ANN_1, ANN_2, BEN_3))
    lines = done.rows("order_lines", "customer_id", "order_id", "line_at", "net_amount", "is_void")
    assert lines[0] == ("Ann", "1", datetime(2021, 3, 1), Decimal("21.0000"), False)
    assert sorted(done.rows("orders", "customer_id", "order_id")) == [("Ann", "1"), ("Ann", "2"), ("Ben", "3")]
    assert sorted(done.rows("customers", "customer_id")) == [("Ann",), ("Ben",)]
    assert done.receipt.net_sales == "31.2500"
    assert done.receipt.period == ("2021-03-01", "2021-03-05")


def test_stored_tables_have_the_columns_and_types_of_the_schema(tmp_path: Path) -> None:
    done = carry_out(tmp_path, sales("sales.csv", ANN_1))
    for name in ("order_lines", "orders", "customers"):
        described = {row[0]: row[1] for row in _describe(done.path, name)}
        expected = {field.name: _sql_type(field.type) for field in TABLES[name].stored()}
        assert described == expected


def test_a_workspace_opens_on_the_file(tmp_path: Path) -> None:
    done = carry_out(tmp_path, sales("sales.csv", (*ANN_1, "gold"), (*BEN_3, "basic"), attributes=("plan",)))
    with Workspace.open(done.path) as ws:
        assert ws.name == "Shop"
        assert ws.as_of.isoformat() == "2021-03-05"
        assert ws.split_fields() == {"attr_1": "plan"}
        assert ws.receipt == done.receipt
        assert list(ws.receipt.choices) == list(done.receipt.choices)
        assert ws.has("order_lines", "quantity")
        assert not ws.has("order_lines", "cost_amount")
        assert not ws.has("surveys")


def test_lines_without_order_id_are_one_order_a_day(tmp_path: Path) -> None:
    columns = {"who": "customer_id", "day": "ordered_at", "price": "unit_price"}
    rows = [
        ("Ann", "2021-03-01 09:00", "1"),
        ("Ann", "2021-03-01 18:00", "2"),
        ("Ann", "2021-03-02 08:00", "4"),
        ("Ben", "2021-03-01 10:00", "8"),
    ]
    done = carry_out(tmp_path, sales("sales.csv", *rows, columns=columns))
    assert sorted(done.rows("orders", "customer_id", "order_id")) == [("Ann", "2021-03-01"), ("Ann", "2021-03-02"), ("Ben", "2021-03-01")]


def test_a_given_net_amount_wins_and_the_difference_is_reported(tmp_path: Path) -> None:
    columns = {"who": "customer_id", "day": "ordered_at", "pieces": "quantity", "price": "unit_price", "net": "net_amount"}
    done = carry_out(
        tmp_path, sales("s.csv", ("Ann", "2021-01-01", "2", "10", "18"), ("Ann", "2021-01-02", "2", "10", "20"), columns=columns)
    )
    assert done.rows("order_lines", "net_amount") == [(Decimal(18),), (Decimal(20),)]
    found = next(problem for problem in done.receipt.problems if problem.code == "amounts_differ")
    assert (found.rows, found.example) == (1, "18.0000")


@pytest.mark.parametrize(
    ("field", "cell", "cost"),
    [("cost_amount", "5", "5"), ("unit_cost", "2.5", "7.5"), ("profit_amount", "12", "18"), ("profit_amount", "", None)],
)
def test_cost_is_given_or_comes_of_unit_cost_or_profit_and_is_else_unknown(tmp_path: Path, field: str, cell: str, cost: str | None) -> None:
    columns = {"who": "customer_id", "day": "ordered_at", "pieces": "quantity", "price": "unit_price", "x": field}
    rows = [("Ann", "2021-01-01", "3", "10", cell or None), ("Ann", "2021-01-01", "1", "10", "9")]
    done = carry_out(tmp_path, sales("s.csv", *rows, columns=columns))
    assert done.rows("order_lines", "cost_amount")[0] == (None if cost is None else Decimal(cost),)


@pytest.mark.parametrize(
    ("pieces", "price"), [("99999", "99999"), ("0.0001", "0.0001"), ("-3", "33.3333"), ("100000", "100000.01"), ("123456", "9876543.21")]
)
def test_quantity_times_price_is_exact_at_any_size(tmp_path: Path, pieces: str, price: str) -> None:
    done = carry_out(tmp_path, sales("s.csv", ("Ann", "1", "2021-01-01", pieces, price)))
    exact = Decimal(pieces) * Decimal(price)
    stored = done.rows("order_lines", "net_amount")[0][0]
    assert abs(stored - exact) <= Decimal("0.00005")


def test_rows_that_cannot_be_used_are_listed_with_reason_column_value_and_record(tmp_path: Path) -> None:
    rows = [
        ANN_1,
        ("Ann", "2", "soon", "1", "3.00"),
        ("Ben", "3", None, "1", "7"),
        ("Ben", "4", "2021-03-04", "1", "gratis"),
        ("Ben", "5", "2021-03-04", "many", "1"),
    ]
    done = carry_out(tmp_path, sales("sales.csv", *rows, ("Ben", "6", "2021-03-04", None, "1"), ("Ben", "7", "2021-03-04", "1", None)))
    listed = {row: (reason, column, value) for _, row, reason, column, value, _ in done.rows("_rejected")}
    assert listed == {
        2: ("the date cannot be read, or is no plausible one", "day", "soon"),
        3: ("no date", "day", None),
        4: ("the amount cannot be read", "price", "gratis"),
        5: ("the quantity cannot be read", "pieces", "many"),
        6: ("no quantity", "pieces", None),
        7: ("no amount", "price", None),
    }
    record = next(record for _, row, _, _, _, record in done.rows("_rejected") if row == 2)
    assert record == '{"who":"Ann","no":"2","day":"soon","pieces":"1","price":"3.00"}'
    assert (done.receipt.rows_read, done.receipt.rows_used, done.receipt.rows_rejected) == (7, 1, 6)


def test_lines_without_customer_count_in_sales_and_in_no_customer(tmp_path: Path) -> None:
    done = carry_out(tmp_path, sales("sales.csv", ANN_1, (None, "9", "2021-03-02", "1", "4.00")))
    assert (done.receipt.lines_not_attributed, done.receipt.amount_not_attributed) == (1, "4.0000")
    assert (done.receipt.customers, done.receipt.net_sales) == (1, "25.0000")
    assert done.rows("customers", "customer_id") == [("Ann",)]


def test_returns_are_used_and_counted(tmp_path: Path) -> None:
    done = carry_out(tmp_path, sales("sales.csv", ANN_1, ("Ann", "1", "2021-03-09", "-1", "10.50")))
    assert (done.receipt.lines_returned, done.receipt.amount_returned, done.receipt.net_sales) == (1, "-10.5000", "10.5000")


def test_exact_repeats_stay_unless_the_user_removes_them(tmp_path: Path) -> None:
    table = sales("sales.csv", ANN_1, BEN_3, ANN_1, ANN_1)
    kept = carry_out(tmp_path, table).receipt
    assert (kept.sources[0].duplicates, kept.sources[0].duplicates_removed, kept.rows_used) == (2, 0, 4)
    done = carry_out(tmp_path, table, drop_duplicates=True)
    assert (done.receipt.sources[0].duplicates, done.receipt.sources[0].duplicates_removed, done.receipt.rows_used) == (2, 2, 2)
    assert done.rows("order_lines", "customer_id") == [("Ann",), ("Ben",)]
    assert [(row, reason) for _, row, reason, *_ in done.rows("_rejected")] == [
        (3, "an exact repeat of an earlier row"),
        (4, "an exact repeat of an earlier row"),
    ]


def test_cancelled_and_unpaid_orders_are_void_and_the_words_are_shown(tmp_path: Path) -> None:
    columns = {"who": "customer_id", "no": "order_id", "day": "ordered_at", "net": "net_amount", "state": "status"}
    rows = [
        ("Ann", "1", "2021-01-01", "5", "Canceled"),
        ("Ann", "2", "2021-01-02", "7", "Delivered"),
        ("Ann", "3", "2021-01-03", "9", None),
        ("Ann", "4", "2021-01-04", "2", "Zzz"),
    ]
    done = carry_out(tmp_path, sales("s.csv", *rows, columns=columns), status_words={"zzz": "unpaid"})
    assert done.rows("order_lines", "order_id", "is_void") == [("1", True), ("2", False), ("3", False), ("4", True)]
    assert done.receipt.status_words == {"Canceled": "cancelled", "Delivered": "completed", "Zzz": "unpaid"}
    assert (done.receipt.lines_void, done.receipt.orders_void, done.receipt.net_sales) == (2, 2, "16.0000")
    assert done.receipt.period == ("2021-01-02", "2021-01-03")


def test_the_latest_value_of_a_customer_counts_and_disagreement_is_reported(tmp_path: Path) -> None:
    columns = {"who": "customer_id", "day": "ordered_at", "net": "net_amount", "land": "country"}
    rows = [
        ("Ann", "2021-05-01", "1", "Spain"),
        ("Ann", "2021-01-01", "1", "France"),
        ("Ann", "2021-06-01", "1", None),
        ("Ben", "2021-01-01", "1", "Peru"),
    ]
    done = carry_out(tmp_path, sales("s.csv", *rows, columns=columns))
    assert sorted(done.rows("customers", "customer_id", "country")) == [("Ann", "Spain"), ("Ben", "Peru")]
    found = next(problem for problem in done.receipt.problems if problem.code == "customer_values_differ")
    assert found.rows == 2, "rows of Ann that name a country"
    assert "more than one value: 1;" in found.message


def test_order_ids_shared_by_customers_are_separate_orders_and_reported(tmp_path: Path) -> None:
    done = carry_out(tmp_path, sales("sales.csv", ANN_1, ("Ben", "1", "2021-03-04", "1", "7.25")))
    assert sorted(done.rows("orders", "customer_id", "order_id")) == [("Ann", "1"), ("Ben", "1")]
    found = next(problem for problem in done.receipt.problems if problem.code == "order_id_shared")
    assert (found.rows, found.example) == (done.receipt.rows_used, "1")
    assert "more than one customer: 1;" in found.message


def test_sales_of_nobody_are_a_warning(tmp_path: Path) -> None:
    done = carry_out(tmp_path, sales("sales.csv", (None, "1", "2021-03-04", "1", "7.25"), ("", "2", "2021-03-05", "1", "1")))
    found = next(problem for problem in done.receipt.problems if problem.code == "nobody_attributed")
    assert (found.severity, found.rows, found.column) == ("warning", 2, "who")


def test_a_refused_import_does_not_promise_a_download(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        carry_out(tmp_path, sales("sales.csv", ("Ann", "1", "soon", "1", "7.25")))
    assert caught.value.problems
    assert "ownload" not in caught.value.text()


def test_ids_damaged_by_a_spreadsheet_are_reported(tmp_path: Path) -> None:
    done = carry_out(tmp_path, sales("sales.csv", ("5.94773E+23", "1", "2021-03-01", "1", "1"), BEN_3))
    assert next((problem.rows, problem.example) for problem in done.receipt.problems if problem.code == "ids_damaged") == (1, "5.94773E+23")


def test_attributes_of_one_name_in_two_files_are_one_column(tmp_path: Path) -> None:
    people = Given("people.csv", "customers", {"id": ["Ann", "Cem"], "plan": ["gold", "free"]}, {"id": "customer_id"}, ("plan",))
    done = carry_out(tmp_path, sales("sales.csv", (*ANN_1, "old"), (*BEN_3, "basic"), attributes=("plan",)), people)
    assert sorted(done.rows("customers", "customer_id", "attr_1")) == [("Ann", "gold"), ("Ben", "basic"), ("Cem", "free")]
    assert done.meta("workspace")["labels"] == {"attr_1": "plan"}


def test_the_same_content_has_the_same_fingerprint_and_another_mapping_another(tmp_path: Path) -> None:
    table = sales("sales.csv", ANN_1)
    first, again = (carry_out(tmp_path, table).meta("workspace")["fingerprint"] for _ in range(2))
    other = carry_out(tmp_path, table, drop_duplicates=True).meta("workspace")["fingerprint"]
    assert first == again != other


def test_the_same_file_read_otherwise_has_another_fingerprint(tmp_path: Path) -> None:
    """Answers are kept by it: what was read in another encoding is other content."""
    path = tmp_path / "sales.csv"
    path.write_bytes("client;bill;day;total\nЖанна;1;2024-01-25;100.00\n".encode("cp1251"))
    found = set()
    for encoding in ("cp1251", "cp1252"):
        with Staging(tmp_path) as staging:
            stage_file(staging, path, options=ReadOptions(encoding=encoding))
            target = tmp_path / f"{encoding}.duckdb"
            build(staging, suggest(staging).mapping, target, name="Shop", imported_at=datetime(2026, 1, 2))
        with Workspace.open(target) as ws:
            found.add(ws.fingerprint)
    assert len(found) == 2


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_nothing_usable_is_refused_with_every_reason_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        carry_out(
            tmp_path,
            sales(
                "sales.csv",
                ("Ann", "1", "soon", "1", "3"),
                ("Ben", "2", "2021-01-01", "1", "gratis"),
                ("Ben", "2", "2021-01-01", "1", None),
            ),
        )
    assert {(problem.column, problem.example) for problem in refused.value.problems} == {
        ("day", "soon"),
        ("price", "gratis"),
        ("price", ""),
    }
    assert not list(tmp_path.glob("workspace*"))


def test_a_failure_leaves_the_former_file_as_it_was(tmp_path: Path) -> None:
    done = carry_out(tmp_path, sales("sales.csv", ANN_1))
    before = done.path.read_bytes()
    with pytest.raises(DataError):
        carry_out(tmp_path, sales("sales.csv", ("Ann", "1", "soon", "1", "3")))
    assert done.path.read_bytes() == before


def test_cancelling_removes_the_unfinished_file(tmp_path: Path) -> None:
    class Stopped(Exception):
        """What a user's click raises."""

    def stop(share: float, sentence: str) -> None:
        if share > 0.5:
            raise Stopped

    with Staging(tmp_path) as staging:
        mapping = stage(staging, [sales("sales.csv", ANN_1)])
        with pytest.raises(Stopped):
            build(staging, mapping, tmp_path / "w.duckdb", name="Shop", imported_at=datetime(2026, 1, 1), progress=stop)
        assert not list(tmp_path.glob("w.duckdb*"))
        build(staging, mapping, tmp_path / "w.duckdb", name="Shop", imported_at=datetime(2026, 1, 1))
    assert (tmp_path / "w.duckdb").exists()


def test_a_mapping_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="not clear"):
        carry_out(tmp_path, Given("s.csv", "order_lines", {"a": ["1"]}, {"b": "customer_id"}))


def test_names_and_words_of_the_user_stay_data(tmp_path: Path) -> None:
    odd = "x'); DROP TABLE order_lines; --"
    columns = {odd: "customer_id", 'a"b': "order_id", "day": "ordered_at", "net": "net_amount", "s": "status"}
    done = carry_out(
        tmp_path,
        sales(odd, (odd, odd, "2021-01-01", "1", odd), (odd, odd, "soon", "1", odd), columns=columns, attributes=()),
        status_words={odd: "cancelled"},
    )
    assert done.rows("order_lines", "customer_id", "is_void") == [(odd, True)]
    assert done.rows("_rejected", "source", "value") == [(odd, "soon")]


# -- laws --------------------------------------------------------------------------------------------------------------

ROW = st.tuples(
    st.sampled_from(["Ann", "Ben", None]),
    st.sampled_from(["1", "2", None]),
    st.sampled_from(["2021-03-01", "2021-03-02 10:00:00", "soon", None]),
    st.sampled_from(["1", "-2", "x", None]),
    st.sampled_from(["1.50", "0", "?", None]),
    st.sampled_from(["Spain", "Peru", None]),
)
FLAT = {"who": "customer_id", "no": "order_id", "day": "ordered_at", "pieces": "quantity", "price": "unit_price", "land": "country"}
SURE = ("Zoe", "9", "2021-01-01", "1", "1.00", "Chile")


@settings(max_examples=10)
@given(rows=st.lists(ROW, max_size=12), is_dropping=st.booleans())
def test_each_row_read_is_used_rejected_or_removed(rows: list[tuple[Any, ...]], is_dropping: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        done = carry_out(Path(folder), sales("s.csv", SURE, *rows, columns=FLAT), drop_duplicates=is_dropping)
        source = done.receipt.sources[0]
        assert source.rows_read == len(rows) + 1 == source.rows_used + source.rows_rejected + source.duplicates_removed
        assert source.rows_used == len(done.rows("order_lines"))
        assert source.rows_rejected + source.duplicates_removed == len(done.rows("_rejected"))
        distinct = len(set(rows) | {SURE})
        assert source.duplicates == len(rows) + 1 - distinct
        assert source.duplicates_removed == (source.duplicates if is_dropping else 0)


@settings(max_examples=8)
@given(rows=st.lists(ROW, max_size=12), cut=st.integers(0, 12), is_dropping=st.booleans())
def test_splitting_a_file_changes_nothing(rows: list[tuple[Any, ...]], cut: int, is_dropping: bool) -> None:
    whole = [SURE, *rows]
    parts = [part for part in (whole[: cut + 1], whole[cut + 1 :]) if part]
    tables = []
    for files in ([whole], parts):
        with tempfile.TemporaryDirectory() as folder:
            given_files = [sales(f"{number}.csv", *part, columns=FLAT) for number, part in enumerate(files)]
            done = carry_out(Path(folder), *given_files, drop_duplicates=is_dropping)
            tables.append({name: Counter(done.rows(name)) for name in ("order_lines", "orders", "customers")})
    assert tables[0] == tables[1]


@settings(max_examples=8)
@given(rows=st.lists(ROW, max_size=10, unique=True), random=st.randoms())
def test_the_order_of_rows_does_not_matter(rows: list[tuple[Any, ...]], random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    tables = []
    for some in (rows, shuffled):
        with tempfile.TemporaryDirectory() as folder:
            done = carry_out(Path(folder), sales("s.csv", SURE, *some, columns=FLAT))
            lines = Counter(done.rows("order_lines", "customer_id", "order_id", "line_at", "quantity", "net_amount"))
            tables.append((lines, Counter(done.rows("orders")), Counter(done.rows("customers"))))
    assert tables[0] == tables[1]


def _describe(path: Path, table: str) -> list[tuple[Any, ...]]:
    import duckdb

    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(f"DESCRIBE {table}").fetchall()


def _sql_type(ibis_type: str) -> str:
    return {"string": "VARCHAR", "int64": "BIGINT"}.get(ibis_type, ibis_type.upper().replace(" ", ""))


def test_currencies_beside_the_amounts_are_never_added_up_without_rates(tmp_path: Path) -> None:
    columns = {"who": "customer_id", "day": "ordered_at", "paid": "net_amount"}
    given = sales("sales.csv", ("Ann", "2021-03-01", "€ 10.00"), ("Ben", "2021-03-02", "$ 5.00"), columns=columns)
    with pytest.raises(DataError) as refused:
        carry_out(tmp_path, given)
    assert {problem.example for problem in refused.value.problems} == {"EUR", "USD"}
    done = carry_out(tmp_path, given, currency="EUR", rates={"USD": "0.9"})
    assert (done.receipt.net_sales, done.receipt.currency) == ("14.5000", "EUR")


def test_large_amounts_can_be_converted(tmp_path: Path) -> None:
    columns = {"who": "customer_id", "day": "ordered_at", "paid": "net_amount", "in": "currency"}
    given = sales("sales.csv", ("Ann", "2021-03-01", "100000000000.00", "USD"), ("Ben", "2021-03-02", "1.00", "EUR"), columns=columns)
    done = carry_out(tmp_path, given, currency="EUR", rates={"USD": "0.91234567"})
    assert done.receipt.net_sales == "91234567001.0000"


def test_one_currency_beside_the_amounts_is_that_of_the_figures(tmp_path: Path) -> None:
    columns = {"who": "customer_id", "day": "ordered_at", "paid": "net_amount"}
    done = carry_out(tmp_path, sales("sales.csv", ("Ann", "2021-03-01", "10,00 €"), ("Ben", "2021-03-02", "5,00"), columns=columns))
    assert (done.receipt.net_sales, done.receipt.currency) == ("15.0000", "EUR")
    assert done.receipt.sources[0].rows_rejected == 0


def test_sales_still_to_come_are_reported(tmp_path: Path) -> None:
    done = carry_out(tmp_path, sales("sales.csv", ANN_1, ("Ben", "3", "2099-09-25", "1", "7.25")))
    (found,) = [problem for problem in done.receipt.problems if problem.code == "dates_to_come"]
    assert (found.severity, found.column, found.rows, found.example) == ("warning", "day", 1, "2099-09-25")
