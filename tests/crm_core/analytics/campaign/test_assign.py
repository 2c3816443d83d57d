"""Drawing the control group: counts, chance, and that anybody can draw it again."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from crm_core.analytics.campaign.assign import assign
from crm_core.errors import AnalysisError

IDS = [f"C{place:05}" for place in range(1000)]
STRATA = [("Champions", "At risk", "New customers", None)[place % 10 % 4] for place in range(1000)]

customers = st.dictionaries(st.text(max_size=4), st.sampled_from(["a", "b", "ж", "", None]), max_size=40)


def drawn(rows: dict[str, str | None], share: float, seed: int) -> dict[str, bool]:
    return dict(zip(rows, assign(list(rows), list(rows.values()), share, seed).tolist(), strict=True))


def by_stratum(rows: dict[str, str | None], found: dict[str, bool]) -> dict[str, tuple[int, int]]:
    """(customers, controls) of each."""
    names = {name or "" for name in rows.values()}
    own = {name: [found[one] for one in rows if (rows[one] or "") == name] for name in names}
    return {name: (len(of_it), sum(of_it)) for name, of_it in own.items()}


@given(customers, st.floats(0, 1), st.integers(0, 2**70))
def test_as_many_controls_as_asked_for_and_each_stratum_has_its_share(rows: dict[str, str | None], share: float, seed: int) -> None:
    found = drawn(rows, share, seed)
    total = int((Decimal(str(share)) * len(rows)).to_integral_value(ROUND_HALF_UP))
    assert sum(found.values()) == total
    for customers_in_it, controls in by_stratum(rows, found).values():
        assert abs(controls - total * customers_in_it / len(rows)) < 1


@given(customers, st.floats(0, 1), st.integers(0, 100), st.randoms())
def test_the_order_of_rows_does_not_matter(rows: dict[str, str | None], share: float, seed: int, random: Random) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert drawn({one: rows[one] for one in shuffled}, share, seed) == drawn(rows, share, seed)


def test_anybody_can_draw_it_again_with_seed_and_ids() -> None:
    """The first by SHA-256 of "seed:customer:id", in hexadecimal, as any tool gives it."""
    first = sorted(IDS, key=lambda one: sha256(f"42:customer:{one}".encode()).hexdigest())[:100]
    assert {one for one, is_control in zip(IDS, assign(IDS, [""] * 1000, 0.1, 42), strict=True) if is_control} == set(first)


def test_the_draw_stays_what_it_is() -> None:
    """By hand: quotas of 1.5, 1.5, 1 and 1, the digest of "7:stratum:Champions" is above that of "7:stratum:At risk", lowest digests first."""
    assert [one for one, is_control in zip(IDS, assign(IDS, STRATA, 0.005, 7), strict=True) if is_control] == [
        *("C00019", "C00361", "C00367", "C00388", "C00836"),
    ]


def test_columns_of_arrow_are_drawn_as_lists_are() -> None:
    ids = pa.chunked_array([IDS[:300], IDS[300:]])
    strata = pa.chunked_array([STRATA], pa.string()).dictionary_encode()
    assert assign(ids, strata, 0.2, 3).tolist() == assign(IDS, STRATA, 0.2, 3).tolist()
    assert assign(pa.array(IDS), pa.array(STRATA), 0.2, 3).dtype == bool


def test_nobody_and_everybody() -> None:
    assert not assign(IDS, STRATA, 0, 1).any()
    assert assign(IDS, STRATA, 1, 1).all()
    assert assign([], [], 0.5, 1).tolist() == []


def test_halves_are_rounded_up_and_shares_are_decimal() -> None:
    """0.29 × 50 is 14.5, and a little less as a binary fraction."""
    assert assign(IDS[:50], [""] * 50, 0.29, 1).sum() == 15
    assert assign(IDS[:5], [""] * 5, 0.1, 1).sum() == 1


def test_other_seeds_draw_others() -> None:
    drawings = {assign(IDS, STRATA, 0.1, seed).tobytes() for seed in range(50)}
    assert len(drawings) == 50


def test_seed_and_id_do_not_run_into_each_other() -> None:
    """Seed 1 with id "2x" is not seed 12 with id "x"."""
    ranked = {seed: assign([f"{end}{one}" for one in IDS], [""] * 1000, 0.5, seed) for seed, end in ((1, "2"), (12, ""))}
    assert stats.binomtest(int((ranked[1] == ranked[12]).sum()), 1000).pvalue > 0.001


def test_every_customer_is_a_control_as_often() -> None:
    """Over 2,000 seeds, 200 customers in strata of different sizes, a chi-square of the counts; ids that follow a pattern make no difference."""
    ids, strata = IDS[:200], ["small"] * 20 + ["large"] * 180
    counts = np.sum([assign(ids, strata, 0.1, seed) for seed in range(2000)], axis=0)
    assert counts.sum() == 2000 * 20
    statistic = ((counts - 200) ** 2 / (200 * 0.9)).sum()
    assert stats.chi2.sf(statistic, 198) > 0.001
    assert stats.chi2.cdf(statistic, 198) > 0.001
    assert stats.pearsonr(np.arange(200), counts).pvalue > 0.001


def test_pairs_are_controls_together_as_often_as_lot_has_it() -> None:
    found = np.array([assign(IDS[:20], [""] * 20, 0.5, seed) for seed in range(3000)])
    together = (found[:, :-1] & found[:, 1:]).sum(axis=0)
    assert np.abs(together / 3000 - 0.5 * 9 / 19).max() < 4 * np.sqrt(0.24 * 0.76 / 3000)


def test_strata_of_one_take_turns() -> None:
    """All remainders are equal: it is lot as well that chooses the strata, not their names."""
    counts = np.sum([assign(IDS[:10], IDS[:10], 0.3, seed) for seed in range(2000)], axis=0)
    assert counts.sum() == 6000
    assert stats.chi2.sf(((counts - 600) ** 2 / (600 * 0.7)).sum(), 9) > 0.001


@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=60), st.sampled_from("abc"), st.floats(0, 1), st.integers(0, 50))
def test_one_customer_more_hardly_changes_the_others(strata: list[str], joins: str, share: float, seed: int) -> None:
    """In a stratum that nobody joined as many change as it has controls more or fewer."""
    before = {f"c{place}": name for place, name in enumerate(strata)}
    one, other = drawn(before, share, seed), drawn(before | {"new": joins}, share, seed)
    for name in set(strata) - {joins}:
        own = [customer for customer in before if before[customer] == name]
        changed = sum(one[customer] != other[customer] for customer in own)
        assert changed == abs(sum(one[customer] for customer in own) - sum(other[customer] for customer in own)) <= 2


def test_what_cannot_be_drawn_is_refused_with_all_problems() -> None:
    with pytest.raises(AnalysisError) as raised:
        assign(["a", "a", None], ["x"], 1.5, -1)
    assert [one.code for one in raised.value.problems] == ["id_missing", "id_twice", "strata", "not_a_share", "seed"]
    with pytest.raises(AnalysisError):
        assign(["a"], ["x"], float("nan"), 1)
