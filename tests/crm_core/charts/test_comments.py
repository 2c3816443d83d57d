"""The chart of terms: the worst band to the left, clicks that select a term, and users' words as text."""

from __future__ import annotations

import pandas as pd

from crm_core.charts import comments, theme

TABLE = pd.DataFrame(
    [
        ("quick", "top", 40, 2, 0.8, 0.05, 0.3, True),
        ("<b>%{x}", "top", 10, 8, 0.2, 0.16, 0.01, False),
        ("بی کیفیت", "bottom", 0, 30, 0.0, 0.75, 0.4, True),
    ],
    columns=["term", "band", "count_top", "count_bottom", "share_top", "share_bottom", "score", "is_clear"],
)
NAMES = ("Promoters", "Detractors")


def drawn() -> dict[str, list[list[str]]]:
    """What each bar selects and tells."""
    return {row[0]: row for bar in comments.terms(TABLE, NAMES).data for row in bar.customdata}


def test_the_worst_band_is_to_the_left_and_the_best_to_the_right() -> None:
    bars = comments.terms(TABLE, NAMES).data
    assert [(list(bar.x), list(bar.y)) for bar in bars] == [([-0.4], [0]), ([None], [None]), ([0.3], [0]), ([0.01], [1])]


def test_a_bar_selects_its_term() -> None:
    assert [row[:2] for row in drawn().values()] == [["بی کیفیت", "bottom"], ["quick", "top"], ["<b>%{x}", "top"]]


def test_bands_differ_by_hatching_and_what_is_unclear_is_pale() -> None:
    worst, _, best, unclear = comments.terms(TABLE, NAMES).data
    assert worst.marker.pattern.shape != best.marker.pattern.shape
    assert (unclear.marker.color, unclear.marker.pattern.shape) == (theme.PALE, best.marker.pattern.shape)
    assert "no clear difference" in unclear.customdata[0][2]


def test_each_band_stands_once_in_the_legend_whatever_is_clear() -> None:
    for table in (TABLE, TABLE.assign(is_clear=False), TABLE.assign(is_clear=True), TABLE[:1]):
        shown = [bar.name for bar in comments.terms(table, NAMES).data if bar.showlegend]
        assert shown == ["Detractors", "Promoters"]


def test_terms_and_names_are_text() -> None:
    figure = comments.terms(TABLE, ("<i>Best", "<i>Worst"))
    assert figure.data[3].text == ("&lt;b&gt;%{x}",)
    assert figure.data[0].text == (theme.safe("بی کیفیت"),)
    assert figure.data[0].text[0].startswith("\u2068")
    assert figure.data[2].name == "&lt;i&gt;Best"
    assert figure.data[3].customdata[0][2].startswith("<b>&lt;b&gt;% {x}</b><br>20.0 % of the comments of &lt;i&gt;best (10)")


def test_no_terms_are_a_sentence() -> None:
    assert comments.terms(TABLE[:0], NAMES).layout.annotations[0].text.replace("<br>", " ") == comments.NO_TERMS


def test_bars_that_stand_far_apart_are_no_wider_than_others() -> None:
    assert {bar.width for bar in comments.terms(TABLE, NAMES).data} == {comments.WIDTH}
    assert comments.WIDTH < 1
