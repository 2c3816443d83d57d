"""Whether a column's values can be what a field holds: 0 rules the field out, 1 fits wholly.

The kinds of schema.py decide; a few fields know more of themselves (a discount between 0 and 1 is a share, no amount).
"""

from __future__ import annotations

from collections.abc import Callable

from crm_core.mapping.meaning.names import meaning
from crm_core.mapping.values import case_statuses, consent, outcomes, scales, score_words, within_sla
from crm_core.mapping.values.profile import ColumnProfile
from crm_core.mapping.values.statuses import known_meaning
from crm_core.schema import Field, Kind

#: Below this share of readable values a column is not taken for numbers or dates.
READABLE = 0.7
#: From this share on, all values but a few strays are.
WHOLLY = 0.98
#: Rows of one contact, on average, in a log of events.
_MOST_EVENTS = 8
_COMPACT = ("ymd_compact", "ymdh_compact", "epoch_seconds", "epoch_milliseconds", "excel_serial")
_MOST_CATEGORIES = 2000
_MOST_STATUSES = 30
_MOST_SCORES = 210
#: Days of spreadsheets since 1982; smaller numbers in a column are minutes or seconds that something took.
_FIRST_SERIAL = 30_000


def fit(field: Field, column: ColumnProfile) -> float:
    """How well the values of `column` suit `field`; a column without any value suits none."""
    if column.filled == 0:
        return 0.0
    by_kind = _INSTEAD_OF_KIND.get(field.name, _BY_KIND[field.kind])(column)
    special = _BY_FIELD.get(field.name)
    return by_kind * (special(column) if special else 1.0)


def is_date(column: ColumnProfile) -> bool:
    return column.type in ("timestamp", "date") or (column.date is not None and column.date_share >= READABLE)


def is_number(column: ColumnProfile) -> bool:
    return column.type == "number" or (column.number is not None and column.number_share >= READABLE)


def is_integer(column: ColumnProfile) -> bool:
    return is_number(column) and "integer" in column.hints


def is_decimal(column: ColumnProfile) -> bool:
    """Numbers with decimals throughout; not codes of which most are digits, nor ids that a spreadsheet rounded."""
    is_all = column.type == "number" or column.number_share >= WHOLLY
    return is_all and not is_integer(column) and not is_damaged(column)


def looks_like_compact_date(column: ColumnProfile) -> bool:
    """Numbers that also read as dates, such as 19970101."""
    return is_number(column) and column.date is not None and column.date.style in _COMPACT and column.date_share >= 0.95


def is_damaged(column: ColumnProfile) -> bool:
    return "damaged_ids" in column.hints


def _date(column: ColumnProfile) -> float:
    if not is_date(column):
        return 0.0
    return 1.0 if column.type in ("timestamp", "date") else column.date_share


def _amount(column: ColumnProfile) -> float:
    if not is_number(column) or column.type in ("timestamp", "date"):
        return 0.0
    return 0.4 if looks_like_compact_date(column) else max(column.number_share, READABLE)


def _money(column: ColumnProfile) -> float:
    """Numbers, but not a mere 0 and 1."""
    is_flag = is_integer(column) and column.distinct == 2 and column.minimum == 0 and column.maximum == 1
    return _amount(column) * (0.3 if is_flag else 1.0)


def _integer(column: ColumnProfile) -> float:
    return _amount(column) if is_integer(column) else 0.0


def _id(column: ColumnProfile) -> float:
    if column.type in ("boolean", "timestamp", "date") or "long_text" in column.hints:
        return 0.0
    if is_date(column) and not is_number(column):
        return 0.1
    if is_decimal(column):
        return 0.2
    if column.distinct > 2 or column.rows <= 20:
        return 1.0
    return 0.3 if "flag" in column.hints else 0.7  # many rows of one customer or two are rare, yet they happen


def _category(column: ColumnProfile) -> float:
    if column.type in ("timestamp", "date") or "long_text" in column.hints or (is_date(column) and not is_number(column)):
        return 0.0
    if is_number(column) and not is_integer(column):
        return 0.2
    return 1.0 if column.distinct <= _MOST_CATEGORIES or column.distinct < column.filled / 2 else 0.5


