"""The time agreed for solving a case where the case itself does not say: hours by priority and customer class.

Rules are data: of those that fit the one that names most holds, so that a rule for key customers goes before one for everybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm_core.errors import CrmError

ANY = ""


@dataclass(frozen=True)
class Limit:
    """Calendar hours from opening to solution for cases of that priority and of customers of that class (ANY: of all)."""

    hours: float
    priority: str = ANY
    value_class: str = ANY


@dataclass(frozen=True)
class Agreement:
    """All limits; those that name more hold before those that name less."""

    limits: tuple[Limit, ...] = ()

    @property
    def ordered(self) -> tuple[Limit, ...]:
        return tuple(sorted(self.limits, key=lambda one: (one.value_class == ANY, one.priority == ANY)))

    @property
    def classes(self) -> tuple[str, ...]:
        """Customer classes with a limit of their own."""
        return tuple(sorted({one.value_class for one in self.limits if one.value_class != ANY}))


NO_AGREEMENT = Agreement()
CLASSES = ("A", "B", "C")
#: A hundred years.
LONGEST_HOURS = 876_600


def parse(texts: Iterable[str]) -> Agreement:
    """Limits out of "urgent=8", "A=4" (customers of class A), "urgent/A=2", "*=72". Raises CrmError in words otherwise."""
    return Agreement(tuple(_parse(text) for text in texts))


def _parse(text: str) -> Limit:
    who, sign, hours = text.rpartition("=")
    priority, slash, value_class = (part.strip() for part in who.partition("/"))
    if not slash and priority in CLASSES:
        priority, value_class = ANY, priority
    try:
        number = float(hours)
    except ValueError:
        number = 0.0
    if not sign or not 0 < number <= LONGEST_HOURS or (value_class and value_class not in CLASSES):
        raise CrmError(
            "No time limit",
            f"“{text}” is none.",
            "Write PRIORITY=HOURS, CLASS=HOURS or PRIORITY/CLASS=HOURS, such as urgent=8 or urgent/A=2.",
        )
    return Limit(number, ANY if priority == "*" else priority, value_class)
