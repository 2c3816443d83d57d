"""How staged columns are read as ids, words and flags: one expression a column, no row is touched in Python.

Ids are text: `17850.0` of a float column is `17850`, leading zeros stay, 20-digit numbers lose nothing.
"""

from __future__ import annotations

import re

import ibis
import ibis.expr.types as ir

from crm_core.mapping.values import functions

#: How exports write "nothing here"; compared in lower case, after trimming. A lone "0" or "na" may be a real id and stays.
NULL_WORDS = ("", "nan", "null", "none", "n/a", "#n/a", "nat", "?", "-", "<na>", "nil", "(null)", "\\n")

#: Blanks beside the plain one, and marks without width, that spreadsheets and web pages leave in cells.
ODD_BLANKS = "\u00a0\u202f\u2007\u2009\u3000"
INVISIBLE = "\u200b\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
ZERO_WIDTH_NON_JOINER = "\u200c"

BLANKS = " \t\r\n\v\f" + ODD_BLANKS + INVISIBLE + ZERO_WIDTH_NON_JOINER

#: Nothing but blanks and a word for nothing; and texts of plain characters that need no care.
_NOTHING = rf"(?i)^[\s{BLANKS}]*(?:{'|'.join(map(re.escape, filter(None, NULL_WORDS)))})?[\s{BLANKS}]*$"
_TIDY = r"^[!-~](?:[ -~]*[!-~])?$"
#: Tidy, and by its first character no word for nothing: nearly all ids, told by one look.
_PLAIN_ID = r"^[0-9A-MO-Za-mo-z](?:[ -~]*[!-~])?$"

#: Arabic letters that Persian writes otherwise, so that the same word compares equal whatever keyboard wrote it.
ARABIC_LETTERS, PERSIAN_LETTERS = "يىكة", "ییکه"

EASTERN_DIGITS, LATIN_DIGITS = "۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789"

YES = tuple("yes y true t 1 1.0 on x ✓ ✔ да истина بله بلی آری sim sí si ja oui evet tak verdadero vrai wahr".split())
NO = tuple("no n false f 0 0.0 off ✗ ✘ нет ложь خیر نه não nao nein non hayır hayir nie falso faux falsch".split())

#: A number of twelve digits and more that a spreadsheet rounded: digits are lost, so different ids became one.
DAMAGED_ID = r"^\d([.,]\d+)?[eE]\+?(1[1-9]|[2-9]\d|\d{3})$"

#: Whole numbers from here on are no longer exact in a float column.
_EXACT_FLOAT = 2**53


def is_given(column: ir.Value) -> ir.BooleanValue:
    """True where the cell holds something; never NULL. Blank cells and the NULL_WORDS are empty."""
    if isinstance(column, ir.StringValue):
        return column.notnull() & ~column.re_search(_NOTHING).fill_null(False)
    return column.notnull() & ~column.isnan().fill_null(False) if isinstance(column, ir.FloatingValue) else column.notnull()


def trimmed(column: ir.StringValue) -> ir.StringValue:
    """The text without blanks and invisible marks at its ends (looked for first: taking them off is dear)."""
    return column.re_search(_TIDY).ifelse(column, functions.trim(column, BLANKS))


def read_id(column: ir.Value, is_whole: bool = False) -> ir.StringValue:
    """The id as text, NULL where empty.

    `is_whole`: a text column whose numbers all end in ".0" (a float column written to a file, see `is_whole_float`) loses the ending.
    """
    if isinstance(column, ir.StringValue):
        text = trimmed(column)
        if is_whole:
            return is_given(column).ifelse(text.re_replace(r"^(-?\d+)\.0+$", r"\1"), ibis.null("string"))
        return ibis.cases((column.re_search(_PLAIN_ID), column), (is_given(column), text))
    if isinstance(column, ir.FloatingValue | ir.DecimalValue):
        whole = column.try_cast("decimal(38, 0)")
        return (whole.cast(column.type()) == column).ifelse(whole.cast("string"), column.cast("string")).nullif("nan")
    return column.cast("string")


def is_whole_float(column: ir.Value) -> ir.BooleanScalar:
    """True where a text column is a float column written out: every filled value is digits and ".0"."""
    if not isinstance(column, ir.StringValue):
        return ibis.literal(False)
    return (trimmed(column).re_search(r"^-?\d+\.0+$") | ~is_given(column)).all() & is_given(column).any()


def damaged_ids(column: ir.Value) -> ir.BooleanValue:
    """True where a spreadsheet or a float column has rounded the id ("5.94773E+23")."""
    if isinstance(column, ir.StringValue):
        return trimmed(column).re_search(DAMAGED_ID).fill_null(False)
    if isinstance(column, ir.FloatingValue):
        return (column.abs() >= _EXACT_FLOAT).fill_null(False)
    return ibis.literal(False)


def read_text(column: ir.Value) -> ir.StringValue:
    """Words as they stand, trimmed, with Persian letters for Arabic ones and without invisible marks; NULL where blank."""
    if not isinstance(column, ir.StringValue):
        return read_id(column)
    tidy = column.translate(ARABIC_LETTERS + ODD_BLANKS + INVISIBLE, PERSIAN_LETTERS + " " * len(ODD_BLANKS))
    return column.re_search(_TIDY).ifelse(column, functions.trim(tidy, BLANKS)).nullif("")


def read_flag(column: ir.Value) -> ir.BooleanValue:
    """Yes or no in the languages of YES and NO; NULL where it is neither."""
    if isinstance(column, ir.BooleanValue):
        return column
    word = read_text(column).lower()
    return ibis.cases((word.isin(YES), True), (word.isin(NO), False))


def latin_digits(text: ir.StringValue) -> ir.StringValue:
    """Trimmed, Persian and Arabic digits as Latin ones, odd blanks as plain ones, marks without width removed."""
    tidy = text.translate(EASTERN_DIGITS + ODD_BLANKS + INVISIBLE, LATIN_DIGITS + " " * len(ODD_BLANKS))
    return text.re_search(_TIDY).ifelse(text, functions.trim(tidy, BLANKS))
