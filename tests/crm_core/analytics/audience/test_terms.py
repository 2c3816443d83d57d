"""What is kept of an audience beside its condition: there and back, and what is damaged."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.analytics.audience.terms import Expectation, Terms
from crm_core.analytics.scores import RfmSettings
from crm_core.analytics.segment_table import SEGMENTS, SegmentTable
from crm_core.errors import AnalysisError

OWN = SegmentTable((replace(SEGMENTS.segments[0], name="Лучшие"), *SEGMENTS.segments[1:]))
numbers = st.none() | st.floats(-1e6, 1e6)
expectations = st.builds(Expectation, st.floats(0, 100), st.floats(0, 100), st.floats(0, 1), numbers, numbers, numbers)
scorings = st.sampled_from(
    [
        RfmSettings(),
        RfmSettings("quintiles"),
        RfmSettings(cuts_r=(1.0, 2.5, 3.0, 4.0), cuts_m=(0.0, 1.0, 2.0, 3.0)),
        RfmSettings("quintiles", segments=OWN),
    ]
)
terms = st.builds(
    Terms,
    scorings,
    st.lists(st.text(max_size=5)).map(tuple),
    st.floats(0, 0.9),
    st.integers(0, 2**31 - 1),
    st.integers(1, 400),
    st.booleans(),
    expectations,
)


@given(terms)
def test_terms_come_back_from_json(one: Terms) -> None:
    assert Terms.from_dict(json.loads(json.dumps(one.as_dict()))) == one


def test_what_a_version_did_not_know_keeps_its_usual_value() -> None:
    assert Terms.from_dict({}) == Terms()
    assert Terms.from_dict({"seed": 5, "of a later version": [1], "expectation": {"response": 0.1, "later": "x"}}) == Terms(
        seed=5, expectation=Expectation(response=0.1)
    )
    assert "scoring" not in Terms().as_dict()


@pytest.mark.parametrize(
    "damaged",
    [
        {"control_share": "much"}, {"control_share": float("nan")}, {"control_share": 1.5}, {"control_share": None}, {"seed": -1}, {"seed": "x"}, {"days": 0},
        {"columns": 5}, {"expectation": [1]}, {"expectation": {"response": "x"}}, {"expectation": {"margin": float("inf")}}, {"expectation": None},
        {"scoring": []}, {"scoring": {"cuts_r": ["a", 1, 2, 3]}}, {"scoring": {"cuts_r": [1]}}, {"scoring": {"segments": [{"name": "x"}]}},
        {"scoring": {"segments": [{"name": "x", "cells": [[1, 1]], "move": ""}]}}, {"scoring": {"f_rule": "by moon"}}, [], "text", None,
    ],
)  # fmt: skip
def test_what_is_damaged_is_refused_in_words(damaged: object) -> None:
    with pytest.raises(AnalysisError):
        Terms.from_dict(damaged)  # type: ignore[arg-type]
