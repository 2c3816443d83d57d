"""The language of conditions: what people write, what it means, and errors that point at the word."""

from __future__ import annotations

import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.fields import FieldInfo, MeasureInfo
from crm_core.analytics.audience.language import LONGEST, ConditionError, parse
from crm_core.analytics.audience.written import KEYWORDS, LOOK_BACK_DAYS, quoted_name, to_text
from tests.crm_core.analytics.audience import drawn
from tests.crm_core.analytics.audience.conftest import Asked

CANNOT = "Can't lose them"
AUSTRIA = c.Compare(c.Column("country"), "=", "Austria")
RICH = c.Compare(c.Column("net_sales"), ">", Decimal(500))
TEA = c.Sum("count_orders", (("category", ("Tea",)),))


def last(number: int, unit: c.SpanUnit) -> c.Window:
    return c.Window(last=c.Span(number, unit))


GOOD: dict[str, c.Condition] = {
    "": c.EVERYBODY,
    " \n\t": c.EVERYBODY,
    "Everybody": c.EVERYBODY,
    # values and quotes
    "country = 'Austria'": AUSTRIA,
    'country == "Austria"': AUSTRIA,
    "COUNTRY = “Austria”": AUSTRIA,
    "country = „Austria“": AUSTRIA,
    "country = „Austria”": AUSTRIA,
    "country = ”Austria”": AUSTRIA,
    "country = «Austria»": AUSTRIA,
    "country = ‘Austria’": AUSTRIA,
    "[country]='Austria'": AUSTRIA,
    'segment = "Can\'t lose them"': c.Compare(c.Column("segment"), "=", CANNOT),
    "segment = 'Can''t lose them'": c.Compare(c.Column("segment"), "=", CANNOT),
    "segment = “Can’t lose them”": c.Compare(c.Column("segment"), "=", CANNOT),
    "segment = ‘Can’t lose them’": c.Compare(c.Column("segment"), "=", CANNOT),
    'city = "Say ""hi"""': c.Compare(c.Column("city"), "=", 'Say "hi"'),
    "city = ''": c.Compare(c.Column("city"), "=", ""),
    "city = 'a\nb'": c.Compare(c.Column("city"), "=", "a\nb"),
    "[Тариф [2024]] or so] = 'A'": c.Compare(c.Column("Тариф [2024] or so"), "=", "A"),
    "plan = 'Gold'": c.Compare(c.Column("Plan"), "=", "Gold"),
    "[ plan ] = 'Gold'": c.Compare(c.Column("Plan"), "=", "Gold"),
    "[segment (attribute)] = 'North'": c.Compare(c.Column("segment (attribute)"), "=", "North"),
    "net_sales > 500": RICH,
    "net_sales>500.00": RICH,
    "net_sales > ۵۰۰": RICH,
    "net_sales >= -12.5": c.Compare(c.Column("net_sales"), ">=", Decimal("-12.5")),
    "r_score in (4,5)": c.OneOf(c.Column("r_score"), (Decimal(4), Decimal(5))),
    "r_score in (4, 4)": c.OneOf(c.Column("r_score"), (Decimal(4),)),
    "last_order_on >= 2024-03-01": c.Compare(c.Column("last_order_on"), ">=", date(2024, 3, 1)),
    "last_order_on >= '2024-03-01'": c.Compare(c.Column("last_order_on"), ">=", date(2024, 3, 1)),
    "joined_on in (2024-03-01,2024-03-02)": c.OneOf(c.Column("joined_on"), (date(2024, 3, 1), date(2024, 3, 2))),
    # signs and words
    "country != 'Austria'": c.Not(AUSTRIA),
    "country <> 'Austria'": c.Not(AUSTRIA),
    "country not in ('Austria', 'Iran')": c.Not(c.OneOf(c.Column("country"), ("Austria", "Iran"))),
    "COUNTRY NOT  IN ('Austria')": c.Not(c.OneOf(c.Column("country"), ("Austria",))),
    "net_sales between 1 and 2 and consent": c.All((c.Between(c.Column("net_sales"), Decimal(1), Decimal(2)), c.Compare(c.Column("consent"), "=", True))),
    "name contains 'ada'": c.Has(c.Column("name"), "contains", "ada"),
    "name not starts  with 'ada'": c.Not(c.Has(c.Column("name"), "starts with", "ada")),
    "name is known": c.Known(c.Column("name")),
    "name is missing": c.Not(c.Known(c.Column("name"))),
    "name IS NOT missing": c.Known(c.Column("name")),
    "name is not known": c.Not(c.Known(c.Column("name"))),
    "consent": c.Compare(c.Column("consent"), "=", True),
    "consent = yes": c.Compare(c.Column("consent"), "=", True),
    "consent = FALSE": c.Compare(c.Column("consent"), "=", False),
    "not consent": c.Not(c.Compare(c.Column("consent"), "=", True)),
    "not not consent": c.Compare(c.Column("consent"), "=", True),
    # levels
    "consent or net_sales > 500 and country = 'Austria'": c.AnyOf((c.Compare(c.Column("consent"), "=", True), c.All((RICH, AUSTRIA)))),
    "(consent or net_sales > 500) and country = 'Austria'": c.All((c.AnyOf((c.Compare(c.Column("consent"), "=", True), RICH)), AUSTRIA)),
    "not (net_sales > 500 OR country = 'Austria')": c.Not(c.AnyOf((RICH, AUSTRIA))),
    "net_sales>500AND country='Austria'": c.All((RICH, AUSTRIA)),
    "((net_sales > 500))": RICH,
    # what was done
    "bought anything": c.Compare(c.Column("count_orders"), ">=", Decimal(1)),
    "bought anything at least 2 times": c.Compare(c.Column("count_orders"), ">=", Decimal(2)),
    "bought category 'Tea'": c.Compare(TEA, ">=", Decimal(1)),
    "bought category = 'Tea'": c.Compare(TEA, ">=", Decimal(1)),
    "bought category in ('Tea')": c.Compare(TEA, ">=", Decimal(1)),
    "bought category ('Tea', 'Mugs') at least 1 time": c.Compare(c.Sum("count_orders", (("category", ("Tea", "Mugs")),)), ">=", Decimal(1)),
    "bought category 'Tea' at least 2 since 2024-03-01": c.Compare(c.Sum("count_orders", TEA.of, c.Window(date(2024, 3, 1))), ">=", Decimal(2)),
    "bought anything until 2024-03-01": c.Compare(c.Sum("count_orders", (), c.Window(None, date(2024, 3, 1))), ">=", Decimal(1)),
    "not bought anything in last 60 days": c.Not(c.Compare(c.Sum("count_orders", (), last(60, "days")), ">=", Decimal(1))),
    "bought anything in the last 1 Year": c.Compare(c.Sum("count_orders", (), last(1, "years")), ">=", Decimal(1)),
    "net_sales in last 3 months > 500": c.Compare(c.Sum("net_sales", (), last(3, "months")), ">", Decimal(500)),
    "net_sales of category 'Tea' of channel 'Web' > 500": c.Compare(c.Sum("net_sales", (("category", ("Tea",)), ("channel", ("Web",)))), ">", Decimal(500)),
    "count_cases of topic 'Late' in last 2 weeks = 0": c.Compare(c.Sum("count_cases", (("topic", ("Late",)),), last(2, "weeks")), "=", Decimal(0)),
    "count_contacts since 2024-01-01 until 2024-02-01 >= 3": c.Compare(
        c.Sum("count_contacts", (), c.Window(date(2024, 1, 1), date(2024, 2, 1))), ">=", Decimal(3)
    ),
    "count_responses = 0": c.Compare(c.Sum("count_responses"), "=", Decimal(0)),
    # other days, moves, clusters
    "segment on 2024-01-01 = 'Champions'": c.Compare(c.Column("segment", date(2024, 1, 1)), "=", "Champions"),
    "net_sales at 2024-01-01 = 0": c.Compare(c.Column("net_sales", date(2024, 1, 1)), "=", Decimal(0)),
    "moved from 'Champions' to 'At risk' between 2024-01-01 and 2024-07-01": c.Moved(("Champions",), ("At risk",), date(2024, 1, 1), date(2024, 7, 1)),
    "moved from (\"Can’t lose them\") to in ('No order since') between 2024-01-01 and 2024-07-01 looking back 90 days": c.Moved(
        (CANNOT,), ("No order since",), date(2024, 1, 1), date(2024, 7, 1), 90
    ),
    "cluster = 2": c.Compare(c.Cluster(), "=", Decimal(2)),
    "cluster of 4 by count_orders, returned_share seed 3 in (1,2)": c.OneOf(
        c.Cluster(4, ("count_orders", "returned_share"), 3), (Decimal(1), Decimal(2))
    ),
}  # fmt: skip

