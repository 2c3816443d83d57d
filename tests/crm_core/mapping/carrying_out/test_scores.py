"""Scores of responses: scales with strays, words and marks, several scores in a row, columns of measures, declared scales."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import MappingError
from crm_core.mapping.build import build
from crm_core.mapping.carrying_out.scores import recognised
from crm_core.mapping.model import Mapping
from crm_core.mapping.overrides import with_scale
from crm_core.sources.staging import Staging
from tests.crm_core.mapping.imports import IMPORTED_AT, Given, Imported, carry_out, stage

SCALE = ("measure", "scale_min", "scale_max")


def survey(scores: Sequence[Any], column: str = "score", name: str = "s.csv", **further: tuple[str, Sequence[Any]]) -> Given:
    """A survey with one column of scores; `further`: column -> (field, cells)."""
    columns = {"at": ["2021-05-01"] * len(scores), column: list(scores)} | {one: cells for one, (_, cells) in further.items()}
    return Given(name, "surveys", columns, {"at": "responded_at", column: "score"} | {one: field for one, (field, _) in further.items()})


def declared(folder: Path, scale: str, *tables: Given) -> Imported:
    with Staging(folder) as staging:
        mapping = with_scale(stage(staging, tables), scale)
        receipt = build(staging, mapping, folder / "workspace.duckdb", name="Shop", imported_at=IMPORTED_AT)
        return Imported(receipt, folder / "workspace.duckdb")


def reasons(done: Imported) -> dict[int, str]:
    return dict(done.rows("_rejected", "row", "reason"))


# -- scales ------------------------------------------------------------------------------------------------------------


def test_a_few_strays_are_listed_and_change_no_scale(tmp_path: Path) -> None:
    scores = [str(1 + at % 5) for at in range(100)]
    scores[7], scores[60], scores[61] = "99", "999", "-1"
    done = carry_out(tmp_path, survey(scores, "CSAT"))
    assert set(done.rows("surveys", *SCALE)) == {("csat", 1, 5)}
    assert reasons(done) == dict.fromkeys((8, 61, 62), "the score is outside its scale")
    assert done.receipt.choices["s.csv › Score measures"] == "csat on 1 to 5, recognised by its name and its values"


@pytest.mark.parametrize("seed", range(3))
def test_neither_the_order_of_the_rows_nor_splitting_a_file_changes_a_scale(tmp_path: Path, seed: int) -> None:
    scores = ["1", "2", "3", "4", "5"] * 30 + ["6", "7"] * 10 + ["99"]
    whole = carry_out(tmp_path, survey(scores, "Zufriedenheit"))
    random.Random(seed).shuffle(scores)
    parts = [survey(scores[:60], "Zufriedenheit", "may.csv"), survey(scores[60:], "Zufriedenheit", "june.csv")]
    split = carry_out(tmp_path, *parts)
    assert set(whole.rows("surveys", *SCALE)) == set(split.rows("surveys", *SCALE)) == {("csat", 1, 7)}
    assert sorted(whole.rows("surveys", "score")) == sorted(split.rows("surveys", "score"))


@pytest.mark.parametrize("name", ["CSAT", "Customer satisfaction", "rating", "stars", "review score", "رضایت", "Оценка удовлетворенности"])
def test_satisfaction_from_0_to_10_is_no_nps(tmp_path: Path, name: str) -> None:
    assert set(carry_out(tmp_path, survey([str(at) for at in range(11)], name)).rows("surveys", *SCALE)) == {("csat", 0, 10)}


def test_words_of_a_column_of_measures_are_understood_and_scaled_apart(tmp_path: Path) -> None:
    said = ["NPS", "Net Promoter Score", "CSAT score", "Customer Satisfaction", "effort", "Customer Effort Score", None, "mood", "n/a"]
    done = carry_out(tmp_path, survey(["9", "0", "5", "1", "7", "2", "4", "3", "2"], "answer", what=("measure", said)))
    found = done.rows("surveys", *SCALE, "score")
    assert found[:6] == [
        *[("nps", 0, 10, 9), ("nps", 0, 10, 0)],
        *[("csat", 1, 5, 5), ("csat", 1, 5, 1)],
        *[("ces", 1, 7, 7), ("ces", 1, 7, 2)],
    ]
    assert [row[0] for row in found[6:]] == ["csat", "csat"]
    assert reasons(done) == {8: "the measure is not known"}


def test_a_scale_of_the_row_counts_before_all_others(tmp_path: Path) -> None:
    table = survey(["3", "8"], low=("scale_min", ["1", "0"]), top=("scale_max", ["5", "10"]))
    assert carry_out(tmp_path, table).rows("surveys", *SCALE) == [("csat", 1, 5), ("nps", 0, 10)]


# -- words and marks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "cells", "scores", "scale"),
    [
        ("Satisfaction", ["Very Satisfied", "neutral", "DISSATISFIED"], [5, 3, 2], ("csat", 1, 5)),
        ("رضایت", ["خیلی راضی", "كاملا راضي", "بی‌تفاوت"], [5, 5, 3], ("csat", 1, 5)),
        ("Оценка", ["Отлично", "плохо", "хорошо"], [5, 2, 4], ("csat", 1, 5)),
        ("effort", ["very easy", "Difficult", "neutral"], [5, 2, 3], ("ces", 1, 5)),
        ("answer", ["very easy", "easy", "very difficult"], [5, 4, 1], ("ces", 1, 5)),
        ("effort", ["strongly agree", "disagree", "agree"], [5, 2, 4], ("ces", 1, 5)),
        ("vs competitor", ["clearly better", "slightly better", "not better", "clearly worse"], [4, 3, 2, 1], ("attitude", 1, 4)),
        ("NPS", ["Promoter", "Passive", "detractor"], [10, 8, 3], ("nps", 0, 10)),
        ("stars", ["★★★★☆", "★☆☆☆☆", "★★★★★"], [4, 1, 5], ("csat", 1, 5)),
        ("rating", ["4/5", "4 out of 5", "1/5"], [4, 4, 1], ("csat", 1, 5)),
        ("rating", ["8/10", "10/10"], [8, 10], ("csat", 1, 10)),
        ("NPS", ["8/10", "10/10"], [8, 10], ("nps", 0, 10)),
        ("score", ["4 stars", "5 stars"], [4, 5], ("csat", 1, 5)),
        ("score", ["5 - Very satisfied", "1 - Very dissatisfied", "3"], [5, 1, 3], ("csat", 1, 5)),
        ("score", ["80 %", "5%", "100 %"], [80, 5, 100], ("csat", 0, 100)),
        ("امتیاز", ["۴", "٥", "۱"], [4, 5, 1], ("csat", 1, 5)),
        ("score", ["4", "very good", "2"], [4, 5, 2], ("csat", 1, 5)),
    ],
)
def test_scores_in_words_and_marks(tmp_path: Path, column: str, cells: list[str], scores: list[int], scale: tuple[str, int, int]) -> None:
    done = carry_out(tmp_path, survey(cells, column))
    assert [int(one) for (one,) in done.rows("surveys", "score")] == scores
    assert set(done.rows("surveys", *SCALE)) == {scale}
    assert done.receipt.rows_rejected == 0


def test_words_that_say_no_score_are_listed_and_the_others_told_in_the_receipt(tmp_path: Path) -> None:
    done = carry_out(tmp_path, survey(["good", "whatever", "4 of 5"]))
    assert reasons(done) == {2: "the score cannot be read"}
    assert done.receipt.choices["s.csv › Words and marks in “score”"] == "“4 of 5” is 4, “good” is 4"


def test_which_words_are_used_does_not_depend_on_how_a_file_is_split(tmp_path: Path) -> None:
    parts = [survey(["neutral"], "answer", "a.csv"), survey(["promoter", "detractor", "passive"], "answer", "b.csv")]
    assert [int(one) for (one,) in carry_out(tmp_path, *parts).rows("surveys", "score")] == [8, 10, 3, 8]


def test_labels_turn_a_scale_round(tmp_path: Path) -> None:
    best_first = survey(["1 - Very satisfied", "2 - Satisfied", "5 - Very dissatisfied", "4"])
    done = carry_out(tmp_path, best_first)
    assert [int(one) for (one,) in done.rows("surveys", "score")] == [5, 4, 1, 2]
    assert "turned round" in done.receipt.choices["s.csv › Score measures"]


def test_which_way_a_scale_goes_does_not_depend_on_how_a_file_is_split(tmp_path: Path) -> None:
    parts = [survey(["2", "3"], "answer", "a.csv"), survey(["1: excellent", "5: poor"], "answer", "b.csv")]
    assert [int(one) for (one,) in carry_out(tmp_path, *parts).rows("surveys", "score")] == [4, 3, 5, 1]


@pytest.mark.parametrize(
    ("column", "cells", "scores", "scale"),
    [
        ("CSAT (1-7)", ["3", "5"], [3, 5], ("csat", 1, 7)),
        ("Rating (1 = excellent, 5 = poor)", ["1", "4"], [5, 2], ("csat", 1, 5)),
        ("satisfied", ["1", "0"], [1, 0], ("csat", 0, 1)),
        ("satisfied", ["yes", "No"], [1, 0], ("csat", 0, 1)),
        ("satisfaction", ["-2", "-1", "0", "1", "2"], [-2, -1, 0, 1, 2], ("csat", -2, 2)),
    ],
)
def test_scales_told_by_names_and_scales_beside_1_to_5(
    tmp_path: Path, column: str, cells: list[str], scores: list[int], scale: tuple[str, int, int]
) -> None:
    done = carry_out(tmp_path, survey(cells, column))
    assert [int(one) for (one,) in done.rows("surveys", "score")] == scores
    assert set(done.rows("surveys", *SCALE)) == {scale}
    assert done.receipt.rows_rejected == 0


# -- several scores in a row -------------------------------------------------------------------------------------------


WIDE_FIELDS = {"id": "response_id", "at": "responded_at", "who": "customer_id", "N": "nps_score", "C": "csat_score", "E": "ces_score"}


def wide(*rows: tuple[str, str | None, str | None, str | None, str | None]) -> Given:
    """Rows of id, day, NPS, CSAT and CES."""
    cells = [[one[0], one[1], f"customer {one[0]}", *one[2:]] for one in rows]
    columns = {name: [row[place] for row in cells] for place, name in enumerate(WIDE_FIELDS)}
    return Given("wide.csv", "surveys", columns, WIDE_FIELDS)


def test_each_score_of_a_row_becomes_a_response(tmp_path: Path) -> None:
    done = carry_out(tmp_path, wide(("a", "2021-05-01", "9", "5", "7"), ("b", "2021-05-02", "0", None, "very easy")))
    found = done.rows("surveys", "response_id", "customer_id", *SCALE, "score")
    assert sorted(found)[:3] == [
        ("a ces", "customer a", "ces", 1, 7, 7),
        ("a csat", "customer a", "csat", 1, 5, 5),
        ("a nps", "customer a", "nps", 0, 10, 9),
    ]
    assert {row[0] for row in found} == {"a ces", "a csat", "a nps", "b nps", "b ces"}
    assert (done.receipt.rows_used, done.receipt.rows_rejected) == (2, 0)


def test_a_row_is_rejected_only_if_none_of_its_scores_is_usable(tmp_path: Path) -> None:
    many = [(f"r{at}", "2021-05-01", str(at % 11), str(1 + at % 5), str(1 + at % 7)) for at in range(200)]
    bad = [
        ("x", "2021-05-01", "99", "3", None),
        ("y", "2021-05-01", "99", None, None),
        ("z", None, "9", "3", "4"),
        ("0", "2021-05-01", None, None, None),
    ]
    done = carry_out(tmp_path, wide(*many, *bad))
    assert reasons(done) == {202: "the score is outside its scale", 203: "no date", 204: "no score"}
    assert done.receipt.rows_read == done.receipt.rows_used + done.receipt.rows_rejected == 204
    finding = next(one for one in done.receipt.problems if one.code == "scores_outside")
    assert (finding.column, finding.rows, finding.example) == ("N", 2, "99.0000")
    assert ("x csat",) in done.rows("surveys", "response_id")


def test_a_doubtful_scale_among_several_is_told(tmp_path: Path) -> None:
    done = carry_out(tmp_path, wide(*((f"r{at}", "2021-05-01", str(at % 11), str(1 + at % 3), str(1 + at % 7)) for at in range(210))))
    found = [(one.column, one.option) for one in done.receipt.problems if one.code == "scale_doubtful"]
    assert found == [("C", '--scale "wide.csv=csat 1-3"')]


# -- declared scales ---------------------------------------------------------------------------------------------------


def test_a_declared_scale_wins_over_what_values_say(tmp_path: Path) -> None:
    done = declared(tmp_path, "csat 1-10", survey(["3", "5", "0"]))
    assert done.rows("surveys", *SCALE, "score") == [("csat", 1, 10, 3), ("csat", 1, 10, 5)]
    assert reasons(done) == {3: "the score is outside its scale"}
    assert done.receipt.choices["s.csv › Score measures"] == "csat on 1 to 10, as declared"


def test_a_reversed_scale_is_turned_round(tmp_path: Path) -> None:
    done = declared(tmp_path, "s.csv=ces 7-1", survey(["1", "7", "3", "9"]))
    assert done.rows("surveys", *SCALE, "score") == [("ces", 1, 7, 7), ("ces", 1, 7, 1), ("ces", 1, 7, 5)]
    assert reasons(done) == {4: "the score is outside its scale"}
    assert "turned round" in done.receipt.choices["s.csv › Score measures"]


def test_a_declared_scale_leaves_rows_of_another_measure_alone(tmp_path: Path) -> None:
    table = survey(["9", "2"], what=("measure", ["nps", "ces"]))
    assert declared(tmp_path, "ces 7-1", table).rows("surveys", *SCALE, "score") == [("nps", 0, 10, 9), ("ces", 1, 7, 6)]


def test_scales_of_several_measures_hold_beside_each_other(tmp_path: Path) -> None:
    with Staging(tmp_path) as staging:
        mapping = stage(staging, [wide(("a", "2021-05-01", "9", "5", "7"))])
        for text in ("csat 1-10", "ces 7-1", "csat 1-6"):
            mapping = with_scale(mapping, text)
        receipt = build(staging, mapping, tmp_path / "w.duckdb", name="Shop", imported_at=IMPORTED_AT)
    found = Imported(receipt, tmp_path / "w.duckdb").rows("surveys", *SCALE, "score")
    assert sorted(found) == [("ces", 1, 7, 1), ("csat", 1, 6, 5), ("nps", 0, 10, 9)]


@pytest.mark.parametrize("text", ["ces", "ces 7", "s.csv=", "other.csv=ces 7-1", "nps 1-5"])
def test_a_scale_that_cannot_be_declared_is_refused_in_words(tmp_path: Path, text: str) -> None:
    with Staging(tmp_path) as staging, pytest.raises(MappingError) as refused:
        with_scale(stage(staging, [survey(["1"])]), text)
    assert refused.value.hint


def test_a_mapping_with_nonsense_for_a_scale_is_not_carried_out(tmp_path: Path) -> None:
    with Staging(tmp_path) as staging:
        mapping = stage(staging, [survey(["1"])])
        bad = mapping.with_table(replace(mapping.tables[0], scale="good to bad"))
        with pytest.raises(MappingError) as refused:
            build(staging, bad, tmp_path / "w.duckdb", name="Shop", imported_at=IMPORTED_AT)
    assert [one.code for one in refused.value.problems] == ["scale_unknown"]


def test_a_scale_is_remembered_with_the_mapping_and_shown_before_the_import(tmp_path: Path) -> None:
    with Staging(tmp_path) as staging:
        mapping = with_scale(stage(staging, [survey(["1", "5"])]), "ces 5-1")
        assert Mapping.from_dict(mapping.as_dict()) == mapping
        assert recognised(staging, mapping.tables[0]) == "csat on 1 to 5, recognised by its values"


def test_responses_without_a_column_of_scores_are_listed(tmp_path: Path) -> None:
    bare = Given("bare.csv", "surveys", {"at": ["2021-05-01"]}, {"at": "responded_at"})
    done = carry_out(tmp_path, survey(["4"]), bare)
    assert done.rows("_rejected", "source", "reason") == [("bare.csv", "no score")]
    assert done.receipt.rows_read == done.receipt.rows_used + done.receipt.rows_rejected == 2


def test_scores_stay_exact(tmp_path: Path) -> None:
    assert carry_out(tmp_path, survey(["4.25", "1"])).rows("surveys", "score")[0] == (Decimal("4.2500"),)
