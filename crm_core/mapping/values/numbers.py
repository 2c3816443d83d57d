"""How a column writes its numbers, and the expression that reads them: decided once for the column.

"1.234" alone may be a thousand or little more than one: the marks of all values together decide, and where they do not,
the reading says so. A value that does not fit the column's way ("1.5" where the full stop sets off thousands) is
unreadable, never read a thousand times too large. Amounts stay exact: text becomes decimal(18, 4) without a float between.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Literal

import ibis
import ibis.expr.types as ir

from crm_core.mapping.model import NumberFormat
from crm_core.mapping.values import functions
from crm_core.mapping.values import text as words
from crm_core.sources.staging import Staging

#: Signs and names of currencies as people write them beside amounts, in lower case, by ISO code (IRT: toman, ten rials).
CURRENCY_SIGNS = {
    "EUR": "€ euro",
    "USD": "$ us$",
    "GBP": "£",
    "JPY": "¥",
    "RUB": "₽ руб руб. р. р rub.",
    "IRR": "﷼ ریال ريال",
    "IRT": "تومان toman",
    "BRL": "r$",
    "SEK": "kr",
    "PLN": "zł zl",
    "TRY": "tl ₺",
    "INR": "₹ rs rs.",
    "KRW": "₩",
    "UAH": "₴ грн",
    "KZT": "₸",
    "ILS": "₪",
    "VND": "₫",
    "THB": "฿",
    "PHP": "₱",
    "NGN": "₦",
    "CZK": "kč",
    "HUF": "ft",
    "RON": "lei",
    "BGN": "лв лв.",
    "CAD": "c$ ca$",
    "AUD": "a$ au$",
    "NZD": "nz$",
    "HKD": "hk$",
    "SGD": "s$",
    "MXN": "mx$",
    "CHF": "fr. sfr.",
    "AED": "د.إ",
    "SAR": "ر.س",
}
CURRENCY_WORDS = {word: code for code, signs in CURRENCY_SIGNS.items() for word in signs.split()}
CURRENCY_CODES = (
    "AED AFN ALL AMD AOA ARS AUD AZN BAM BDT BGN BHD BOB BRL BYN CAD CHF CLP CNY COP CRC CUP CZK DKK DOP DZD EGP ETB EUR GBP GEL GHS GTQ "
    "HKD HNL HRK HUF IDR ILS INR IQD IRR IRT ISK JMD JOD JPY KES KGS KHR KRW KWD KZT LAK LBP LKR LYD MAD MDL MKD MMK MNT MUR MXN MYR NAD NGN NIO NOK NPR NZD "
    "OMR PAB PEN PHP PKR PLN PYG QAR RON RSD RUB RUR SAR SDG SEK SGD SYP THB TJS TMT TND TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND XAF XOF YER ZAR ZMW"
).split()


_WORDS = sorted({*CURRENCY_WORDS, *(code.lower() for code in CURRENCY_CODES)}, key=len, reverse=True)
_CURRENCY = r"(?i:" + "|".join(map(re.escape, _WORDS)) + r")"
#: Words for pieces behind a quantity ("2 шт.").
_PIECES = r"(?i:pieces?|pcs\.?|pc\.?|units?|шт\.?|штук[аи]?|ед\.?|عدد|stk\.?|stück|szt\.?|uds?\.?|adet)"
_DIGITS = r"[.,]?[0-9](?:[0-9.,' ]*[0-9])?(?:[eE][-+]?[0-9]{1,3})?"
#: A number with what may stand around it; groups: sign before, digits with their marks, sign behind. "12,-" has no cents, it is not negative.
_BEFORE, _BEHIND = rf"(?:{_CURRENCY}\s*)?", rf"\s*(?:{_CURRENCY}|{_PIECES})?\s*"
_DRESSED = rf"^\s*{_BEFORE}([-+(]?)\s*{_BEFORE}({_DIGITS})(?:[.,]-{{1,2}}|[.,])?{_BEHIND}([-)]?){_BEHIND}$"
_BARE = re.compile(r"[-+]?(\d+(?:\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?", re.ASCII)

_DRESSED_VALUE = re.compile(_DRESSED)
#: A cheap look before the dear one: digits in one stretch, little around them.
LONGEST_NUMBER = 100  # a longer text would take the dear look minutes
_MAYBE_NUMBER = re.compile(r"\D{0,10}\d[\d.,' eE+-]*\D{0,10}")
_CURRENCY_VALUE = re.compile(rf"(?:^|[\s\d(+-]){_CURRENCY}(?:$|[\s\d)(+-])")

#: Characters that stand for plain ones, one for one (the last, the Arabic decimal mark, for the decimal mark of the column), and those to drop.
_ODD = words.EASTERN_DIGITS + words.ODD_BLANKS + "−–—’‘´" + "٫"
_PLAIN = words.LATIN_DIGITS + " " * len(words.ODD_BLANKS) + "---'''"
_DROPPED = "٬،" + words.INVISIBLE
_TIDY = str.maketrans(_ODD, _PLAIN + ".", _DROPPED)

Mark = Literal[".", ","]
_OTHER: dict[Mark, Mark] = {".": ",", ",": "."}

#: Distinct values that decide on a column; more add nothing.
_ENOUGH = 5_000


def read(column: ir.Value, fmt: NumberFormat) -> ir.DecimalValue:
    """The column as decimal(18, 4), NULL where empty, unreadable by `fmt` or too large (10^14 and beyond)."""
    if not isinstance(column, ir.StringValue):
        number = column.cast("int8") if isinstance(column, ir.BooleanValue) else column
        return number.try_cast("decimal(18, 4)")
    if fmt.is_plain:
        return column.try_cast("decimal(18, 4)")
    # A CASE, as the engine works out parts of any other expression for every row: the long pattern is for the few that need it.
    return column.re_search(_usual(fmt)).ifelse(_read_usual(column, fmt), _read_other(column, fmt))


def _usual(fmt: NumberFormat) -> str:
    """Pattern of what nearly all cells hold: plain digits in this format, at most one common sign beside them."""
    point, group = re.escape(fmt.decimal), re.escape(fmt.thousands)
    whole = r"[0-9]+" + (rf"|[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+" if group else "")
    return rf"^(?:[$€£] ?)?-?(?:{whole})(?:{point}[0-9]+)?(?: ?[$€£])?$"


def _read_usual(column: ir.StringValue, fmt: NumberFormat) -> ir.DecimalValue:
    digits = functions.trim(column, "$€£ ").replace(fmt.thousands or " ", "").replace(fmt.decimal, ".")
    return digits.try_cast("decimal(18, 4)")


def _read_other(column: ir.StringValue, fmt: NumberFormat) -> ir.DecimalValue:
    if fmt.decimal == ".":
        return ibis.coalesce(column.try_cast("decimal(18, 4)"), _read_dressed(column, fmt))
    simple = column.contains(".").ifelse(ibis.null("string"), column.replace(",", ".")).try_cast("decimal(18, 4)")
    return ibis.coalesce(simple, _read_dressed(column, fmt))


def _read_dressed(column: ir.StringValue, fmt: NumberFormat) -> ir.DecimalValue:
    """Values with currency, thousands marks, odd signs or Eastern digits, checked against the way of the column."""
    signed = column.translate(_ODD + _DROPPED, _PLAIN + fmt.decimal).re_replace(_DRESSED, r"\1\2\3")
    digits = functions.trim(signed, "+-()").replace(fmt.thousands or " ", "").replace(fmt.decimal, ".")
    number = digits.try_cast("decimal(18, 4)")
    is_negative = signed.re_search(r"^[-(]|-$")
    return (
        signed.re_search(_grammar(fmt)).ifelse(is_negative.ifelse(-number, number), ibis.null("decimal(18, 4)")).try_cast("decimal(18, 4)")
    )


def _grammar(fmt: NumberFormat) -> str:
    """Pattern of a signed number in this format; groups of two are Indian (1,23,456)."""
    point, group = re.escape(fmt.decimal), re.escape(fmt.thousands)
    fraction = rf"(?:{point}\d*)?(?:[eE][-+]?\d+)?"
    body = rf"(?:\d+{fraction}|{point}\d+" + (rf"|[1-9]\d{{0,2}}(?:{group}\d{{2,3}})*{group}\d{{3}}{fraction})" if group else ")")
    forms = {"leading": "", "trailing": rf"|{body}-", "parentheses": rf"|\({body}\)", "any": rf"|{body}-|\({body}\)"}
    return rf"^(?:[-+]?{body}{forms[fmt.negatives]})$"


_BESIDE_A_SIGN = r"[0-9.,'()+\-\s]+"


def currency(column: ir.Value) -> ir.StringValue:
    """ISO code of the currency written in the cell, NULL where none is ("$" is taken for USD, "kr" for SEK)."""
    if not isinstance(column, ir.StringValue):
        return ibis.null("string")
    codes = {code.lower(): code for code in CURRENCY_CODES} | {word.replace(".", ""): code for word, code in CURRENCY_WORDS.items()}
    left = column.translate(_ODD + _DROPPED, _PLAIN + ".").lower().re_replace(_BESIDE_A_SIGN, "")
    any_sign = functions.once(left, lambda sign: sign.cases(*codes.items()))
    usual = column.re_replace(_BESIDE_A_SIGN, "")  # tidying and a hundred words only for what is not one of these
    named = functions.once(usual, lambda sign: sign.cases(*((one, CURRENCY_WORDS[one]) for one in "$€£"), else_=any_sign))
    return column.re_search(r"[^0-9.,'()+\- ]").ifelse(named, ibis.null("string"))


def has_currency(text: str) -> bool:
    """True where a currency stands beside the digits of one text."""
    return _CURRENCY_VALUE.search(text) is not None


def guess(values: Iterable[str]) -> tuple[NumberFormat, float]:
    """How these distinct texts write numbers, and the share of them that are numbers then (0.0 where none is)."""
    given = tuple(values)
    texts = [text.translate(_TIDY).strip() for text in given]
    likely = [text for text in texts if len(text) <= LONGEST_NUMBER and _MAYBE_NUMBER.fullmatch(text)]
    found = [match.groups() for text in likely if (match := _DRESSED_VALUE.match(text))]
    digits = [groups[1] for groups in found]
    decimal, evidence = _decimal_mark(digits)
    fmt = NumberFormat(decimal, _thousands_mark(digits, decimal), _negatives(found), is_plain=False, evidence=evidence)
    grammar = re.compile(_grammar(fmt))
    read_by_it = sum(1 for groups in found if grammar.match("".join(groups)))
    is_plain = decimal == "." and not fmt.thousands and all(_BARE.fullmatch(text) for text in given)
    return replace(fmt, is_plain=is_plain), read_by_it / len(texts) if texts else 0.0


def decide(staging: Staging, source: str, column: str, sample: Sequence[str] = ()) -> NumberFormat:
    """How the whole column writes numbers: `sample` and every value of the column that a bare cast cannot judge, up to a few thousand."""
    staged = staging.staged(source)
    cells = staging.table(source)[staged.column(column).ref]
    if not isinstance(cells, ir.StringValue):
        return NumberFormat()
    telling = cells.try_cast("decimal(18, 4)").isnull() | cells.re_search(r"^[-+]?[1-9]\d{0,2}\.\d{3}$|\.\d$|\.\d\d$|^\d{4,}$")
    rows = cells.name("cell").as_table().filter(words.is_given(cells))
    some, all_telling = rows.limit(_ENOUGH).distinct(), rows.filter(telling).distinct().limit(_ENOUGH)
    texts = [staging.con.to_pyarrow(found)["cell"].to_pylist() for found in ((all_telling,) if sample else (some, all_telling))]
    return guess({*sample, *chain.from_iterable(texts)})[0]


def _decimal_mark(digits: Iterable[str]) -> tuple[Mark, str]:
    """The mark of decimals by majority of the values that tell; else what is usual, with words that say so."""
    votes = Counter(_vote(one) for one in digits)
    point, comma = votes["."], votes[","]
    if point or comma:
        mark: Mark = "." if point >= comma else ","
        doubt = f"{min(point, comma):,} of the values looked at are written the other way" if point and comma else ""
        return mark, doubt
    if not votes["?."] and not votes["?,"]:
        return ".", ""
    return _usual_mark(votes)


def _usual_mark(votes: Counter[str]) -> tuple[Mark, str]:
    """Every marked value has one mark and three digits behind it, as "1.234": is that a thousand or a fraction?"""
    doubtful: Mark = "." if votes["?."] >= votes["?,"] else ","
    if votes["long"]:
        return doubtful, f"“{doubtful}” is taken for the decimal mark: thousands stand without a mark"
    if doubtful == "." and not votes["short"]:
        return doubtful, "“.” is taken for the decimal mark: every value has three digits behind it"
    return _OTHER[doubtful], f"“{doubtful}” is taken for the thousands mark: three digits always follow it"


def _vote(digits: str) -> str:
    """Which mark must be the decimal one for this number; "?." and "?," where it may be either; else "long" or "short" without a mark."""
    number = re.sub(r"[eE].*", "", digits)
    marks = re.sub(r"[^.,]", "", number)
    if not marks:
        return "long" if len(number) > 3 and number.isdigit() else "short"
    last: Mark = "." if marks[-1] == "." else ","
    if len(set(marks)) == 2:
        return last if marks.count(last) == 1 else "none"
    if len(marks) > 1:
        return _OTHER[last]
    before, _, behind = number.partition(last)
    is_grouped = bool(re.fullmatch(r"[1-9]\d{0,2}", before)) and len(behind) == 3
    return f"?{last}" if is_grouped else last


def _thousands_mark(digits: Iterable[str], decimal: Mark) -> Literal["", ",", ".", "'", " "]:
    """The mark between groups that most values use."""
    candidates: tuple[Literal[",", ".", "'", " "], ...] = (_OTHER[decimal], "'", " ")
    found = {mark: sum(mark in one for one in digits) for mark in candidates}
    best = max(candidates, key=lambda mark: found[mark])
    return best if found[best] else ""


def _negatives(found: Iterable[tuple[str, ...]]) -> Literal["leading", "trailing", "parentheses", "any"]:
    forms = {("parentheses" if behind == ")" else "trailing") for before, _, behind in found if behind}
    forms |= {"leading" for before, _, _ in found if before == "-"}
    if len(forms) > 1:
        return "any"
    return "trailing" if "trailing" in forms else "parentheses" if "parentheses" in forms else "leading"