#: Text, the place that the error points at, the words there, and words that the message or the hint must hold.
BAD: list[tuple[str, str, str]] = [
    # (text with the place in ⟦ ⟧, words of the message, words of the hint)
    ("⟦countri⟧ = 'Austria'", "no field “countri”", "country"),
    ("⟦[no such]⟧ = 'x'", "no field “no such”", "There are: "),
    ("segment = ⟦'At Risk'⟧", "never “At Risk”", "“At risk”"),
    ("segment in ('Champions', ⟦\"Loyal\"⟧)", "never “Loyal”", "Champions"),
    ("net_sales > ⟦'many'⟧", "needs an amount, such as 500", ""),
    ("net_sales > ⟦2024-01-01⟧", "needs an amount", ""),
    ("consent = ⟦1⟧", "needs true or false", ""),
    ("last_order_on > ⟦5⟧", "needs a day, such as 2025-03-01", ""),
    ("last_order_on > ⟦'March'⟧", "no such day", "2025-03-01"),
    ("last_order_on > ⟦2024-02-30⟧", "no such day", ""),
    ("last_order_on > ⟦2024-2-3⟧", "no day that can be read", ""),
    ("last_order_on > ⟦03.02.2024⟧", "no day that can be read", ""),
    ("last_order_on > ⟦3/2/2024⟧", "no day that can be read", ""),
    ("net_sales > ⟦1,000⟧", "no number that can be read: write 1000.50", ""),
    ("net_sales > ⟦1.000,50⟧ and consent", "no number that can be read", ""),
    ("net_sales in (⟦1,000⟧)", "no number that can be read", ""),
    ("net_sales = ⟦1.00001⟧", "4 after it", ""),
    ("net_sales = ⟦9999999999999999⟧", "15 digits", ""),
    ("country = ⟦Austria⟧", "stands without quotes", ""),
    ("country = ⟦'⟧Austria", "does not end", "Close the quote"),
    ("country = ⟦“⟧Austria", "does not end", ""),
    ("country ⟦>⟧ 'A'", "has no order", ""),
    ("⟦country⟧ between 'A' and 'B'", "has no order", ""),
    ("net_sales between 5 and ⟦4⟧", "smaller than the first", ""),
    ("⟦net_sales⟧ contains 'x'", "is no text", ""),
    ("⟦country⟧", "a comparison is missing", 'country = "…"'),
    ("⟦net_sales⟧", "a comparison is missing", "net_sales > 0"),
    ("net_sales >⟦⟧", "A value is missing here", ""),
    ("net_sales > 5 ⟦country⟧ = 'A'", "“and”, “or” or the end", ""),
    ("net_sales > 5 and⟦⟧", "A condition is missing here", ""),
    ("⟦since⟧ > 3", "a condition is missing", ""),
    ("net_sales > 5⟦)⟧", "never opened", ""),
    ("⟦(⟧country in ('A') and net_sales > 5", "not closed", "Add a )"),
    ("(consent) and ⟦(⟧country = ')'", "not closed", ""),
    ("country in ⟦'Austria'⟧", "a bracket ( is missing here", ""),
    ("country in (⟦)⟧", "a value is missing", ""),
    ("⟦country⟧ in last 3 days = 'x'", "cannot be narrowed", "net_sales"),
    ("⟦countri⟧ in last 3 days = 'x'", "no measure “countri”", ""),
    ("net_sales of ⟦brand⟧ 'x' > 1", "no column of net sales “brand”", "category"),
    ("net_sales in last ⟦0⟧ days > 1", "from 1 to 36,525", ""),
    ("net_sales in last ⟦3000⟧ years > 1", "from 1 to 100", ""),
    ("net_sales in last ⟦2.5⟧ days > 1", "A whole number", ""),
    ("net_sales in last 3 ⟦moons⟧ > 1", "days, weeks, months or years", ""),
    ("⟦net_sales⟧ since 2024-01-01 in last 3 days > 1", "stands twice", ""),
    ("⟦net_sales⟧ since 2024-01-01 until 2023-01-01 > 1", "ends before it begins", ""),
    ("bought anythin⟦⟧", "A text in quotes is missing here", ""),
    ("bought category ⟦not in⟧ ('Tea')", "only things can be named", ""),
    ("bought category 'Tea' at least ⟦0⟧ times", "from 1 to", ""),
    ("country on ⟦2024-01-01⟧ = 'x'", "for the day looked from only", ""),
    ("count_cases on ⟦2024-01-01⟧ > 1", "for the day looked from only", "until"),
    ("⟦moved⟧ from 'Nobody' to 'At risk' between 2024-01-01 and 2024-07-01", "no segment “Nobody”", ""),
    ("moved from 'Champions' to 'At risk' between 2024-07-01 and ⟦2024-01-01⟧", "not after the first", ""),
    ("cluster of ⟦1⟧ = 1", "from 2 to 12", ""),
    ("cluster of 3 by ⟦shoe_size⟧, count_orders = 1", "no feature of clusters “shoe_size”", ""),
    ("cluster by ⟦count_orders⟧ = 1", "two features or more", ""),
    ("name is ⟦null⟧", "“known” or “missing”", ""),
    ("country = 'a⟦\x00⟧'", "cannot be printed", ""),
    ("country = 'a⟦\x1b⟧[31m'", "cannot be printed", ""),
    ("consent ⟦;⟧ DROP TABLE customers", "Before “;”", ""),
    ("consent ⟦--⟧ a remark", "Before “--”", ""),
    ("⟦{{⟧ 7*7 }}", "a condition is missing", ""),
    ("__import__⟦(⟧'os').system('true')", "Before “(” a comparison is missing", ""),
]


