"""What Ibis asks, in words that Spark answers as the embedded engine does."""

from __future__ import annotations

import string
from typing import Any

import ibis.expr.datatypes as dt
import sqlglot.expressions as sge
from ibis.backends.sql import compilers
from ibis.backends.sql.compilers.base import SQLGlotCompiler

from crm_core.engines.base import CAPITALS


class Compiler(compilers.PySparkCompiler):
    """Ibis's own, but: OFFSET by Spark itself, not by numbers over all rows on one worker; counts of nothing are 0; seconds and months are those of
    the calendar and keep their type; white space is what it is elsewhere.
    """

    __slots__ = ()

    rewrites = SQLGlotCompiler.rewrites

    def visit_CountStar(self, op: Any, *, arg: Any, where: Any) -> Any:  # noqa: ARG002  (Ibis calls it so)
        return self.f.count(sge.Star()) if where is None else self.f.count_if(where)

    def visit_TimestampDelta(self, op: Any, *, part: Any, left: Any, right: Any) -> Any:
        """Seconds that began between the two, not those that are full."""
        if op.part.value != "second":
            return super().visit_TimestampDelta(op, part=part, left=left, right=right)
        return self._whole_seconds(left) - self._whole_seconds(right)

    def _whole_seconds(self, moment: Any) -> Any:
        return self.f.unix_seconds(self.cast(moment, dt.Timestamp(timezone="UTC")))

    def visit_DateDelta(self, op: Any, *, part: Any, left: Any, right: Any) -> Any:
        if op.part.value != "day":
            return super().visit_DateDelta(op, part=part, left=left, right=right)
        return self.cast(self.f.anon.unix_date(self.cast(left, dt.date)) - self.f.anon.unix_date(self.cast(right, dt.date)), dt.int64)

    def visit_ExtractEpochSeconds(self, op: Any, *, arg: Any) -> Any:  # noqa: ARG002
        return sge.paren(self.f.anon.unix_micros(self.cast(arg, dt.Timestamp(timezone="UTC"))) / 1_000_000, copy=False)

    def visit_TimestampTruncate(self, op: Any, *, arg: Any, unit: Any) -> Any:
        return self.cast(super().visit_TimestampTruncate(op, arg=arg, unit=unit), op.dtype)

    visit_DateTruncate = visit_TimestampTruncate

    def visit_Lowercase(self, op: Any, *, arg: Any) -> Any:  # noqa: ARG002
        return self.f.lower(self.f.translate(arg, "".join(CAPITALS), "".join(CAPITALS.values())))

    def visit_Strip(self, op: Any, *, arg: Any) -> Any:  # noqa: ARG002
        return self.f.anon.btrim(arg, self.f.concat(*(self.f.anon.char(ord(one)) for one in string.whitespace)))
