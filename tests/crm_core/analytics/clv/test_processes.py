"""Purchases of the time ahead: each answer of a process against customers drawn event by event, and against the other answers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest

from crm_core.analytics.clv import processes
from crm_core.analytics.clv.processes import BgNbd, Nbd, ParetoNbd, Process
from crm_core.analytics.clv.spread import second_factorial_moment
from tests.crm_core.analytics.clv import stories

R, ALPHA, DROP = np.array([0.243, 1.2, 5.0, 40.0]), np.array([4.414, 10.0, 20.0, 60.0]), np.array([2.4, 3.4, 6.0, 30.0])
KINDS: dict[str, Process] = {
    "NBD": Nbd(R, ALPHA),
    "BG/NBD": BgNbd(R, ALPHA, 0.8, DROP),
    "BG/NBD a = 1": BgNbd(R, ALPHA, 1.0, DROP),
    "BG/NBD a + b < 1": BgNbd(R, ALPHA, 0.3, DROP / 10),
    "Pareto/NBD": ParetoNbd(R, ALPHA, 0.6, 5 * DROP),
    "Pareto/NBD s = 1": ParetoNbd(R, ALPHA, 1.0, 5 * DROP),
    "Pareto/NBD s = 3": ParetoNbd(R, ALPHA, 3.0, 5 * DROP),
}
by_kind = pytest.mark.parametrize("process", KINDS.values(), ids=KINDS.keys())
MOST = 3_000


@pytest.fixture(autouse=True)
def _loud() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize(("name", "params"), [("bg_nbd", (1.2, 10.0, 0.8, 3.4)), ("pareto_nbd", (1.2, 10.0, 0.6, 17.0))])
@pytest.mark.parametrize("t", [8.0, 60.0])
def test_counts_are_those_drawn(name: str, params: stories.Params, t: float):
    process = KINDS["BG/NBD" if name == "bg_nbd" else "Pareto/NBD"]
    rng = np.random.default_rng(2)
    count = stories.bought(name, t, *stories.drawn_rates(name, params, rng, 300_000), rng)
    chances = process.pmf(t, 12)[1]
    for n, chance in enumerate(chances):
        assert chance == pytest.approx(np.mean(count == n), abs=4.5 * np.sqrt(chance / len(count)))
    assert process.expected(t)[1] == pytest.approx(count.mean(), abs=4.5 * count.std() / np.sqrt(len(count)))


@by_kind
@pytest.mark.parametrize("t", [0.01, 1.0, 30.0, 120.0])
def test_probabilities_add_up_to_the_moments(process: Process, t: float):
    chances, n = process.pmf(t, MOST), np.arange(MOST + 1)
    assert chances.min() >= 0
    assert chances.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-10)
    assert chances @ n == pytest.approx(process.expected(t), rel=1e-8)
    assert chances @ (n * (n - 1)) == pytest.approx(second_factorial_moment(process, t), rel=1e-7, abs=1e-15)
    assert chances[:, 0] == pytest.approx(process.none(t), rel=1e-10)


@by_kind
def test_in_no_time_nobody_buys(process: Process):
    assert process.expected(0.0).tolist() == [0, 0, 0, 0]
    assert process.pmf(0.0, 3) == pytest.approx(np.eye(4)[np.zeros(4, dtype=int)])
    assert process.none(0.0) == pytest.approx(np.ones(4))


def test_dropout_that_hardly_ever_happens_leaves_the_nbd():
    never = KINDS["NBD"]
    for process in (BgNbd(R, ALPHA, 1e-6, np.full(4, 50.0)), ParetoNbd(R, ALPHA, 1e-6, np.full(4, 50.0))):
        assert process.expected(40.0) == pytest.approx(never.expected(40.0), rel=1e-5)
        assert process.pmf(40.0, 50) == pytest.approx(never.pmf(40.0, 50), abs=1e-5)
        assert process.pairs(40.0) == pytest.approx(never.pairs(40.0), rel=1e-4)


def test_many_customers_are_taken_in_turns(monkeypatch: pytest.MonkeyPatch):
    process = KINDS["BG/NBD"]
    at_once = process.expected(52.0)
    monkeypatch.setattr(processes, "CELLS", 70)
    assert process.expected(52.0).tolist() == at_once.tolist()


@pytest.mark.parametrize("kind", ["BG/NBD", "Pareto/NBD"])
def test_processes_at_the_ends_of_the_scale_stay_numbers(kind: str):
    r, alpha = np.array([1e-9, 1e-3, 5_000.0, 1e6]), np.array([1e-3, 1e6, 1e-2, 1e5])
    process: Process = BgNbd(r, alpha, 1e-3, np.full(4, 1e4)) if kind == "BG/NBD" else ParetoNbd(r, alpha, 1e-3, np.full(4, 1e4))
    for t in (1e-3, 500.0):
        chances = process.pmf(t, 50)
        for values in (process.expected(t), process.pairs(t), process.none(t), chances):
            assert np.all(np.isfinite(values) & (values >= 0))
        assert np.all(chances.sum(axis=1) <= 1 + 1e-9)
