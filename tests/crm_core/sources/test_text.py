"""Text files: every line is a row or a bad line, whatever sets the columns apart."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import SourceError
from crm_core.sources import files
from crm_core.sources.staging import ReadOptions, Staging


def names(table):
    return [column.name for column in table.columns]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|", "^", "~", ":", "||", "\x01"])
def test_any_separator_is_found(read, rows, mark):
    lines = [["id", "customer", "amount"], ["1", "Anna", "2.50"], ["2", "Bob", "3"], ["3", "Carl", "17.25"]]
    table = read("\n".join(mark.join(line) for line in lines))
    assert names(table) == ["id", "customer", "amount"]
    assert rows(table) == [tuple(line) for line in lines[1:]]
    assert table.options.delimiter == mark


def test_separators_at_the_end_of_lines_make_no_column_of_quoted_commas(read, rows):
    lines = "".join(f'{number},"Mug, blue",{number}.50,\n' for number in range(100)) + "".join(
        f"{number},Cup,2.00,\n" for number in range(900)
    )
    table = read("no,product,price,\n" + lines)
    assert names(table) == ["no", "product", "price"]
    assert rows(table)[0] == ("0", "Mug, blue", "0.50")


def test_a_decimal_comma_does_not_separate(read, rows):
    assert rows(read("id;amount\n1;2,5\n2;3,75\n3;1.234,50\n"))[2] == ("3", "1.234,50")
    assert len(read("17;2,5\n18;3,75\n19;4,10\n").columns) == 2


def test_columns_set_apart_by_blanks(read, rows):
    table = read(" id  date number\n 00001 19970101  1\n 00002 19970112  12\n")
    assert names(table) == ["id", "date", "number"]
    assert rows(table)[1] == ("00002", "19970112", "12")
    assert table.reading["Delimiter"] == "runs of blanks"


def test_values_with_single_blanks_stay_whole_between_wider_gaps(read, rows):
    table = read("name         city       amount\nAnna Smith   New York   12.50\nBob Jones    Paris       3.00\n")
    assert rows(table)[0] == ("Anna Smith", "New York", "12.50")


def test_a_separator_declared_by_excel_is_obeyed(read, rows):
    table = read("sep=;\nid;name\n1;a\n2;b\n")
    assert (names(table), rows(table)) == (["id", "name"], [("1", "a"), ("2", "b")])


def test_quoted_line_breaks_and_doubled_quotes_stay_in_their_cell(read, rows):
    table = read('id,name,amount\r\n1,"a\r\nb",2\r\n2,"say ""hi""",3\r\n')
    assert rows(table) == [("1", "a\r\nb", "2"), ("2", 'say "hi"', "3")]


def test_quotes_escaped_by_a_backslash(read, rows):
    assert rows(read('id,name,amount\n1,"a \\"b\\" c",2\n2,"d",3\n'))[0] == ("1", 'a "b" c', "2")


def test_empty_cells_are_null_and_other_text_is_untouched(read, rows):
    assert rows(read('id,name,note\n1, a ,\n2,"",0012\n')) == [("1", " a ", None), ("2", None, "0012")]


def test_mixed_line_breaks(read, rows):
    assert rows(read("id,name\r\n1,a\n2,b\r\n3,c\n")) == [("1", "a"), ("2", "b"), ("3", "c")]
    assert len(rows(read("id,name\r1,a\r2,b\r"))) == 2


def test_lines_with_too_few_or_too_many_cells_are_listed(read, bad_lines):
    good = "1,a,2\n" * 100
    table = read(f"id,name,amount\n{good}broken\n{good}1,a,b,2\n")
    assert (table.rows, table.bad_lines) == (200, 2)
    assert bad_lines() == [
        (102, "too few cells: 1 instead of 3", "broken"),
        (203, "too many cells: 4 instead of 3", "1,a,b,2"),
    ]


def test_line_numbers_are_those_of_an_editor(read, bad_lines):
    read('id,name,amount\n1,"two\nlines",2\n' + "1,a,2\n" * 60 + "broken\n")
    assert bad_lines()[0][0] == 64


def test_an_unclosed_quotation_mark_costs_its_line_only(read, rows, bad_lines):
    table = read("id,name,amount\n" + "1,a,2\n" * 30_000 + '7,"x,2\n' + '8,"y",2\n' * 30_000 + '9,"two\nlines",5\n')
    assert table.rows == 60_001
    assert rows(table)[-1] == ("9", "two\nlines", "5")
    assert [(line, text) for line, _, text in bad_lines()] == [(30_002, '7,"x,2')]


def test_short_lines_are_filled_where_they_are_how_the_file_is_written(read, rows):
    table = read("id,name,amount,note\n1,a,2\n2,b,3,x\n3,c\n4,d,5\n5,e,5,z\n")
    assert rows(table)[2] == ("3", "c", None, None)
    assert table.reading["Short lines"] == "filled up with empty cells"
    assert table.bad_lines == 0


def test_empty_rows_and_nameless_empty_columns_are_left_out_and_said_to_be(read, rows):
    table = read("id,name,amount,\n1,a,2,\n,,,\n\n2,b,3,\n")
    assert rows(table) == [("1", "a", "2"), ("2", "b", "3")]
    assert table.reading["Empty rows"] == "1 left out"
    assert table.reading["Empty columns without a name"] == "1 left out"


