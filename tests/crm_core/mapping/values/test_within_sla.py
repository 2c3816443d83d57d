"""Within the agreed time or not, in the words of service desks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.mapping.values import within_sla
from crm_core.sources.staging import Staging
from tests.crm_core.mapping import cells


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    with Staging(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("name", "is_of_missed"),
    [
        ("SLA met", False),
        ("made_sla", False),
        ("В срок", False),
        ("SLA eingehalten", False),
        ("SLA breached", True),
        ("sla_violated", True),
        ("overdue", True),
        ("Нарушение SLA", True),
        ("نقض SLA", True),
        ("SLA not breached", False),
        ("SLA met / missed", False),
    ],
)
def test_the_name_tells_what_a_yes_means(staging: Staging, name: str, is_of_missed: bool) -> None:
    assert within_sla.asks_for_missed(name) is is_of_missed
    cells.put(staging, ["yes", "0", None, "perhaps"])
    within = not is_of_missed
    assert cells.read(staging, lambda column: within_sla.read(column, name)) == [within, not within, None, None]


def test_words_for_kept_and_missed_need_no_name(staging: Staging) -> None:
    cells.put(staging, ["Met", "BREACHED", "Within SLA", "SLA Violated", "In time", "Late", "просрочено", "به موقع"])
    expected = [True, False, True, False, True, False, False, True]
    for name in ("SLA", "SLA breach"):
        assert cells.read(staging, lambda column, name=name: within_sla.read(column, name)) == expected


def test_no_word_means_both() -> None:
    assert not {*within_sla.MET} & {*within_sla.MISSED}
    assert within_sla.tells(["Met", "missed", "Yes"])
    assert not within_sla.tells(["Met", "blue"])
    assert not within_sla.tells([])
