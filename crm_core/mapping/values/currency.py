"""One currency an import: amounts of others are converted by the user's rates, or refused; a missing rate is never 1.

The word in the data ("€", "eur", "EUR ") is read as its code. Conversion is exact decimal arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import ibis
import ibis.expr.types as ir

from crm_core.errors import DataError, Problem
from crm_core.mapping.model import ImportOptions
from crm_core.mapping.values.numbers import CURRENCY_WORDS
from crm_core.schema import ORDER_LINES
from crm_core.sources.staging import Staging

#: Amounts of a line, converted together.
AMOUNTS = tuple(field.name for field in ORDER_LINES.fields if field.kind == "amount")

HINT = "Give a rate for each: how much one unit of it is worth in the currency of the analysis. Or import one currency at a time."


@dataclass(frozen=True)
class Currencies:
    """`code` of the analysis ("" = not given), rows by currency, and the rates in use (None where nothing is converted)."""

    code: str
    rows: dict[str, int]
    rates: ir.Table | None = None


def code_of(word: str) -> str:
    return CURRENCY_WORDS.get(word.lower(), word.upper())


def decide(staging: Staging, rows: ir.Table, options: ImportOptions) -> Currencies:
    """The currency of the analysis and how the others become it. `rows`: column currency, a row a line.

    Raises DataError where a currency has no usable rate.
    """
    counted = staging.con.execute(rows.group_by("currency").aggregate(rows=rows.count()))
    words = {str(word): int(count) for word, count in zip(counted["currency"], counted["rows"], strict=True) if isinstance(word, str)}
    base, found, rates = settle(words, options)
    if not rates:
        return Currencies(base, found)
    return Currencies(base, found, _store(staging, rates))


def settle(words: dict[str, int], options: ImportOptions) -> tuple[str, dict[str, int], dict[str, Decimal]]:
    """Of words as in the data and how many lines have them: the currency of the analysis, lines by currency, and the rate of each word
    (none where all is in one currency). Raises DataError where a currency has no usable rate.
    """
    found: dict[str, int] = {}
    for word, count in words.items():
        found[code_of(word)] = found.get(code_of(word), 0) + count
    given = {code_of(word): rate for word, rate in options.rates.items()}
    base = code_of(options.currency) or _implied(found, given)
    rates = {code: _rate(given.get(code, "")) for code in found if code != base}
    _refuse_missing(found, base, rates)
    known = {code: rate for code, rate in rates.items() if rate is not None}
    return base, found, {word: known.get(code_of(word), Decimal(1)) for word in words} if known else {}


def _implied(found: dict[str, int], rates: dict[str, str]) -> str:
    """The one currency that needs no rate: the only one, or the only one without a rate."""
    without = [code for code in found if code not in rates]
    return without[0] if len(without) == 1 else ""


def _rate(text: str) -> Decimal | None:
    try:
        rate = Decimal(str(text))
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and rate > 0 else None


def _refuse_missing(found: dict[str, int], base: str, rates: dict[str, Decimal | None]) -> None:
    missing = [code for code, rate in rates.items() if rate is None]
    if not missing:
        return
    problems = [
        Problem(
            "currency_without_rate",
            "question",
            f"Amounts are in {code}, and there is no rate for it",
            rows=found[code],
            example=code,
            option=f"--rate {code}=RATE",
        )
        for code in missing
    ]
    title = "The amounts are in more than one currency" if len(found) > 1 else "The amounts are in another currency"
    raise DataError(title, f"Rates are needed to add them up{f' in {base}' if base else ''}.", HINT, problems)


def _store(staging: Staging, rates: dict[str, Decimal]) -> ir.Table:
    staging.raw.execute("CREATE OR REPLACE TABLE rates (word VARCHAR, rate DECIMAL(19, 8))")
    staging.raw.executemany("INSERT INTO rates VALUES (?, ?)", [[word, str(rate)] for word, rate in rates.items()])
    return staging.con.table("rates")


def convert(lines: ir.Table, currencies: Currencies) -> ir.Table:
    """Lines with all amounts in the currency of the analysis; unknown where a line names none among several (`is_without_currency`)."""
    if currencies.rates is None:
        return lines.mutate(is_without_currency=ibis.literal(False))
    rates = currencies.rates.select(rate_word="word", rate="rate")  # wide enough for the engine to multiply in 128 bits
    joined = lines.left_join(rates, lines.currency == rates.rate_word)
    converted = {name: (joined[name] * joined.rate).cast("decimal(38, 8)").try_cast("decimal(18, 4)") for name in AMOUNTS}
    return joined.mutate(**converted, is_without_currency=joined.rate.isnull()).drop("rate_word", "rate")