def test_titles_above_the_table_are_left_out_and_said_to_be(read, rows):
    table = read("Sales report 2020;;;\n;;;\nid;name;amount;date\n1;a;2,5;01.02.2020\n2;b;3;05.02.2020\n3;c;4;06.02.2020\n")
    assert names(table) == ["id", "name", "amount", "date"]
    assert table.reading["Lines above the table"] == "2 left out"
    assert len(rows(table)) == 3


def test_the_users_choices_win(read, rows):
    assert rows(read("id@name\n1@a\n", options=ReadOptions(delimiter="@"))) == [("1", "a")]
    assert rows(read("id,name\n1,a\n", options=ReadOptions(has_header=False))) == [("id", "name"), ("1", "a")]
    assert names(read("x\ny\nid,name\n1,a\n", options=ReadOptions(skip_rows=2))) == ["id", "name"]
    assert rows(read(b"id,name\n1,\xe9\n", options=ReadOptions(encoding="Windows-1251"))) == [("1", "й")]


def test_what_was_found_can_be_given_back(read, rows):
    content = "Report\n\nid;name\n1;a\n2;b\n3;c\n"
    first = read(content)
    again = read(content, options=first.options)
    assert (names(again), rows(again)) == (names(first), [("1", "a"), ("2", "b"), ("3", "c")])


def test_300_columns(read):
    assert len(read(",".join(f"k{i}" for i in range(300)) + "\n" + ("x," * 299 + "1\n") * 5).columns) == 300


def test_one_line_of_20_megabytes(stage_bytes, read):
    with pytest.raises(SourceError, match="longer than 2,000,000"):
        stage_bytes("a,b,c" + "x" * 20_000_000)
    table = read("id,name,amount\n1,a,2\n2," + "x" * 20_000_000 + ",3\n3,c,4\n")
    assert (table.rows, table.bad_lines) == (2, 1)


def test_where_no_line_is_left_but_one_too_long_the_line_and_the_limit_are_said(stage_bytes):
    with pytest.raises(SourceError) as caught:
        stage_bytes("id;customer;day;amount\n1;Ann;2024-01-01;" + "9" * 20_000_000 + "\n")
    assert caught.value.title == "A line is too long"
    assert "Line 2 of" in caught.value.message
    assert "longer than 2,000,000 characters, and" in caught.value.message


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("", "The file is empty"),
        ("\n\n  \n", "The file is empty"),
        (b"\xef\xbb\xbf", "The file is empty"),
        (b"\xff\xfe", "The file is empty"),
        ("sep=;\n", "The file is empty"),
        ("id,name,amount\n", "The table has no rows"),
        ("id,name\n1,a\x00b\n2,c\n", "This is not a table"),
        ("a,b,c" + "x" * 500_000 + "\n1,2,3\n", "This is not a table"),
        (bytes((i * 7919 + i * i) % 256 for i in range(20_000)), "This is not a table"),
    ],
)
def test_what_is_no_table_is_refused_in_words(stage_bytes, content, title):
    with pytest.raises(SourceError) as caught:
        stage_bytes(content)
    assert caught.value.title == title
    assert caught.value.message
    assert caught.value.hint


def test_an_unknown_encoding_is_refused(stage_bytes):
    with pytest.raises(SourceError, match="klingon"):
        stage_bytes("id\n1\n", options=ReadOptions(encoding="klingon"))


@pytest.mark.parametrize(
    ("name", "rows_of_file", "columns"),
    [
        ("cdnow/CDNOW_master.txt", 69_659, 4),
        ("cdnow/CDNOW_sample.txt", 6_919, 5),
        ("persian_shop/orders.csv", 40_537, 5),
        ("digikala/digikala_comments_scored_3261.csv", 3_261, 3),
        ("yandex/ecommerce_dataset.csv", 6_737, 6),
        ("olist/olist_order_reviews_dataset.csv", 6_866, 7),
        ("support_tickets/customer_support_tickets.csv", 8_469, 17),
        ("cfpb/consumer_complaints_2015_q1.csv", 28_156, 13),
    ],
)
def test_real_files_are_read_whole(real_data, staging, name, rows_of_file, columns):
    (table,) = files.stage(staging, real_data(name))
    assert (table.rows, table.bad_lines, len(table.columns)) == (rows_of_file, 0, columns)


def test_a_real_file_without_a_header_gets_numbered_columns(real_data, staging):
    (table,) = files.stage(staging, real_data("cdnow/CDNOW_sample.txt"))
    assert names(table) == ["Column 1", "Column 2", "Column 3", "Column 4", "Column 5"]


CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp")), max_size=12).map(lambda text: text.strip())
ROW = st.tuples(st.integers(1, 10**6).map(str), CELL, st.dates().map(str), st.decimals(0, 9999, places=2).map(str))


@given(st.lists(ROW, min_size=3, max_size=20), st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["\n", "\r\n"]))
def test_what_csv_writes_is_read_back(content, mark, line_break):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=mark, lineterminator=line_break, quoting=csv.QUOTE_ALL)
    writer.writerows([("order id", "product", "date", "amount"), *content])
    with TemporaryDirectory() as folder, Staging(Path(folder)) as area:
        path = Path(folder) / "written.csv"
        path.write_text(out.getvalue(), encoding="utf-8", newline="")
        (table,) = files.stage(area, path)
        found = area.raw.execute(f"SELECT c0, c1, c2, c3 FROM {table.ref} ORDER BY rowid").fetchall()
    assert found == [tuple(cell or None for cell in row) for row in content]
