"""Time limits as they are written, and which of them holds."""

from __future__ import annotations

import pytest

from crm_core.analytics.service.sla import NO_AGREEMENT, Agreement, Limit, parse
from crm_core.errors import CrmError


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("urgent=8", Limit(8, "urgent")),
        ("very urgent = 1.5", Limit(1.5, "very urgent")),
        ("A=4", Limit(4, "", "A")),
        ("urgent/A=2", Limit(2, "urgent", "A")),
        ("urgent / A = 2", Limit(2, "urgent", "A")),
        ("*/B=2", Limit(2, "", "B")),
        ("*=72", Limit(72)),
        ("a=b=3", Limit(3, "a=b")),
    ],
)
def test_a_limit_is_written_as_who_and_hours(text: str, wanted: Limit) -> None:
    assert parse([text]) == Agreement((wanted,))


@pytest.mark.parametrize(
    "text", ["", "urgent", "8", "urgent=", "urgent=soon", "urgent=0", "urgent=-1", "urgent=nan", "urgent=inf", "urgent/D=2", "urgent=1e300"]
)
def test_what_is_no_limit_is_refused_in_words(text: str) -> None:
    with pytest.raises(CrmError, match="No time limit") as caught:
        parse(["A=4", text])
    assert f"“{text}”" in caught.value.message
    assert "urgent/A=2" in caught.value.hint


def test_limits_that_name_more_go_first_and_a_class_before_a_priority() -> None:
    agreement = parse(["*=72", "urgent=8", "A=4", "urgent/A=2", "low=100"])
    assert [(one.value_class, one.priority) for one in agreement.ordered] == [
        ("A", "urgent"),
        ("A", ""),
        ("", "urgent"),
        ("", "low"),
        ("", ""),
    ]


def test_classes_with_a_limit_of_their_own() -> None:
    assert parse(["B=9", "urgent/A=2", "A=4", "urgent=8"]).classes == ("A", "B")
    assert NO_AGREEMENT.classes == ()
    assert parse([]) == NO_AGREEMENT
