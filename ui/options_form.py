"""Choices on the import as a whole: duplicates, currencies and their rates, what status words mean."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from crm_core.mapping.model import ImportOptions
from ui.guards import escape
from ui.wizard import Wizard

MEANINGS = {
    "completed": "a purchase",
    "open": "under way: counts as a purchase",
    "returned": "sent back: its returns count where the data has them",
    "cancelled": "cancelled: no purchase, no sales",
    "unpaid": "unpaid: no purchase, no sales",
}


def draw(found: Wizard) -> None:
    """Draws the choices and puts them into the wizard's mapping."""
    options = replace(found.mapping.options, drop_duplicates=_duplicates(found))
    options = _statuses(found, _currencies(found, options))
    found.set_options(options)


def _duplicates(found: Wizard) -> bool:
    return st.toggle(
        "Remove exact duplicates",
        found.mapping.options.drop_duplicates,
        key=f"duplicates_{found.generation}",
        help="Rows that repeat an earlier one in every column. They are kept and counted unless you remove them.",
    )


def _currencies(found: Wizard, options: ImportOptions) -> ImportOptions:
    """A rate for each further currency: one unit of it in the currency of the analysis."""
    from crm_core.mapping.values.currency import code_of

    codes = sorted({code_of(word) for word in found.words("currency")} | found.currencies)
    if len(codes) < 2:
        return options
    st.markdown(
        "**The amounts are in several currencies.** Each needs a rate in the currency of the analysis; without one nothing is added up."
    )
    place = codes.index(options.currency) if options.currency in codes else 0
    main = st.selectbox("Currency of the analysis", codes, place, key=f"currency_{found.generation}")
    rates = {code: _rate(found, options, code, main) for code in codes if code != main}
    return replace(options, currency=main, rates={code: rate for code, rate in rates.items() if rate})


def _rate(found: Wizard, options: ImportOptions, code: str, main: str) -> str:
    key = f"rate_{code}_{main}_{found.generation}"
    rate = st.text_input(escape(f"1 {code} in {main}"), options.rates.get(code, ""), key=key, placeholder="e.g. 0.92", max_chars=20)
    return (rate or "").strip()


def _statuses(found: Wizard, options: ImportOptions) -> ImportOptions:
    """What each status word of the data means, as the program reads it or as the user says."""
    from crm_core.mapping.values.statuses import known_meaning, meaning

    words = found.words("status")
    if not words:
        return options
    chosen = dict(options.status_words)
    with st.expander(f"What the {len(words)} status words mean", expanded=any(known_meaning(word, chosen) is None for word in words)):
        columns = st.columns(2)
        for number, word in enumerate(words):
            now = meaning(word, options.status_words)
            place, key = list(MEANINGS).index(now), f"status_{number}_{found.generation}"
            said = columns[number % 2].selectbox(escape(word), list(MEANINGS), place, format_func=MEANINGS.__getitem__, key=key)
            if said in MEANINGS and said != meaning(word):
                chosen[word.lower()] = said
            else:
                chosen.pop(word.lower(), None)
    return replace(options, status_words=chosen)
