"""Every decision of an import in words, made by the user or by the program: label -> choice, for the receipt."""

from __future__ import annotations

from crm_core.mapping.carrying_out import scores
from crm_core.mapping.carrying_out.reading import Source
from crm_core.mapping.carrying_out.scores import UNKNOWN
from crm_core.mapping.carrying_out.work import Work
from crm_core.mapping.meaning.formats import DATE_KINDS, NUMBER_KINDS, columns_of
from crm_core.mapping.model import GRAIN_LABELS, DateFormat, fields_for
from crm_core.mapping.values import consent, within_sla

STYLES = {
    "native": "dates as the file holds them",
    "iso": "year, month, day",
    "dmy": "day, month, year",
    "mdy": "month, day, year",
    "ymd_compact": "digits: year, month, day",
    "ymdh_compact": "digits: year, month, day, hour",
    "jalali": "Persian calendar",
    "excel_serial": "days counted by a spreadsheet",
    "epoch_seconds": "seconds since 1970",
    "epoch_milliseconds": "milliseconds since 1970",
}


def choices(work: Work) -> dict[str, str]:
    """The decisions, those on single tables under the table's name."""
    found: dict[str, str] = {}
    for source in work.plan.sources:
        told = _of_source(source) | _of_scores(work, source)
        found |= {f"{source.name} › {label}": choice for label, choice in told.items()}
    left_out = [one.source for one in work.plan.mapping.tables if one.grain == "ignore"]
    if left_out:
        found["Tables left out"] = ", ".join(left_out)
    return found | _of_lines(work) | _of_whole(work)


def _of_source(source: Source) -> dict[str, str]:
    fields = fields_for(source.mapping.grain)
    found = {"One row is": GRAIN_LABELS[source.mapping.grain]}
    found |= {fields[name].label: _from(name, column) for name, column in source.mapping.fields.items()}
    found |= {f"Dates in “{column}”": _describe(source.mapping.dates[column]) for column in columns_of(source.mapping, DATE_KINDS).values()}
    found |= {
        f"Numbers in “{column}”": source.mapping.numbers[column].describe() for column in columns_of(source.mapping, NUMBER_KINDS).values()
    }
    if source.mapping.attributes:
        found["Attributes taken along"] = ", ".join(source.mapping.attributes)
    return found


def _from(field: str, column: str) -> str:
    if field == "consent" and consent.asks_for_opt_out(column):
        return f"column “{column}” (its yes means no consent: turned round)"
    turned = field == "is_within_sla" and within_sla.asks_for_missed(column)
    return f"column “{column}”" + (" (its yes means missed: turned round)" if turned else "")


#: Words of scores that the receipt lists; a scale has fewer.
MOST_WORDS = 20


def _of_scores(work: Work, source: Source) -> dict[str, str]:
    """Measures and scales, how words and marks were read, and which words of a column of measures mean which."""
    found = {"Score measures": described} if (described := scores.describe(work.scores, source.number)) else {}
    for field, spoken in source.spoken.items():
        said = [f"“{text}” is {one.score:f}" for text, one in spoken.texts.items()]
        more = f" and {len(said) - MOST_WORDS:,} more" if len(said) > MOST_WORDS else ""
        found[f"Words and marks in “{source.mapping.fields[field]}”"] = ", ".join(said[:MOST_WORDS]) + more
    if "measure" in source.mapping.fields and work.scores.measures:
        told = [f"“{word}” is {measure}" for word, measure in work.scores.measures.items() if measure not in ("", UNKNOWN)]
        found["Measures"] = ", ".join(told[:MOST_WORDS])
    return found


def _describe(fmt: DateFormat) -> str:
    return STYLES[fmt.style] + (f" ({fmt.evidence})" if fmt.evidence else "")


def _of_lines(work: Work) -> dict[str, str]:
    """How lines were completed where the data does not say it."""
    if work.lines is None:
        return {}
    plan, found = work.plan, {}
    if not plan.feeds("order_id", "order_lines"):
        found["Orders"] = "no order ids: a customer's lines of one day are one order"
    product = (
        "quantity × unit price" if plan.feeds("quantity", "order_lines") else "unit price (no quantities are given: each line is one piece)"
    )
    amounts = {"net_amount": "as given", "unit_price": product}
    costs = {"cost_amount": "as given", "unit_cost": "quantity × unit cost", "profit_amount": "net amount − profit"}
    for label, ways in (("Net amount", amounts), ("Cost", costs)):
        used = [words for field, words in ways.items() if plan.feeds(field, "order_lines", "products")]
        found[label] = "; where missing, ".join(used) or "not provided"
    return found


def _of_whole(work: Work) -> dict[str, str]:
    options = work.plan.mapping.options
    found = {"Exact repeats of a row": "removed, the first stays" if options.drop_duplicates else "kept", "Time zone": options.timezone}
    if work.currencies.code or work.currencies.rows:
        found["Currency"] = work.currencies.code or "not given"
    if work.currencies.rates is not None:
        found["Rates"] = ", ".join(f"1 {code} = {rate} {work.currencies.code}".strip() for code, rate in options.rates.items())
    if work.outcomes:
        found["Outcome of contacts"] = ", ".join(f"“{word}” means {meant.replace('_', ' ')}" for word, meant in work.outcomes.items())
    if work.status_words:
        found["Order status"] = ", ".join(f"“{word}” means {meant}" for word, meant in work.status_words.items())
    return found
