"""What defines an audience beside its condition: the rules of scoring, what is taken away, the control group, and what the campaign is expected to do.

Plain data that a store keeps as JSON: `as_dict` and back. What a version of the program did not know keeps its usual value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any, cast

from crm_core.analytics.scores import RfmSettings
from crm_core.analytics.segment_table import SEGMENTS, Segment, SegmentTable
from crm_core.errors import AnalysisError

CUTS = ("cuts_r", "cuts_f", "cuts_m")


@dataclass(frozen=True)
class Expectation:
    """What the user expects: costs in the currency's main unit, responses and margin as shares. None: not given; an order value is then that of the audience,
    a margin that of the data's costs."""

    cost_a_contact: float = 0.0
    cost_a_response: float = 0.0
    response: float = 0.05
    response_without: float | None = None
    order_value: float | None = None
    margin: float | None = None


@dataclass(frozen=True)
class Terms:
    """`columns` of the list (none: the usual ones); `control_share` of the audience and the `seed` that draws it; `days` the campaign is looked at;
    `is_respecting`: are the company's contact rules applied?"""

    scoring: RfmSettings = RfmSettings()
    columns: tuple[str, ...] = ()
    control_share: float = 0.1
    seed: int = 1
    days: int = 30
    is_respecting: bool = True
    expectation: Expectation = field(default_factory=Expectation)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON; scoring only where it is not the usual one."""
        told: dict[str, Any] = {
            "columns": list(self.columns),
            "control_share": self.control_share,
            "seed": self.seed,
            "days": self.days,
            "is_respecting": self.is_respecting,
            "expectation": asdict(self.expectation),
        }
        return told | ({"scoring": _scoring_told(self.scoring)} if self.scoring != RfmSettings() else {})

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Terms:
        """What `as_dict` wrote. Raises AnalysisError for what cannot be used."""
        try:
            return _checked(
                scoring=_scoring_read(data.get("scoring", {})),
                columns=tuple(map(str, data.get("columns", ()))),
                control_share=float(data.get("control_share", 0.1)),
                seed=int(data.get("seed", 1)),
                days=int(data.get("days", 30)),
                is_respecting=bool(data.get("is_respecting", True)),
                expectation=_expected(data.get("expectation", {})),
            )
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
            raise AnalysisError(
                "The audience cannot be read", "What was saved with it is damaged.", "Take an earlier version of it."
            ) from error


def _checked(**told: Any) -> Terms:
    """Raises ValueError for what no page writes."""
    found = Terms(**told)
    if not (0 <= found.control_share < 1 and 0 <= found.seed < 2**31 and found.days >= 1):
        raise ValueError("out of bounds")
    return found


def _expected(data: Mapping[str, Any]) -> Expectation:
    told = {name: None if one is None else float(one) for name, one in data.items() if name in Expectation.__dataclass_fields__}
    if not all(one is None or isfinite(one) for one in told.values()):
        raise ValueError("no number")
    return Expectation(**cast(Any, told))


def _scoring_told(scoring: RfmSettings) -> dict[str, Any]:
    told: dict[str, Any] = {"f_rule": scoring.f_rule}
    told |= {name: list(cuts) for name in CUTS if (cuts := getattr(scoring, name))}
    if scoring.segments != SEGMENTS:
        told["segments"] = [asdict(one) | {"cells": sorted(map(list, one.cells))} for one in scoring.segments.segments]
    return told


def _scoring_read(data: Mapping[str, Any]) -> RfmSettings:
    cuts = {name: tuple(map(float, data[name])) for name in CUTS if data.get(name)}
    table = SEGMENTS
    if data.get("segments"):
        rows = (one | {"cells": frozenset((int(r), int(f)) for r, f in one["cells"])} for one in data["segments"])
        table = SegmentTable(tuple(Segment(**row) for row in rows))
    f_rule = data.get("f_rule", "repeat")
    if f_rule not in {"repeat", "quintiles"}:
        raise ValueError("no such rule of scoring")
    return RfmSettings(cast(Any, f_rule), **cuts, segments=table)