@pytest.mark.parametrize("text", GOOD)
def test_what_people_write_is_understood(shop: Asked, text: str) -> None:
    assert shop.parse(text) == GOOD[text]


@pytest.mark.parametrize("text", GOOD)
def test_written_again_it_is_the_same_condition(shop: Asked, text: str) -> None:
    again = to_text(GOOD[text])
    assert shop.parse(again) == GOOD[text]
    assert to_text(shop.parse(again)) == again


@pytest.mark.parametrize(("text", "message", "hint"), BAD, ids=[text.replace("\x00", "NUL").replace("\x1b", "ESC") for text, _, _ in BAD])
def test_an_error_points_at_the_word(shop: Asked, text: str, message: str, hint: str) -> None:
    at, end = text.index("⟦"), text.index("⟧") - 1
    with pytest.raises(ConditionError) as caught:
        shop.parse(text.replace("⟦", "").replace("⟧", ""))
    error = caught.value
    assert (error.at, error.length) == (at, max(end - at, 1))
    assert message in error.plain
    assert hint in error.hint
    assert error.plain.endswith(".")


def test_the_marks_stand_below_the_word_of_its_line(shop: Asked) -> None:
    with pytest.raises(ConditionError) as caught:
        shop.parse("consent and\n  countri = 'Austria'\nand net_sales > 5")
    assert caught.value.pointer() == "    countri = 'Austria'\n    ^^^^^^^"
    with pytest.raises(ConditionError) as caught:
        shop.parse("consent and " * 50 + "countri = 1")
    line, marks = caught.value.pointer().split("\n")
    assert line[marks.index("^") :].startswith("countri")
    assert len(line) <= 102


