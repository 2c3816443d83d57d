"""What customers write: the terms that set the satisfied and the dissatisfied apart, with their comments one click away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from crm_core.access import Action
from crm_core.analytics.satisfaction import terms
from crm_core.analytics.satisfaction.measures import BANDS
from crm_core.charts import comments as charts
from ui import cache, guards, page, tables
from ui.frame import day
from ui.guards import escape
from ui.numbers import count, count_of
from ui.sections import measured
from ui.state import Url

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from ui.frame import View
    from ui.sections.satisfaction import Asked

#: Comments a page, and in a file at most.
SIZE, MOST = 10, 10_000
EXPLANATION = """Click a bar to read the comments that hold the term. Words and pairs of words by how far they set the comments of the two bands apart
(difference of their mean TF-IDF weights, a stop list a language); pale: no significant difference between the shares of comments that hold the term, by
Holm’s rule. A customer’s last response of the period counts."""
NAMES = {"term": "Term", "count_top": "Comments, best scores", "count_bottom": "Comments, worst scores"}


def tab(view: View, asked: Asked) -> None:
    """The terms, and the comments that hold the one clicked."""
    if not view.ws.has("surveys", "comment"):
        st.info("The responses have no comments.", icon=":material/extension:")
        return
    with st.spinner("Reading the comments …"):
        found = _terms(view, asked)
    st.markdown(f"**{escape(_answer(found, *measured.WHO[asked.measure][::2]))}**")
    _comments(view, asked, _clicked(view, asked, found) if len(found.table) else None)


def _clicked(view: View, asked: Asked, found: terms.Terms) -> str | None:
    """The chart and its numbers; the term that was clicked."""
    best, _, worst = measured.WHO[asked.measure]
    marks = page.clickable(cache.made(view, _chart, asked), f"terms_chart_{asked.measure}", f"Terms that set {best} and {worst} apart")
    with st.expander("The numbers behind the chart"):
        tables.result_table(found.table.drop(columns="score"), "terms_rows", title="Terms", names=NAMES)
    st.caption(EXPLANATION)
    return str(marks[-1][0]) if marks else None


def _terms(view: View, asked: Asked) -> terms.Terms:
    return cache.answer(view, terms.terms, asked.measure, view.end, view.start, shown=True)


def _chart(view: View, asked: Asked) -> go.Figure:
    best, _, worst = BANDS[asked.measure]
    return charts.terms(_terms(view, asked).table, (best, worst))


def _answer(found: terms.Terms, best: str, worst: str) -> str:
    if found.reason:
        return found.reason
    clear = found.table[found.table["is_clear"]] if len(found.table) else found.table
    said = {band: list(clear.loc[clear["band"] == band, "term"])[:4] for band in ("bottom", "top")}
    parts = [f"{who} write of {', '.join(said[band])}" for band, who in (("bottom", worst), ("top", best)) if said[band]]
    base = f"From {count_of(found.n_bottom, 'comment')} of {worst} and {count(found.n_top)} of {best}"
    return f"{base}: {'; '.join(parts)}." if parts else f"{base}: no term sets them clearly apart."


def _comments(view: View, asked: Asked, term: str | None) -> None:
    best, between, worst = BANDS[asked.measure]
    st.header(f"Comments with “{escape(term)}”" if term else "The comments")
    if not guards.may(view.user, Action.SEE_CUSTOMERS):
        return
    bands = {"all": "Best and worst" if term else "All", "top": best, "middle": between, "bottom": worst}
    chosen = page.one_of("Whose", bands, Url.WHOSE, "all")
    band = None if chosen == "all" else chosen
    total = cache.answer(view, terms.count_comments, asked.measure, view.end, view.start, term, band, shown=True)
    if not total:
        st.caption("No comments to show here.")
        return
    pages = -(-total // SIZE)
    number = int(st.pagination(pages, key=f"terms_page_{pages}_{term}_{band}") or 1) if pages > 1 else 1
    args = (asked.measure, view.end, view.start, term, band)
    rows = cache.answer(view, terms.comments, *args, limit=SIZE, offset=(number - 1) * SIZE, shown=True)
    st.caption(f"{count_of(total, 'comment')}, the latest first.")
    for row in rows.itertuples():
        _comment(row)
    with st.expander("As a table"):
        tables.result_table(
            _with_bands(rows, asked), f"terms_comments_{number}", title="Comments", whole=lambda: _latest(view, asked, term, band)
        )
        st.caption(
            f"The downloads hold {f'the latest {MOST:,} of these' if total > MOST else 'all of these'} comments, not only this page."
        )


def _latest(view: View, asked: Asked, term: str | None, band: str | None) -> pd.DataFrame:
    """The comments for a file. Raises AccessError where the user may not see customers."""
    view.user.require(Action.SEE_CUSTOMERS)
    known: dict[str, Any] = {"term": term, "band": band, "limit": MOST, "shown": view.shown()}
    return _with_bands(terms.comments(view.ws, asked.measure, view.end, view.start, **known), asked)


def _with_bands(rows: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """The band by its name: Detractors and not "bottom"."""
    return rows.assign(band=rows["band"].map(dict(zip(("top", "middle", "bottom"), BANDS[asked.measure], strict=True))))


def _comment(row: object) -> None:
    """One comment in the direction of its own script, with who wrote it, when and with which score."""
    about = [day(row.responded_at), f"score {row.score:g}"]  # type: ignore[attr-defined]
    about += [str(one) for one in (row.customer_id, row.touchpoint) if isinstance(one, str)]  # type: ignore[attr-defined]
    with st.container(border=True, gap="xxsmall"):
        page.quote(str(row.comment))  # type: ignore[attr-defined]
        st.caption(escape(" · ".join(about)))
