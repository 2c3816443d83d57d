"""Dates are read one way in the whole column, by the calendar, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import jdatetime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.mapping.meaning.formats import with_formats
from crm_core.mapping.model import DateFormat, DateStyle, ImportOptions, TableMapping
from crm_core.mapping.values import date_styles, dates
from crm_core.sources.files import stage
from crm_core.sources.staging import Staging
from tests.crm_core.mapping import cells


@pytest.fixture(scope="module")
def staging() -> Iterator[Staging]:
    with Staging() as area:
        yield area


def found(staging: Staging, texts: Sequence[str | None], timezone: str = "UTC") -> tuple[DateFormat, list[datetime | None]]:
    """The format decided for a column of these texts, and what it reads."""
    cells.put(staging, texts)
    fmt = date_styles.decide(staging, "table", "value")
    return fmt, cells.read(staging, lambda column: dates.read(column, fmt, timezone))


def read(staging: Staging, style: DateStyle, cell: Any, sql_type: str = "VARCHAR", timezone: str = "UTC") -> datetime | None:
    cells.put(staging, [cell], sql_type)
    return cells.read(staging, lambda column: dates.read(column, DateFormat(style), timezone))[0]


FIFTH_OF_JANUARY = datetime(2021, 1, 5)


@pytest.mark.parametrize(
    ("style", "text", "moment"),
    [
        ("iso", "2021-01-05", FIFTH_OF_JANUARY),
        ("iso", "2021/1/5", FIFTH_OF_JANUARY),
        ("iso", "2021.01.05", FIFTH_OF_JANUARY),
        ("iso", "2021-Jan-05", FIFTH_OF_JANUARY),
        ("iso", "۲۰۲۱-۰۱-۰۵", FIFTH_OF_JANUARY),
        ("iso", "2021-01-05T07:08:09.5", datetime(2021, 1, 5, 7, 8, 9, 500_000)),
        ("iso", "2021-01-05 7:08 PM", datetime(2021, 1, 5, 19, 8)),
        ("dmy", "5.1.2021", FIFTH_OF_JANUARY),
        ("dmy", "05-01-21", FIFTH_OF_JANUARY),
        ("dmy", "05 01 2021", FIFTH_OF_JANUARY),
        ("dmy", "05/01/69", datetime(1969, 1, 5)),
        ("dmy", "05/01/68", datetime(2068, 1, 5)),
        ("dmy", "05/01/2021 7:08", datetime(2021, 1, 5, 7, 8)),
        ("dmy", "05/01/2021, 12:08:09 am", datetime(2021, 1, 5, 0, 8, 9)),
        ("dmy", "05/01/2021 12:08\u202fPM", datetime(2021, 1, 5, 12, 8)),
        ("dmy", "05-Jan-2021", FIFTH_OF_JANUARY),
        ("dmy", "January 5, 2021", FIFTH_OF_JANUARY),
        ("mdy", "5 Jan 2021", FIFTH_OF_JANUARY),
        ("mdy", "1/5/2021", FIFTH_OF_JANUARY),
        ("dmy", "Tue, 5th of January 2021 10:00", datetime(2021, 1, 5, 10)),
        ("dmy", "5 января 2021 г.", FIFTH_OF_JANUARY),
        ("dmy", "5. Januar 2021", FIFTH_OF_JANUARY),
        ("dmy", "5 janvier 2021", FIFTH_OF_JANUARY),
        ("dmy", "5 de enero de 2021", FIFTH_OF_JANUARY),
        ("dmy", "5 de janeiro de 2021", FIFTH_OF_JANUARY),
        ("dmy", "۵ ژانویه ۲۰۲۱", FIFTH_OF_JANUARY),
        ("ymd_compact", "20210105", FIFTH_OF_JANUARY),
        ("ymdh_compact", "2021010523", datetime(2021, 1, 5, 23)),
        ("ymdh_compact", "20210105070809", datetime(2021, 1, 5, 7, 8, 9)),
        ("excel_serial", "44201.5", datetime(2021, 1, 5, 12)),
        ("excel_serial", "44201,25", datetime(2021, 1, 5, 6)),
        ("epoch_seconds", "1609804800", FIFTH_OF_JANUARY),
        ("epoch_milliseconds", "1609804800123", datetime(2021, 1, 5, 0, 0, 0, 123_000)),
        ("jalali", "1399/10/16", FIFTH_OF_JANUARY),
        ("jalali", "16/10/1399 7:08", datetime(2021, 1, 5, 7, 8)),
        ("jalali", "۱۳۹۹-۱۰-۱۶", FIFTH_OF_JANUARY),
        ("jalali", "۱۶ دی ۱۳۹۹", FIFTH_OF_JANUARY),
        ("jalali", "1399-Dey-16", FIFTH_OF_JANUARY),
        ("jalali", "13991016", FIFTH_OF_JANUARY),
    ],
)
def test_a_day_is_read_however_it_is_written(staging: Staging, style: DateStyle, text: str, moment: datetime) -> None:
    assert read(staging, style, text) == moment


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("iso", "2021-02-30"),
        ("iso", "2021-13-01"),
        ("iso", "05/01/2021"),
        ("iso", "1399-10-16"),
        ("iso", "9999-12-31"),
        ("iso", "0001-01-01"),
        ("iso", "infinity"),
        ("dmy", "31/02/2021"),
        ("dmy", "01/13/2021"),
        ("dmy", "2021-01-05"),
        ("dmy", "1/2/3"),
        ("dmy", "12:30:00"),
        ("dmy", "05/01/2021 25:00"),
        ("dmy", "05-Jax-2021"),
        ("mdy", "13/01/2021"),
        ("ymd_compact", "20210230"),
        ("ymd_compact", "2021"),
        ("excel_serial", "19999"),
        ("excel_serial", "x"),
        ("epoch_seconds", "12"),
        ("jalali", "1398/12/30"),
        ("jalali", "1398/07/31"),
        ("jalali", "1398/13/01"),
        ("jalali", "2021/01/05"),
        ("jalali", "?"),
    ],
)
def test_what_is_no_day_is_unreadable(staging: Staging, style: DateStyle, text: str) -> None:
    assert read(staging, style, text) is None


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("iso", "2021-01-05T20:30:00Z"),
        ("iso", "2021-01-05 20:30:00+00:00"),
        ("iso", "2021-01-05 23:30+03"),
        ("iso", "2021-01-05T20:30Z"),
        ("dmy", "Tue, 05 Jan 2021 22:30:00 +0200"),
        ("dmy", "05 Jan 2021 20:30:00 GMT"),
        ("epoch_seconds", "1609878600"),
    ],
)
def test_moments_with_an_offset_are_converted_to_the_zone_of_the_workspace(staging: Staging, style: DateStyle, text: str) -> None:
    assert read(staging, style, text) == datetime(2021, 1, 5, 20, 30)
    assert read(staging, style, text, timezone="Asia/Tehran") == datetime(2021, 1, 6)


def test_moments_without_an_offset_keep_their_day(staging: Staging) -> None:
    assert read(staging, "iso", "2021-01-05 20:30:00", timezone="Asia/Tehran") == datetime(2021, 1, 5, 20, 30)


@pytest.mark.parametrize(
    ("style", "cell", "sql_type"),
    [
        ("ymd_compact", 20210105, "BIGINT"),
        ("ymd_compact", 20210105.0, "DOUBLE"),
        ("excel_serial", 44201.0, "DOUBLE"),
        ("epoch_seconds", 1609804800, "BIGINT"),
        ("native", date(2021, 1, 5), "DATE"),
        ("native", datetime(2021, 1, 5), "TIMESTAMP"),
        ("native", datetime(2021, 1, 5), "TIMESTAMP_NS"),
    ],
)
def test_numbers_and_dates_of_the_source_are_read(staging: Staging, style: DateStyle, cell: Any, sql_type: str) -> None:
    assert read(staging, style, cell, sql_type) == FIFTH_OF_JANUARY


def test_day_first_is_told_by_days_above_12(staging: Staging) -> None:
    fmt, moments = found(staging, ["01/02/2021", "13/02/2021", "14/02/2021", None])
    assert (fmt.style, fmt.is_ambiguous) == ("dmy", False)
    assert fmt.evidence.startswith("2 values have a day above 12")
    assert moments[0] == datetime(2021, 2, 1)


def test_one_value_at_the_end_decides_for_the_whole_column(staging: Staging) -> None:
    fmt, moments = found(staging, ["01/02/2021"] * 5000 + [f"{month}/2/2021" for month in range(1, 13)] + ["2/13/2021"])
    assert (fmt.style, fmt.evidence) == ("mdy", "1 value has a day above 12, and it comes second")
    assert moments[0] == datetime(2021, 1, 2)


def test_a_column_that_reads_both_ways_is_asked_about(staging: Staging) -> None:
    fmt, _ = found(staging, ["01/02/2021", "03/04/2021 10:00"])
    assert fmt.is_ambiguous


def test_equal_day_and_month_need_no_question(staging: Staging) -> None:
    assert not found(staging, ["01/01/2021", "12/12/2021"])[0].is_ambiguous


def test_months_as_words_need_no_question(staging: Staging) -> None:
    fmt, moments = found(staging, ["05-Jan-2021", "06-Feb-2021"])
    assert (fmt.is_ambiguous, fmt.evidence) == (False, "months are written as words")
    assert moments == [datetime(2021, 1, 5), datetime(2021, 2, 6)]


def test_a_contradictory_column_is_read_one_way_and_the_rest_is_unreadable(staging: Staging) -> None:
    fmt, moments = found(staging, ["13/02/2021", "14/02/2021", "02/15/2021", "01/02/2021"])
    assert fmt.style == "dmy"
    assert "1 cannot be read" in fmt.evidence
    assert fmt.is_ambiguous
    assert fmt.is_mixed
    assert moments == [datetime(2021, 2, 13), datetime(2021, 2, 14), None, datetime(2021, 2, 1)]


def test_a_slip_in_a_thousand_values_is_no_question(staging: Staging) -> None:
    fmt, moments = found(staging, ["13/02/2021"] * 999 + ["02/15/2021"])
    assert (fmt.style, fmt.is_ambiguous, fmt.is_mixed) == ("dmy", False, False)
    assert moments[-1] is None


def test_a_mixed_column_is_settled_by_the_user_only(staging: Staging) -> None:
    cells.put_columns(staging, {"day": ["13/02/2021", "02/15/2021"], "shipped": ["14/02/2021", "15/02/2021"]}, name="sales")
    table = TableMapping("sales", "order_lines", {"ordered_at": "day", "delivered_on": "shipped"})
    (asked,) = with_formats(staging, [table]).problems
    assert (asked.code, asked.severity, asked.column) == ("date_order", "question", "day")
    assert "mixes" in asked.message
    assert with_formats(staging, [table], ImportOptions(date_order="dmy")).problems == ()


def test_the_order_of_the_user_replaces_the_found_one(staging: Staging) -> None:
    fmt, _ = found(staging, ["01/02/2021 10:00", "03/04/2021 11:00"])
    chosen = date_styles.with_order(fmt, "mdy")
    assert (chosen.style, chosen.is_ambiguous) == ("mdy", False)
    assert cells.read(staging, lambda column: dates.read(column, chosen))[0] == datetime(2021, 1, 2, 10)
    assert date_styles.with_order(DateFormat("iso"), "mdy") == DateFormat("iso")


@pytest.mark.parametrize("text", ["20210105", "44201", "13991016", "2021-01-05", "1399/10/16", "05/13/2021"])
def test_the_style_is_found_from_the_values(staging: Staging, text: str) -> None:
    expected = datetime(2021, 5, 13) if text == "05/13/2021" else FIFTH_OF_JANUARY
    assert found(staging, [text])[1] == [expected]


@pytest.mark.parametrize(
    "texts", [["1", "2"], ["0912 345 6789"], ["10.5"], ["C536365"], ["85123A"], ["10.1.12.4"], ["12:30"], ["99999999"], ["4155550123"]]
)
def test_numbers_ids_and_phones_are_no_dates(texts: list[str]) -> None:
    assert date_styles.guess(texts) == (None, 0.0)


PATTERNS = [
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%d/%m/%Y",
    "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%m-%d-%y",
    "%d-%b-%Y",
    "%B %d, %Y",
    "%m/%d/%Y %I:%M:%S %p",
    "%Y%m%d",
    "%Y%m%d%H",
]
moments = st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31)).map(lambda one: one.replace(microsecond=0))


@given(st.lists(moments, min_size=1, max_size=20), st.sampled_from(PATTERNS), st.booleans())
def test_dates_written_in_any_way_come_back(staging: Staging, column: list[datetime], pattern: str, eastern: bool) -> None:
    written = [one.strftime(pattern) for one in [*column, datetime(2020, 5, 25), datetime(2021, 11, 30)]]
    digits = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
    _, back = found(staging, [text.translate(digits) for text in written] if eastern else written)
    assert back[:-2] == [datetime.strptime(text, pattern) for text in written[:-2]]


@given(
    st.lists(st.dates(date(1945, 1, 1), date(2075, 1, 1)), min_size=1, max_size=50), st.sampled_from(["%Y/%m/%d", "%d-%m-%Y", "%Y-%B-%d"])
)
def test_the_persian_calendar_agrees_with_jdatetime(staging: Staging, days: list[date], pattern: str) -> None:
    written = [jdatetime.date.fromgregorian(date=day).strftime(pattern) for day in days]
    cells.put(staging, written)
    back = cells.read(staging, lambda column: dates.read(column, DateFormat("jalali")))
    assert back == [datetime(day.year, day.month, day.day) for day in days]


def test_every_day_of_the_persian_years_follows_the_one_before(staging: Staging) -> None:
    first = date(1950, 1, 1)
    days = [first + timedelta(days=number) for number in range(0, 45_000, 7)]
    cells.put(staging, [jdatetime.date.fromgregorian(date=day).strftime("%Y/%m/%d") for day in days])
    assert [one.date() for one in cells.read(staging, lambda column: dates.read(column, DateFormat("jalali")))] == days


# -- real files ----------------------------------------------------------------------------------------------------------


def read_file(staging: Staging, path: Path, column: str) -> tuple[DateFormat, list[datetime | None]]:
    """The format decided for a column of a file, and the whole column read by it."""
    source = stage(staging, path)[0].name
    fmt = date_styles.decide(staging, source, column)
    cell = staging.table(source)[staging.staged(source).column(column).ref]
    rows = staging.con.to_pyarrow(dates.read(cell, fmt).name("value").as_table())
    return fmt, rows["value"].to_pylist()


RealData = Callable[[str], Path]


def test_both_calendars_of_the_persian_shop_agree_on_every_row(staging: Staging, real_data: RealData) -> None:
    path = real_data("persian_shop/orders.csv")
    western, persian = read_file(staging, path, "created_ts"), read_file(staging, path, "shamsy_date")
    assert (western[0].style, persian[0].style) == ("mdy", "jalali")
    assert len(western[1]) == 40_537
    assert [one.date() if one else None for one in western[1]] == [one.date() if one else None for one in persian[1]]
    assert None not in persian[1]


def test_both_date_formats_of_the_bank_read_the_same(staging: Staging, real_data: RealData) -> None:
    dashes = read_file(staging, real_data("nps_bank/NPStimeseries.csv"), "Survey date")
    short = read_file(staging, real_data("nps_bank/NPStimeseries_2digit_year.csv"), "Survey date")
    assert dashes[1] == short[1]
    assert {one.year for one in dashes[1] if one} == {2021}
    assert None not in dashes[1]


@pytest.mark.parametrize(
    ("file", "column", "style", "first", "last"),
    [
        ("yandex/ecommerce_dataset.csv", "date", "ymdh_compact", datetime(2018, 10, 1, 0), datetime(2019, 10, 31, 16)),
        ("cdnow/CDNOW_master.txt", "date", "ymd_compact", datetime(1997, 1, 1), datetime(1998, 6, 30)),
        ("support_tickets/customer_support_tickets.csv", "Date of Purchase", "dmy", datetime(2020, 1, 1), datetime(2021, 12, 30)),
        ("cfpb/consumer_complaints_2015_q1.csv", "Date received", "mdy", datetime(2015, 1, 1), datetime(2015, 3, 19)),
        ("servicenow/incident_event_log.zip", "opened_at", "dmy", datetime(2016, 2, 29, 1, 16), datetime(2017, 2, 16, 14, 17)),
        (
            "olist/olist_orders_dataset.csv",
            "order_purchase_timestamp",
            "iso",
            datetime(2016, 9, 15, 12, 16, 38),
            datetime(2018, 10, 3, 18, 55, 29),
        ),
    ],
)
def test_real_columns_are_read_without_a_gap(
    staging: Staging, real_data: RealData, file: str, column: str, style: str, first: datetime, last: datetime
) -> None:
    fmt, read_moments = read_file(staging, real_data(file), column)
    known = [one for one in read_moments if one is not None]
    assert (fmt.style, fmt.is_ambiguous) == (style, False)
    assert len(known) == len(read_moments)
    assert (min(known), max(known)) == (first, last)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("05/01/2021, 07:08:09 PM", datetime(2021, 1, 5, 19, 8, 9)),
        ("05/01/2021 - 07:08", datetime(2021, 1, 5, 7, 8)),
        ("05/Jan/2021:07:08:09", datetime(2021, 1, 5, 7, 8, 9)),
        ("07:08 05.01.2021", datetime(2021, 1, 5, 7, 8)),
        ("05.01.2021 07:08 Uhr", datetime(2021, 1, 5, 7, 8)),
        ("05-01-2021 07.08 PM", datetime(2021, 1, 5, 19, 8)),
        ("5 января 2021 г. в 07:08", datetime(2021, 1, 5, 7, 8)),
        ("2021-01-05 07.08.09", datetime(2021, 1, 5, 7, 8, 9)),
        ("۱۳۹۹/۱۰/۱۶ ساعت ۰۷:۰۸", datetime(2021, 1, 5, 7, 8)),
        ("۰۷:۰۸ - ۱۳۹۹/۱۰/۱۶", datetime(2021, 1, 5, 7, 8)),
        ("سه\u200cشنبه، ۱۶ دی ۱۳۹۹", FIFTH_OF_JANUARY),
        ("سه شنبه ۱۶ دی ۱۳۹۹", FIFTH_OF_JANUARY),
    ],
)
def test_day_and_time_stand_beside_each_other_in_many_ways(staging: Staging, text: str, moment: datetime) -> None:
    assert found(staging, [text, text.replace("۱۶", "۱۵").replace("05", "25").replace("5 я", "25 я")])[1][0] == moment


@pytest.mark.parametrize("pattern", ["%m/%d/%Y, %I:%M:%S %p", "%H:%M %m/%d/%Y"])
def test_the_order_is_decided_whatever_stands_between_day_and_time(staging: Staging, pattern: str) -> None:
    written = [datetime(2021, 1, day, 14, 29) for day in range(1, 29)]
    fmt, back = found(staging, [one.strftime(pattern) for one in written])
    assert (fmt.style, back) == ("mdy", written)


def test_years_of_two_digits_may_come_first(staging: Staging) -> None:
    days = [datetime(year, month, day) for year in (2023, 2024) for month in (1, 7) for day in range(1, 31)]
    fmt, back = found(staging, [one.strftime("%y-%m-%d") for one in days])
    assert (fmt.is_ambiguous, back) == (False, days)


def test_years_of_two_digits_of_either_calendar_are_asked_about(staging: Staging) -> None:
    fmt, _ = found(staging, [f"0{year}/07/{day:02}" for year in (2, 3) for day in range(1, 31)])
    assert "four digits" in fmt.evidence
    assert date_styles.with_order(fmt, "dmy").is_ambiguous


@pytest.mark.parametrize("other", ["15/02/2021", "44201", "1399/10/16"])
def test_a_column_that_mixes_styles_is_asked_about(staging: Staging, other: str) -> None:
    days = [f"2021-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 6)]
    fmt, _ = found(staging, [*days, other])
    assert (fmt.is_ambiguous, fmt.is_mixed) == (True, True)
    assert date_styles.with_order(fmt, "dmy").is_ambiguous is False