# -- there and back -----------------------------------------------------------------------------------------------------


@settings(max_examples=80)
@given(drawn.conditions)
def test_any_condition_comes_back_from_its_text(shop: Asked, condition: c.Condition) -> None:
    assert shop.parse(to_text(condition)) == condition


@settings(max_examples=30)
@given(st.one_of(drawn.moves(), st.builds(lambda term: c.Compare(term, "=", Decimal(1)), drawn.clusters)))
def test_moves_and_clusters_come_back_from_their_text(shop: Asked, condition: c.Condition) -> None:
    assert shop.parse(to_text(condition)) == condition
    assert shop.parse(to_text(c.turned(condition))) == c.turned(condition)


NAMES = st.one_of(
    st.sampled_from(sorted(KEYWORDS)),
    st.sampled_from(
        [
            "a b",
            "x]y",
            "[",
            "]]",
            "№ 1",
            "col·lecció",
            "हिन्दी",
            "نوع مشتری",
            "Тариф",
            "2024",
            "a.b",
            "order",
            "lasting",
            "ofx",
            'say "hi"',
            "Can't",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).map(lambda name: " ".join(name.split())).filter(bool),
)


@settings(max_examples=80)
@given(NAMES, drawn.TEXTS)
def test_any_label_of_a_user_can_be_asked(name: str, text: str) -> None:
    fields = {name: FieldInfo(name, name, "text", "Who", "customers", "attr_1")}
    condition = c.Not(c.OneOf(c.Column(name), (text, f"{text}'")))
    assert parse(to_text(condition), fields, {}) == condition
    assert parse(f"{quoted_name(name)} is known", fields, {}) == c.Known(c.Column(name))


def test_keywords_are_understood_in_any_case(shop: Asked) -> None:
    text = "not bought category 'Tea' at least 2 times in the last 3 months or net_sales between 1 and 2 and name is not missing"
    for other in (text.upper().replace("'TEA'", "'Tea'").replace("CATEGORY", "category"), text.title().replace("'Tea'", "'Tea'")):
        assert shop.parse(other) == shop.parse(text)


# -- attacks --------------------------------------------------------------------------------------------------------------

HOSTILE = {
    "brackets": "(" * 3_900 + "consent" + ")" * 3_900,
    "brackets that stay open": "(" * LONGEST,
    "opposites": "not " * 1_990 + "consent",
    "levels": "not (consent and " * 60 + "consent" + ")" * 60,
    "quotes": "'" * (LONGEST - 1),
    "texts": "country in (" + "''," * 2_000 + "'')",
    "open names": "[" * LONGEST,
    "blanks": "consent" + " " * 7_900 + "x",
    "digits": "net_sales > " + "9" * 7_900,
    "decimals": "net_sales > 0." + "1" * 7_900,
    "commas": "r_score in (" + "1," * 3_990 + ")",
    "numbers of nothing": "net_sales > " + "1.1" * 2_600,
    "dots": "net_sales > 1" + "." * 7_900,
    "long": "consent or " * 800 + "consent",
    "a word": "x" * LONGEST,
    "surrogates": "country = '\ud800'",
    "formats": "country = '%s%n{0.__class__}${7*7}{{7*7}}'",
}


def understood(shop: Asked, text: str) -> c.Condition | ConditionError:
    """The condition, or what is wrong with it."""
    try:
        return shop.parse(text)
    except ConditionError as error:
        return error


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_are_refused_or_understood_at_once(shop: Asked, text: str) -> None:
    began = time.perf_counter()
    found = understood(shop, text)
    assert time.perf_counter() - began < 5
    if isinstance(found, ConditionError):
        assert len(found.message) < 1_000
        assert 0 <= found.at <= len(text)
    else:
        assert c.levels(found) <= c.MOST_LEVELS


def test_a_text_of_more_letters_is_refused(shop: Asked) -> None:
    with pytest.raises(ConditionError, match="longer than 8,000 letters"):
        shop.parse("x" * (LONGEST + 1))


def test_levels_are_limited_and_those_within_come_back(shop: Asked) -> None:
    def nested(levels: int) -> c.Condition:
        found: c.Condition = RICH
        for level in range(levels - 1):
            found = (c.All if level % 2 else c.AnyOf)((found, AUSTRIA))
        return found

    assert shop.parse(to_text(nested(c.MOST_LEVELS))) == nested(c.MOST_LEVELS)
    with pytest.raises(ConditionError, match="nests deeper than 40 levels"):
        shop.parse(to_text(nested(c.MOST_LEVELS + 1)))


def test_a_list_holds_a_thousand_values(shop: Asked) -> None:
    shop.parse(f"r_score in ({', '.join(['1'] * c.MOST_VALUES)})")
    with pytest.raises(ConditionError, match="more than 1,000 values"):
        shop.parse(f"r_score in ({', '.join(['1'] * (c.MOST_VALUES + 1))})")


def test_so_many_periods_are_asked_of_that_a_statement_can_hold(shop: Asked) -> None:
    """Each is a table that is joined; eighty of them cannot be written down, and two hundred keep the process busy for minutes."""

    def asking(count: int) -> str:
        return " or ".join(f"bought anything since {2000 + one // 12}-{1 + one % 12:02}-01" for one in range(count))

    assert c.count_sources(shop.parse(asking(c.MOST_SOURCES))) == c.MOST_SOURCES
    with pytest.raises(ConditionError, match="more than 40 different periods"):
        shop.parse(asking(c.MOST_SOURCES + 1))
    shop.parse(" or ".join(f"net_sales > {one}" for one in range(400)))


@pytest.mark.parametrize("back", ["", " looking back 36525 days"])
def test_nobody_looks_back_beyond_the_calendar(back: str, shop: Asked) -> None:
    first = date.min + timedelta(days=36_525 if back else LOOK_BACK_DAYS)
    moved = 'moved from "Champions" to "At risk" between {} and 2024-01-01' + back
    with pytest.raises(ConditionError, match="too long ago to look back"):
        shop.parse(moved.format(first))
    shop.parse(moved.format(first + timedelta(days=1)))


@settings(max_examples=60)
@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from([*sorted(KEYWORDS), "(", ")", ",", "=", "'a'", "5", "2024-01-01", "net_sales", "country"]), max_size=12).map(
        " ".join
    )
)
def test_any_text_is_understood_or_refused_in_words(shop: Asked, text: str) -> None:
    found = understood(shop, text)
    if isinstance(found, ConditionError):
        assert 0 <= found.at <= len(text)
        assert found.plain
        assert found.hint
    else:
        assert shop.parse(to_text(found)) == found


def test_names_without_any_field_are_told_so() -> None:
    with pytest.raises(ConditionError, match="This data has no field"):
        parse("x = 1", {}, {})
    sold = MeasureInfo("count_orders", "Orders", "number", "order_lines", "line_at", ())
    with pytest.raises(ConditionError, match="This data has no column of orders"):
        parse("bought category 'Tea'", {}, {"count_orders": sold})
    with pytest.raises(ConditionError, match="This data has no sales"):
        parse("bought anything", {}, {})
    with pytest.raises(ConditionError, match="no sales, so no segments"):
        parse("moved from 'A' to 'B' between 2024-01-01 and 2024-02-01", {}, {})