def _text(column: ColumnProfile) -> float:
    if column.type in ("timestamp", "date", "boolean") or (is_date(column) and not is_number(column)):
        return 0.0
    return 0.4 if is_number(column) else 1.0


def _marked(hint: str, otherwise: float) -> Callable[[ColumnProfile], float]:
    return lambda column: 1.0 if hint in column.hints else otherwise


def _email(column: ColumnProfile) -> float:
    """Addresses, and more than the shop's own."""
    return 1.0 if "email" in column.hints and (column.distinct > 1 or column.rows == 1) else 0.0


def _no_share(column: ColumnProfile) -> float:
    """A discount of at most 1 everywhere is a share of the price."""
    return 0.0 if column.maximum is not None and column.maximum <= 1.0 and (column.minimum or 0.0) >= 0.0 else 1.0


def _within_an_order(column: ColumnProfile) -> float:
    """Line numbers start again with each order; numbers that never repeat count the rows of the file."""
    return 0.0 if "unique" in column.hints and column.rows > 1 else _small(column)


def _few(column: ColumnProfile) -> float:
    return 1.0 if column.distinct <= _MOST_STATUSES else 0.3


#: On average; orders of dealers have dozens.
MOST_LINES_AN_ORDER = 200


def _in_every_row(column: ColumnProfile) -> float:
    """Every row belongs to an order; an id in some rows only is another one's (a payment's, a voucher's), and a few values over and over are
    a count or a kind."""
    if column.rows > MOST_LINES_AN_ORDER * max(column.distinct, 1):
        return 0.0
    return 1.0 if column.filled >= 0.9 * column.rows else 0.5


def _no_names(column: ColumnProfile) -> float:
    """Ids have no blanks inside; a column "Customer" that holds names can do in need."""
    return 0.55 if is_of_names(column) else 1.0


def is_of_names(column: ColumnProfile) -> bool:
    """Most values have blanks inside, as names of people and companies do."""
    return sum(1 for one in column.examples if " " in one.strip()) * 2 > len(column.examples)


def _status(column: ColumnProfile) -> float:
    return _few(column) * (1.0 if _holds_status_words(column) or _holds_case_words(column) else 0.8)


def _no_status(column: ColumnProfile) -> float:
    """A "state" that holds "delivered" and "canceled" is no region."""
    return 0.1 if _holds_status_words(column) else 1.0


def _holds_status_words(column: ColumnProfile) -> bool:
    known = sum(1 for word in column.examples if known_meaning(word) is not None)
    return known * 2 >= len(column.examples) > 0


def _holds_case_words(column: ColumnProfile) -> bool:
    known = sum(1 for word in column.examples if case_statuses.known_meaning(word) is not None)
    return known * 2 >= len(column.examples) > 0


def _small(column: ColumnProfile) -> float:
    return 1.0 if column.maximum is None or column.maximum <= 10_000 else 0.0


def _score(column: ColumnProfile) -> float:
    """Numbers, or words and marks that say a score."""
    in_words = score_words.share(column.examples) if column.type == "text" else 0.0
    return max(_amount(column), in_words if in_words >= READABLE else 0.0)


def _on_a_scale(column: ColumnProfile) -> float:
    """Scores lie between -100 and 100, but for a few marks of a missing answer, and take few values."""
    low, high = column.minimum, column.maximum
    if low is None or high is None:
        return 1.0
    if column.distinct > _MOST_SCORES:
        return 0.0
    return 1.0 if low >= -100 and high <= 100 else float(_share_on_a_scale(column) >= READABLE)


def _share_on_a_scale(column: ColumnProfile) -> float:
    told = [one for one in column.examples if one.strip().lstrip("-").replace(",", ".").replace(".", "", 1).isdigit()]
    near = [one for one in told if abs(float(one.replace(",", "."))) <= 100]
    return len(near) / len(told) if told else 0.0


def _general(column: ColumnProfile) -> float:
    return _measured(column) if "nps" in meaning(column.name).concepts else _on_a_scale(column)


