"""Groups against all others: each response in one group, verdicts by Holm's rule."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import isnan

import numpy as np
import pandas as pd
import pytest

from crm_core.analytics import pareto, rfm
from crm_core.analytics.satisfaction import split as asked
from crm_core.analytics.satisfaction.split import split, splits
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics.conftest import Make
from tests.crm_core.analytics.satisfaction import by_definition
from tests.crm_core.analytics.satisfaction.by_definition import Answer, frame
from tests.workspaces import lines

START, END = date(2024, 1, 1), date(2024, 7, 1)
#: The chance of a 10 and of a 0 at each touchpoint.
CHANCES = {"Web": (0.3, 0.4), "Shop": (0.7, 0.1), "Phone": (0.2, 0.6), "Mail": (0.35, 0.4), None: (0.4, 0.4)}


def drawn(seed: int = 8, count: int = 300) -> tuple[list[Answer], list[str | None]]:
    rng = np.random.default_rng(seed)
    answers, places = [], []
    for number in range(count):
        place = list(CHANCES)[number % len(CHANCES)]
        score = rng.choice([10, 0, 7], p=[*CHANCES[place], 1 - sum(CHANCES[place])])
        name = f"c{rng.integers(250)}" if rng.random() < 0.9 else None
        answers.append(Answer(name, datetime(2024, 1, 1) + timedelta(hours=int(rng.integers(24 * 180))), int(score)))
        places.append(place)
    return answers, places


def test_each_group_is_compared_with_all_other_responses(made: Make) -> None:
    answers, places = drawn()
    found = split(made(surveys=frame(answers, touchpoint=places)), "nps", START, END, "touchpoint").set_index("group")
    kept = by_definition.counting(answers)
    by_place = {id(one): place or "" for one, place in zip(answers, places, strict=True)}
    scores = {name: [one.score for one in kept if by_place[id(one)] == name] for name in ("Web", "Shop", "Phone", "Mail", "")}
    assert found["n"].sum() == len(kept)
    assert list(found["n"]) == sorted(found["n"], reverse=True)
    gaps = {}
    for name, own in scores.items():
        others = [score for other, some in scores.items() if other != name for score in some]
        gaps[name] = by_definition.nps_difference(own, others)
        row = found.loc[name]
        assert (row["value"], row["low"], row["high"]) == pytest.approx(by_definition.nps(own), abs=1e-4)
        assert tuple(row[["difference", "difference_low", "difference_high"]]) == pytest.approx(gaps[name][:3], abs=1e-4)
    clear = dict(zip(gaps, by_definition.significant([gap[3] for gap in gaps.values()]), strict=True))
    wanted = {name: asked.SAME if not clear[name] else asked.BETTER if gap[0] > 0 else asked.WORSE for name, gap in gaps.items()}
    assert found["verdict"].to_dict() == wanted
    assert {wanted["Shop"], wanted["Phone"], wanted["Mail"]} == {asked.BETTER, asked.WORSE, asked.SAME}


def test_what_is_clear_alone_need_not_be_clear_among_several(made: Make) -> None:
    """One group with p of about 3 %, and five that are like the rest: five per cent over six is less."""
    answers, places = [], []
    for place in range(6):
        for number in range(30):
            answers.append(Answer(None, datetime(2024, 2, 1), 10 if number < (21 if place == 0 else 15) else 0))
            places.append(f"g{place}")
    ws = made(surveys=frame(answers, touchpoint=places))
    found = split(ws, "nps", START, END, "touchpoint").set_index("group")
    own, others = ([one.score for one, place in zip(answers, places, strict=True) if (place == "g0") == is_own] for is_own in (True, False))
    assert 0.05 / 6 < by_definition.nps_difference(own, others)[3] < 0.05
    assert set(found["verdict"]) == {asked.SAME}


def test_below_ten_responses_or_ten_others_there_is_no_verdict(made: Make) -> None:
    def found(sizes: dict[str, int]) -> dict[str, str]:
        answers = [Answer(None, datetime(2024, 2, 1), 10 if name == "a" else 0) for name, n in sizes.items() for _ in range(n)]
        ws = made(surveys=frame(answers, touchpoint=[name for name, n in sizes.items() for _ in range(n)]))
        return split(ws, "nps", START, END, "touchpoint").set_index("group")["verdict"].to_dict()

    assert found({"a": 9, "b": 40}) == {"a": asked.FEW, "b": asked.FEW}
    assert found({"a": 10, "b": 40}) == {"a": asked.BETTER, "b": asked.WORSE}
    assert found({"a": 40}) == {"a": asked.ALONE}


def test_beyond_25_groups_the_smallest_stand_together_without_a_verdict(made: Make) -> None:
    sizes = {f"g{place:02}": 60 - place for place in range(30)}
    answers = [Answer(None, datetime(2024, 2, 1), 10) for size in sizes.values() for _ in range(size)]
    found = split(
        made(surveys=frame(answers, touchpoint=[name for name, n in sizes.items() for _ in range(n)])), "nps", START, END, "touchpoint"
    )
    assert len(found) == 26
    assert list(found["group"][:25]) == list(sizes)[:25]
    last = found.iloc[-1]
    assert (last["group"], last["n"], last["verdict"]) == (asked.OTHERS, sum(list(sizes.values())[25:]), asked.FEW)
    assert found["n"].sum() == len(answers)


@pytest.fixture
def shop(made: Make) -> Workspace:
    """a and b bought, z did not; order 1 has two categories, order 3 none, order 2 came by the web."""
    bought = lines(("a", "1", "2024-01-01", 60), ("a", "1", "2024-01-01", 40), ("b", "2", "2024-06-01", 5), ("b", "3", "2024-06-02", 1))
    answers = [
        Answer("a", datetime(2024, 2, 1), 10),
        Answer("b", datetime(2024, 2, 2), 2),
        Answer("z", datetime(2024, 2, 3), 7),
        Answer(None, datetime(2024, 2, 4), 9),
    ]
    return made(
        order_lines=bought.assign(category=["Shoes", "Hats", "Hats", None]),
        orders=pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["a", "b"], "channel": [None, "Web"]}),
        customers=pd.DataFrame({"customer_id": ["a", "b"], "country": ["Chile", None]}),
        surveys=frame(answers, order_id=["1", "2", "9", "3"]),
    )


def sizes(ws: Workspace, by: str) -> dict[str, int]:
    found = split(ws, "nps", START, END, by)
    return dict(zip(found["group"], found["n"], strict=True))


def test_responses_can_be_split_by_what_the_data_has(shop: Workspace, made: Make) -> None:
    assert list(splits(shop)) == ["segment", "value_class", "country", "category", "order_channel"]
    alone = made(surveys=frame([Answer(None, datetime(2024, 2, 1), 1)]))
    assert splits(alone) == {}
    with pytest.raises(AnalysisError, match="Nothing to split by"):
        split(alone, "nps", START, END, "segment")


def test_who_is_not_known_is_a_group_of_its_own(shop: Workspace) -> None:
    assert sizes(shop, "country") == {"": 3, "Chile": 1}
    assert sizes(shop, "order_channel") == {"": 3, "Web": 1}


@pytest.mark.parametrize("by", ["segment", "value_class"])
def test_segments_and_classes_are_those_of_the_customers(shop: Workspace, by: str) -> None:
    table = rfm.customers(shop, END) if by == "segment" else pareto.classes(shop, END, "net_sales")
    own = shop.execute(table).set_index("customer_id")[by]
    wanted = {name: int(n) for name, n in own.value_counts().items()} | {"": 2}
    assert sizes(shop, by) == wanted


def test_a_response_counts_in_each_category_of_its_order(shop: Workspace) -> None:
    found = split(shop, "nps", START, END, "category").set_index("group")
    assert found["n"].to_dict() == {"Hats": 2, "Shoes": 1, "": 2}
    assert found.loc["Shoes", "difference"] == pytest.approx(100 - 0)  # against 2, 7 and 9: one promoter, one detractor
    assert not isnan(found.loc["Hats", "difference"])


def test_an_order_id_of_two_customers_is_each_ones_own(made: Make) -> None:
    """What the other one bought under the same number has nothing to do with the response."""
    bought = lines(("a", "1", "2024-01-01", 60), ("b", "1", "2024-01-02", 40)).assign(category=["Shoes", "Hats"])
    orders = pd.DataFrame({"order_id": ["1", "1"], "customer_id": ["a", "b"], "channel": ["Web", "Shop"]})
    answers = [Answer("a", datetime(2024, 2, 1), 10), Answer("b", datetime(2024, 2, 2), 2)]
    ws = made(order_lines=bought, orders=orders, surveys=frame(answers, order_id=["1", "1"]))
    for by, group in (("category", "Hats"), ("order_channel", "Shop")):
        found = split(ws, "nps", START, END, by).set_index("group")
        assert found["n"].to_dict() == dict.fromkeys({"category": ("Shoes", "Hats"), "order_channel": ("Web", "Shop")}[by], 1)
        assert found.loc[group, "value"] == -100


def test_where_all_scores_are_equal_no_group_is_better(made: Make) -> None:
    """Brought to the scale of most, equal scores sum up to means that differ by rounding."""
    answers = [Answer(None, datetime(2024, 2, 1), 1.36) for _ in range(390)]
    surveys = frame(answers, "ces", (1, 7), touchpoint=["Web" if place < 37 else "Shop" if place < 210 else "Mail" for place in range(390)])
    found = split(made(surveys=surveys), "ces", START, END, "touchpoint")
    assert set(found["verdict"]) == {asked.SAME}
    assert found[["difference", "difference_low", "difference_high"]].to_numpy() == pytest.approx(0, abs=1e-5)
