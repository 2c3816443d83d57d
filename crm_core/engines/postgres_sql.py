"""What Ibis asks, in words that PostgreSQL answers as the embedded engine does.

Texts stand in the order of their code points, whatever language the database sorts by; seconds and months are those of the calendar; small letters
are those of Unicode where the server knows it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis.expr.datatypes as dt
import sqlglot.expressions as sge
from ibis.backends.sql import compilers
from ibis.common.exceptions import UnsupportedOperationError

from crm_core.engines.base import CAPITALS

#: Order by code point: in UTF-8 that of the bytes.
BY_CODE_POINT = "C"
#: Small letters of every script, where the server was built with ICU.
UNICODE = "und-x-icu"


def collated(text: sge.Expression, collation: str = BY_CODE_POINT) -> sge.Expression:
    return sge.Collate(this=sge.paren(text, copy=False), expression=sge.to_identifier(collation, quoted=True))


def _by_code_point(name: str) -> Callable[..., Any]:
    """The rule of Ibis for an operation that compares texts, told how to."""
    rule = getattr(compilers.PostgresCompiler, name)

    def visit(self: Any, op: Any, **arguments: Any) -> Any:
        first = next(key for key in arguments if key in ("left", "arg", "key"))
        key = "key" if "key" in arguments else first
        if getattr(op, key).dtype.is_string():
            arguments[key] = collated(arguments[key])
        return rule(self, op, **arguments)

    return visit


class Compiler(compilers.PostgresCompiler):
    """Ibis's own, but for what is said above."""

    __slots__ = ("lower_collation",)

    def __init__(self, lower_collation: str = "") -> None:
        super().__init__()
        self.lower_collation = lower_collation

    visit_SortKey = _by_code_point("visit_SortKey")
    visit_Less = _by_code_point("visit_Less")
    visit_LessEqual = _by_code_point("visit_LessEqual")
    visit_Greater = _by_code_point("visit_Greater")
    visit_GreaterEqual = _by_code_point("visit_GreaterEqual")
    visit_Between = _by_code_point("visit_Between")
    visit_Min = _by_code_point("visit_Min")
    visit_Max = _by_code_point("visit_Max")
    visit_Mode = _by_code_point("visit_Mode")
    visit_ArgMin = _by_code_point("visit_ArgMin")
    visit_ArgMax = _by_code_point("visit_ArgMax")

    def visit_JoinChain(self, op: Any, **arguments: Any) -> Any:
        """PostgreSQL has no SEMI JOIN: it becomes a condition on all joined rows, which is another thing before an outer join that adds some."""
        kinds = [link.how for link in op.rest]
        chosen = min((place for place, how in enumerate(kinds) if how in ("semi", "anti")), default=len(kinds))
        if any(how in ("right", "outer") for how in kinds[chosen:]):
            raise UnsupportedOperationError("an outer join after a choice among rows: filter those first")
        return super().visit_JoinChain(op, **arguments)

    def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:
        """A yes or no becomes a number by way of the one width that PostgreSQL knows a cast to."""
        if op.arg.dtype.is_boolean() and to.is_numeric():
            arg = self.cast(arg, dt.int32)
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_Lowercase(self, op: Any, *, arg: Any) -> Any:  # noqa: ARG002  (Ibis calls it so)
        plain = self.f.translate(arg, "".join(CAPITALS), "".join(CAPITALS.values()))
        return self.f.lower(collated(plain, self.lower_collation) if self.lower_collation else plain)

    def visit_HexDigest(self, op: Any, *, arg: Any, how: str) -> Any:  # noqa: ARG002
        if how != "md5":
            raise UnsupportedOperationError(f"PostgreSQL has no {how} of its own")
        return self.f.md5(arg)

    def visit_TimestampDelta(self, op: Any, *, part: Any, left: Any, right: Any) -> Any:
        """Seconds that began between the two, not rounded ones."""
        if op.part.value != "second":
            return super().visit_TimestampDelta(op, part=part, left=left, right=right)
        return self._whole_seconds(left) - self._whole_seconds(right)

    def _whole_seconds(self, moment: Any) -> Any:
        return self.cast(self.f.floor(self.f.extract("epoch", moment)), dt.int64)

    def visit_DateDelta(self, op: Any, *, part: Any, left: Any, right: Any) -> Any:
        if op.part.value != "day":
            return super().visit_DateDelta(op, part=part, left=left, right=right)
        return self.cast(sge.paren(self.cast(left, dt.date) - self.cast(right, dt.date)), dt.int64)

    def visit_ExtractEpochSeconds(self, op: Any, *, arg: Any) -> Any:  # noqa: ARG002
        return self.cast(self.f.extract("epoch", arg), dt.float64)

    def visit_DateTruncate(self, op: Any, *, arg: Any, unit: Any) -> Any:
        """A date again, by way of a moment without a zone."""
        return self.cast(super().visit_DateTruncate(op, arg=self.cast(arg, dt.timestamp), unit=unit), dt.date)

    def visit_ExtractYear(self, op: Any, *, arg: Any) -> Any:
        return self.cast(super().visit_ExtractYear(op, arg=arg), op.dtype)

    def visit_ExtractMonth(self, op: Any, *, arg: Any) -> Any:
        return self.cast(super().visit_ExtractMonth(op, arg=arg), op.dtype)
