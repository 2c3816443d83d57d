"""Word and deed: eight cells with four names."""

from __future__ import annotations

from datetime import date, datetime

import ibis
import pytest

from crm_core.analytics import rfm
from crm_core.analytics.satisfaction.attitude import (
    ATTITUDES,
    BEHAVIOURS,
    BUYS,
    COMPETITORS,
    FAIRLY,
    LOYAL,
    MEANINGS,
    NAMES,
    STOPS,
    UNATTACHED,
    customers,
    grid,
    listed,
)
from crm_core.analytics.scores import RfmSettings
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics.conftest import Make
from tests.crm_core.analytics.satisfaction.by_definition import Answer, frame
from tests.workspaces import lines

AS_OF = date(2024, 7, 1)
#: Lately is within 60 days, repeatedly at least two orders.
RULES = RfmSettings(cuts_r=(15, 30, 60, 120), cuts_f=(2, 3, 4, 5))
ANSWERS = {4: LOYAL, 3: FAIRLY, 2: UNATTACHED, 1: COMPETITORS}
WANTED = {
    (LOYAL, BUYS): "Loyal in word and deed",
    (FAIRLY, BUYS): "Loyal in word and deed",
    (UNATTACHED, BUYS): "Captive",
    (COMPETITORS, BUYS): "Captive",
    (LOYAL, STOPS): "Drifting",
    (FAIRLY, STOPS): "Drifting",
    (UNATTACHED, STOPS): "Lost",
    (COMPETITORS, STOPS): "Lost",
}


@pytest.fixture
def eight(made: Make) -> Workspace:
    """Customers 4b to 1b buy twice and lately, 4s to 1s stopped long ago; once bought once lately, mute gave no answer, gone bought nothing."""
    bought, answers = [], []
    for score in ANSWERS:
        bought += [(f"{score}b", f"{score}b1", "2024-05-20", 10 * score), (f"{score}b", f"{score}b2", "2024-06-20", 1)]
        bought += [(f"{score}s", f"{score}s1", "2023-05-20", 100 * score), (f"{score}s", f"{score}s2", "2023-06-20", 1)]
        answers += [Answer(f"{score}{deed}", datetime(2024, 6, 1), score) for deed in "bs"]
    bought += [("once", "o", "2024-06-25", 7), ("mute", "m", "2024-06-25", 7)]
    answers += [Answer("once", datetime(2024, 5, 1), 1), Answer("once", datetime(2024, 6, 1), 4), Answer("gone", datetime(2024, 6, 1), 4)]
    return made(order_lines=lines(*bought), surveys=frame([*answers, Answer(None, datetime(2024, 6, 1), 4)], "attitude", (1, 4)))


def test_the_names_of_all_eight_cells(eight: Workspace) -> None:
    found = grid(eight, AS_OF, RULES)
    assert list(zip(found["attitude"], found["behaviour"], strict=True)) == [(word, deed) for word in ATTITUDES for deed in BEHAVIOURS]
    assert dict(zip(zip(found["attitude"], found["behaviour"], strict=True), found["loyalty"], strict=True)) == WANTED
    assert set(NAMES.values()) == set(MEANINGS) == set(WANTED.values())


def test_each_customer_is_in_the_cell_of_word_and_deed(eight: Workspace) -> None:
    found = eight.execute(customers(eight, AS_OF, RULES)).set_index("customer_id")
    assert len(found) == 9
    for score, word in ANSWERS.items():
        for deed, behaviour in (("b", BUYS), ("s", STOPS)):
            row = found.loc[f"{score}{deed}"]
            assert (row["attitude"], row["behaviour"], row["loyalty"]) == (word, behaviour, WANTED[word, behaviour])
    assert found.loc["once", "loyalty"] == "Drifting"  # the last answer counts; bought lately, but once
    cells = grid(eight, AS_OF, RULES).set_index(["attitude", "behaviour"])
    assert cells.loc[(LOYAL, STOPS), "customers"] == 2
    assert cells.loc[(LOYAL, STOPS), "net_sales"] == 401 + 7
    assert cells["customers"].sum() == 9


def test_lately_and_repeatedly_are_by_the_scores(eight: Workspace) -> None:
    """An R of 3 or more and an F of 2 or more, whatever the settings."""
    for settings in (RULES, RfmSettings(), RfmSettings(cuts_r=(1, 2, 3, 4)), RfmSettings(cuts_f=(1, 2, 3, 4))):
        scores = eight.execute(rfm.customers(eight, AS_OF, settings)).set_index("customer_id")
        found = eight.execute(customers(eight, AS_OF, settings)).set_index("customer_id")
        for name, row in found.iterrows():
            assert (row["behaviour"] == BUYS) == (scores.loc[name, "r_score"] >= 3 and scores.loc[name, "f_score"] >= 2)


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        ((1, 5), [COMPETITORS, UNATTACHED, UNATTACHED, FAIRLY, LOYAL]),
        ((0, 3), [COMPETITORS, UNATTACHED, FAIRLY, LOYAL]),
        ((1, 4), [COMPETITORS, UNATTACHED, FAIRLY, LOYAL]),
    ],
)
def test_other_scales_have_the_same_four_classes(made: Make, scale: tuple[int, int], words: list[str]) -> None:
    """In the middle of five is "not better", as loyalty begins above it."""
    scores = range(scale[0], scale[1] + 1)
    answers = [Answer(str(score), datetime(2024, 6, 1), score) for score in scores]
    bought = lines(*((str(score), str(score), "2024-05-01", 1) for score in scores))
    ws = made(order_lines=bought, surveys=frame(answers, "attitude", scale))
    found = ws.execute(customers(ws, AS_OF)).set_index("customer_id")["attitude"]
    assert [found[str(score)] for score in scores] == words


def test_cells_can_be_listed(eight: Workspace) -> None:
    found = eight.execute(listed(eight, AS_OF, RULES, ((LOYAL, BUYS), (COMPETITORS, STOPS))))
    assert sorted(found["customer_id"]) == ["1s", "4b"]
    assert list(found.columns)[:4] == ["customer_id", "loyalty", "attitude", "behaviour"]
    assert eight.execute(listed(eight, AS_OF, RULES).count()) == 9
    assert eight.execute(listed(eight, AS_OF, RULES, (), ibis.memtable({"customer_id": ["4b", "mute"]})))["customer_id"].tolist() == ["4b"]


def test_answers_that_no_purchase_belongs_to_are_refused(made: Make, six: Workspace) -> None:
    alone = made(surveys=frame([Answer("a", datetime(2024, 6, 1), 4)], "attitude", (1, 4)))
    nps = made(order_lines=lines(("a", "1", "2024-05-01", 1)), surveys=frame([Answer("a", datetime(2024, 6, 1), 4)]))
    for ws in (alone, nps, six):
        with pytest.raises(AnalysisError):
            customers(ws, AS_OF)


def test_an_answer_on_another_scale_has_the_class_of_its_place(made: Make) -> None:
    """2 of 1 to 7 is a sixth of the range, unattached, though rounding puts it a hair lower on the scale of most, 1 to 5."""
    answers = [Answer(name, datetime(2024, 6, 1), score) for name, score in (("a", 2), ("b", 5), ("c", 4))]
    surveys = frame(answers, "attitude", (1, 5)).assign(scale_max=[7, 5, 5])
    ws = made(order_lines=lines(*((name, name, "2024-06-01", 5) for name in "abc")), surveys=surveys)
    found = ws.execute(customers(ws, AS_OF)).set_index("customer_id")["attitude"]
    assert found.to_dict() == {"a": UNATTACHED, "b": LOYAL, "c": FAIRLY}