def _measures(column: ColumnProfile) -> float:
    """A column of measures names some; the types of a survey ("onboarding") are others."""
    known = sum(1 for word in column.examples if scales.measure_of(word))
    return float(known * 2 >= len(column.examples) > 0)


def _measured(column: ColumnProfile) -> float:
    """On a scale, and no mere yes or no (a product that is recommended or not)."""
    return 0.0 if "flag" in column.hints else _on_a_scale(column)


def _within_sla(column: ColumnProfile) -> float:
    """Yes and no, or words for kept and missed."""
    return 1.0 if "flag" in column.hints or within_sla.tells(column.examples) else 0.0


def _consent(column: ColumnProfile) -> float:
    """Yes and no, words for being in or out, or the day of opting out; under a name that is not of consent only words for in or out."""
    said = meaning(column.name).concepts
    if not said & {"consent", "unsubscribed", "csat"}:
        return float(consent.says_in_or_out(column.examples))
    is_day = is_date(column) and not is_number(column) and "csat" not in said
    return 1.0 if "flag" in column.hints or consent.tells(column.examples) else 0.9 * is_day


def _outcome(column: ColumnProfile) -> float:
    """Few words; those that mean an outcome speak for it."""
    if is_date(column) or is_number(column):
        return 0.0
    return _few(column) * (1.0 if holds_outcomes(column) else 0.6)


def holds_outcomes(column: ColumnProfile) -> bool:
    """Do at least half of the words mean the outcome of a contact?"""
    known = sum(1 for word in column.examples if outcomes.is_known(word))
    return "flag" not in column.hints and known * 2 >= len(column.examples) > 0


def _happened(column: ColumnProfile) -> float:
    """Yes and no, a count, or a moment; a column that is empty but for a few marks as well."""
    is_mark = "flag" in column.hints or is_integer(column) or is_date(column)
    return 1.0 if is_mark else 0.0 if "long_text" in column.hints else 0.7 * (column.distinct <= _MOST_STATUSES)


def _of_its_own(column: ColumnProfile) -> float:
    """A contact has few rows, so its id comes seldom again; the id of a campaign or a list stands in many."""
    return _id(column) * float(column.distinct * _MOST_EVENTS >= column.filled)


def _reopened(column: ColumnProfile) -> float:
    """How many times, or no more than whether."""
    return 1.0 if "flag" in column.hints else _integer(column)


def _moment(column: ColumnProfile) -> float:
    """A "time to resolution" of so many minutes or seconds is no moment, though such numbers can be days of a spreadsheet."""
    is_serial = is_number(column) and column.date is not None and column.date.style == "excel_serial"
    return 0.0 if is_serial and (column.minimum is None or column.minimum < _FIRST_SERIAL) else 1.0


_BY_KIND: dict[Kind, Callable[[ColumnProfile], float]] = {
    "id": _id,
    "text": _text,
    "category": _category,
    "email": _email,
    "phone": _marked("phone", 0.5),
    "flag": _marked("flag", 0.0),
    "date": _date,
    "timestamp": _date,
    "amount": _money,
    "quantity": _amount,
    "score": _score,
    "integer": _integer,
}

_INSTEAD_OF_KIND: dict[str, Callable[[ColumnProfile], float]] = {
    "is_within_sla": _within_sla,
    "count_reopened": _reopened,
    "consent": _consent,
    "contact_id": _of_its_own,
    "outcome": _outcome,
    **dict.fromkeys(outcomes.MARKS, _happened),
}

_BY_FIELD: dict[str, Callable[[ColumnProfile], float]] = {
    "discount_amount": _no_share,
    "customer_id": _no_names,
    "order_id": _in_every_row,
    "line_no": _within_an_order,
    "status": _status,
    "region": _no_status,
    "country": _no_status,
    "city": _no_status,
    "priority": _few,
    "score": _general,
    "measure": _measures,
    "nps_score": _measured,
    "csat_score": _measured,
    "ces_score": _measured,
    "attitude_score": _measured,
    "first_response_at": _moment,
    "resolved_at": _moment,
    "closed_at": _moment,
    "count_reopened": _small,
    "count_contacts": _small,
}
