"""Measures and scales by name, by values and by declaration."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from crm_core.errors import MappingError
from crm_core.mapping.meaning.vocabulary import WORDS
from crm_core.mapping.values import scales
from crm_core.mapping.values.scales import NAMES, NO_ANSWER, SCALES, USUAL, measure_of, recognise


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("NPS", "nps"),
        ("nps_score", "nps"),
        ("Net Promoter Score", "nps"),
        ("How likely are you to recommend us?", "nps"),
        ("Weiterempfehlung", "nps"),
        ("готовность рекомендовать", "nps"),
        ("CSAT", "csat"),
        ("csat score", "csat"),
        ("CSAT_recommendation", "csat"),
        ("Customer Satisfaction Rating", "csat"),
        ("Zufriedenheit", "csat"),
        ("رضایت مشتری", "csat"),
        ("удовлетворённость", "csat"),
        ("stars", "csat"),
        ("review_score", "csat"),
        ("Rating", "csat"),
        ("customer effort score", "ces"),
        ("CES", "ces"),
        ("ease of use", "ces"),
        ("compared to the competitor", "attitude"),
        ("score", ""),
        ("services", ""),
        ("points", ""),
    ],
)
def test_the_name_tells_the_measure(name: str, measure: str) -> None:
    assert measure_of(name) == measure


def test_every_word_for_a_measure_is_found() -> None:
    for measure, line in NAMES:
        for word in line.split():
            assert measure_of(word.rstrip("*")), (measure, word)


def test_a_word_that_makes_a_column_a_score_tells_its_measure() -> None:
    for measure in scales.MEASURES:
        for word in WORDS[measure].split():
            assert measure_of(word.rstrip("*")) == measure, word


@pytest.mark.parametrize(
    ("measure", "values", "expected"),
    [
        ("", range(1, 6), "csat 1-5"),
        ("", range(1, 8), "csat 1-7"),
        ("", range(11), "nps 0-10"),
        ("", range(0, 101, 5), "csat 0-100"),
        ("", (0, 250), "csat 0-250"),
        ("csat", range(1, 6), "csat 1-5"),
        ("csat", range(1, 8), "csat 1-7"),
        ("csat", range(6), "csat 0-5"),
        ("csat", range(1, 11), "csat 1-10"),
        ("csat", range(11), "csat 0-10"),
        ("csat", range(0, 101, 10), "csat 0-100"),
        ("ces", range(1, 6), "ces 1-5"),
        ("ces", range(1, 8), "ces 1-7"),
        ("attitude", range(1, 5), "attitude 1-4"),
        ("nps", (3, 4), "nps 0-10"),
        ("nps", (1, 100), "nps 0-10"),
    ],
)
def test_the_smallest_usual_scale_that_holds_the_values(measure: str, values: range, expected: str) -> None:
    assert recognise(measure, dict.fromkeys(map(float, values), 10)).text == expected


@pytest.mark.parametrize("stray", [99.0, 999.0, -1.0, 55.0])
def test_a_few_strays_change_no_scale(stray: float) -> None:
    counts = dict.fromkeys((1.0, 2.0, 3.0, 4.0, 5.0), 100)
    assert recognise("csat", counts | {stray: 5}).text == "csat 1-5"


def test_unanswered_ones_may_be_many_and_other_values_may_not() -> None:
    counts = dict.fromkeys((1.0, 2.0, 3.0, 4.0, 5.0), 10)
    assert recognise("", counts | {99.0: 20, -1.0: 2}).text == "csat 1-5"
    assert recognise("", counts | {9.0: 20}).text == "nps 0-10"
    assert recognise("", {3.0: 1, 88.0: 1}).text == "csat 0-100"


def test_what_the_file_says_of_the_highest_score_counts() -> None:
    assert recognise("csat", {3.0: 1, 4.0: 1}, 10).text == "csat 1-10"
    assert recognise("csat", {0.0: 9, 4.0: 1}, 10).text == "csat 0-10"
    assert recognise("", {4.0: 1}, 10).text == "nps 0-10"
    assert recognise("", {4.0: 1}, 20).text == "csat 1-20"


def test_usual_scales_can_be_declared_and_written_again() -> None:
    for text in USUAL:
        declared = scales.declared(text)
        assert declared is not None
        assert declared.text == text
    assert scales.declared("") is None
    assert {one.measure for some in SCALES.values() for one in some} == set(scales.MEASURES)
    assert all(value == int(value) for value in NO_ANSWER)


@pytest.mark.parametrize("text", ["nonsense", "nps 1-5", "csat", "csat 5-5", "attitude 1-5", "5-1", "csat five"])
def test_nonsense_is_refused_in_words(text: str) -> None:
    with pytest.raises(MappingError) as refused:
        scales.declared(text)
    assert text in str(refused.value)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("measure", "values", "expected"),
    [
        ("csat", (0, 1), "csat 0-1"),
        ("", (0, 1), "csat 0-1"),
        ("csat", (0, 0.5, 1), "csat 0-1"),
        ("csat", (0, 1, 99), "csat 0-1"),
        ("csat", (1,), "csat 1-5"),
        ("csat", range(-2, 3), "csat -2-2"),
        ("ces", range(-3, 4), "ces -3-3"),
        ("", range(-97, 101, 3), "csat -100-100"),
        ("csat", (-1, 0, 1, 2, 3, 4, 5), "csat 0-5"),
        ("csat", range(-100, 101, 10), "csat -100-100"),
    ],
)
def test_yes_or_no_and_scales_round_zero_are_no_1_to_5(measure: str, values: Sequence[float], expected: str) -> None:
    found = recognise(measure, dict.fromkeys(map(float, values), 10))
    assert found.text == expected
    again = scales.declared(found.text)
    assert again is not None
    assert (again.lowest, again.highest) == (found.lowest, found.highest)


@pytest.mark.parametrize(
    ("name", "measure", "values", "expected"),
    [
        ("CSAT (1-7)", "csat", range(2, 6), "csat 1-7"),
        ("Zufriedenheit von 1 bis 10", "csat", range(3, 8), "csat 1-10"),
        ("رضایت از ۱ تا ۷", "csat", range(2, 6), "csat 1-7"),
        ("Оценка от 0 до 10", "", range(5, 10), "csat 0-10"),
        ("Rating (1 = excellent, 5 = poor)", "csat", range(1, 6), "csat 5-1"),
        ("Rating (1 = very poor, 7 = very good)", "csat", range(2, 6), "csat 1-7"),
        ("Rating (1 = best)", "csat", range(1, 6), "csat 5-1"),
        ("CSAT (1-5)", "csat", range(11), None),
        ("CSAT 2021-05", "csat", range(1, 6), None),
        ("NPS (0-10)", "nps", range(11), None),
        ("rating", "csat", range(1, 6), None),
    ],
)
def test_a_name_may_say_the_scale(name: str, measure: str, values: range, expected: str | None) -> None:
    found = scales.named(name, measure, dict.fromkeys(map(float, values), 10))
    assert (found.text if found else None) == expected


@pytest.mark.parametrize(
    ("scale", "values", "each", "instead"),
    [
        ("nps 0-10", range(1, 6), 10, "csat 1-5"),
        ("nps 0-10", range(0, 101, 5), 1, "csat 0-100"),
        ("nps 0-10", range(9), 10, "csat 0-10"),
        ("csat 1-5", range(1, 4), 10, "csat 1-3"),
        ("csat 0-5", range(5), 20, "csat 0-4"),
        ("csat 1-7", range(1, 7), 20, "csat 1-6"),
        ("csat 0-100", range(0, 21), 2, "csat 0-20"),
    ],
)
def test_a_scale_whose_best_scores_nobody_gave_is_doubted(scale: str, values: range, each: int, instead: str) -> None:
    taken, counts = scales.declared(scale), dict.fromkeys(map(float, values), each)
    assert taken is not None
    assert scales.doubt(taken, counts)
    assert scales.instead(taken, counts).text == instead


@pytest.mark.parametrize(
    ("scale", "values", "each"),
    [
        ("nps 0-10", range(1, 11), 100),
        ("nps 0-10", range(6), 2),
        ("nps 0-10", range(13), 10),
        ("csat 1-5", range(1, 5), 100),  # 4 of 4 and 4 of 5 are the best scores alike
        ("csat 1-5", range(3, 6), 100),
        ("csat 1-10", range(1, 10), 5),
        ("csat 0-100", range(98), 5),
        ("attitude 1-4", range(1, 4), 100),
    ],
)
def test_a_scale_is_not_doubted_where_its_values_are_usual_or_few(scale: str, values: range, each: int) -> None:
    taken = scales.declared(scale)
    assert taken is not None
    assert scales.doubt(taken, dict.fromkeys(map(float, values), each)) == ""


def test_scales_of_several_measures_may_be_declared() -> None:
    assert {name: one.text for name, one in scales.all_declared("csat 1-7; ces 7-1").items()} == {"csat": "csat 1-7", "ces": "ces 7-1"}
    assert scales.all_declared("") == {}
