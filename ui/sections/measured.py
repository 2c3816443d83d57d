"""Tables of a measure as people read them: shares in percent, points and means with their digits, bands by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from crm_core.analytics.satisfaction.measures import BANDS, LABELS, Measure

if TYPE_CHECKING:
    from ui.frame import View

#: Column of results -> what is appended to the measure's name, and how it is called.
PARTS = {
    "value": ("", ""),
    "low": ("_low", "95 % from"),
    "high": ("_high", "95 % to"),
    "difference": ("_difference", "Against the rest"),
    "difference_low": ("_difference_low", "Against the rest, from"),
    "difference_high": ("_difference_high", "Against the rest, to"),
}

#: What those of the best, the middle and the worst band are called in a sentence.
WHO: dict[Measure, tuple[str, str, str]] = {
    "nps": ("promoters", "passives", "detractors"),
    "csat": ("the satisfied", "those in between", "the dissatisfied"),
    "ces": ("those who found it easy", "those in between", "those who found it difficult"),
}


def can_list(view: View) -> bool:
    """Whether the customers who answered can be listed: responses name them, and their purchases are known."""
    return view.ws.has("surveys", "customer_id") and view.ws.has("order_lines")


def readable(frame: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """The frame with names that tell the unit: a CSAT column ends in _share, so that it is read as percent."""
    unit = "_share" if measure == "csat" else ""
    renamed = {column: f"{measure}{part}{unit}" for column, (part, _) in PARTS.items()}
    return frame.drop(columns="measure", errors="ignore").rename(columns=renamed)


def names(measure: Measure) -> dict[str, str]:
    """What the columns are called."""
    unit, (best, _, worst) = "_share" if measure == "csat" else "", BANDS[measure]
    told = {f"{measure}{part}{unit}": label or LABELS[measure] for part, label in PARTS.values()}
    return told | {"n": "Responses", "period": "Period", "share_top": best, "share_bottom": worst, "verdict": "Verdict", "score": "Score"}
