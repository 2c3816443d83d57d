"""Colours for all eyes, and labels that are shown letter by letter."""

from __future__ import annotations

import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.charts import theme

ROOT = Path(__file__).resolve().parents[3]

#: Machado, Oliveira & Fernandes (2009), severity 1.0, on linear RGB.
EYES = {
    "all colours": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    relative = XYZ @ np.clip(rgb, 0, 1) / WHITE
    f = np.where(relative > 0.008856, np.cbrt(relative), 7.787 * relative + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    light, dark = sorted(((XYZ @ linear(colour))[1] for colour in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("eyes", EYES)
def test_any_two_colours_can_be_told_apart(eyes: str) -> None:
    seen = [lab(np.array(EYES[eyes]) @ linear(colour)) for colour in theme.PALETTE]
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) > 15


@pytest.mark.parametrize("ground", [colour for _, colour in theme.SEQUENTIAL] + [theme.CHOSEN])
def test_figures_in_cells_can_be_read(ground: str) -> None:
    assert contrast(theme.INK, ground) > 4.5


def test_the_app_uses_the_same_colours() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert tuple(config["theme"]["light"]["chartCategoricalColors"]) == theme.PALETTE


def test_markup_in_a_name_is_shown_and_not_obeyed() -> None:
    assert theme.safe('<a href="x">Bob & Co</a>') == '&lt;a href="x"&gt;Bob &amp; Co&lt;/a&gt;'


def test_a_variable_in_a_unit_is_not_filled_in() -> None:
    assert "%{" not in theme.in_template("%{x}")


def test_a_right_to_left_name_is_set_apart_and_keeps_its_joiners() -> None:
    assert theme.safe("می‌خرد") == "\u2068می‌خرد\u2069"


def test_letters_that_turn_the_writing_round_are_dropped() -> None:
    assert "\u202e" not in theme.safe("abc\u202edef")


@given(st.text(max_size=80), st.integers(5, 40))
def test_a_short_label_is_short_and_keeps_both_ends(text: str, length: int) -> None:
    label = theme.short(text, length)
    assert len(label) <= length or label == text
    assert (label == text) == (len(text) <= length)
    assert label[:2] == text[:2]
    assert label[-2:] == text[-2:]


def test_labels_that_become_alike_stay_apart() -> None:
    long = ["customer of the first region in the north", "customer of the third region in the north"]
    assert len(set(theme.labels(long, length=20))) == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (7, "7"),
        (0.25, "0.25"),
        (950, "950"),
        (999.6, "1k"),
        (12_345, "12.3k"),
        (4_560_000, "4.56M"),
        (2e9, "2B"),
        (-1500, "-1.5k"),
    ],
)
def test_numbers_in_cells_are_short(value: float, text: str) -> None:
    assert theme.compact(value) == text


def test_an_empty_result_is_a_sentence() -> None:
    drawn = theme.nothing("Nobody <here>.")
    assert drawn.layout.annotations[0].text == "Nobody &lt;here&gt;."
    long = theme.nothing("The period before is not in the data, so there is nothing to compare with.")
    assert max(map(len, long.layout.annotations[0].text.split("<br>"))) <= theme.LETTERS_A_LINE
    assert not drawn.data


@pytest.mark.parametrize(
    ("value", "text"), [(0.4, "0"), (950, "950"), (1_790, "1.8k"), (9_960, "10k"), (35_700, "36k"), (999_600, "1M"), (-1500, "-1.5k")]
)
def test_numbers_in_narrow_cells_have_two_digits(value: float, text: str) -> None:
    assert theme.tiny(value) == text
