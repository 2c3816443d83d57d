"""The command `outcome`: whether a campaign worked, by the export that the dashboard keeps and the orders that came after it."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

from crm_core.cli.inputs import WORKSPACE_PREFIX, is_kept, store, workspace
from crm_core.cli.outputs import print_record
from crm_core.errors import CrmError

if TYPE_CHECKING:
    import pandas as pd

    from crm_core.analytics.campaign.outcome import Group, Outcome
    from crm_core.store.saved.exports import Export
    from crm_core.store.saved.opening import Saved

DIFFERENCES = ("response", "sales", "margin")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes beside sources and outputs."""
    parser.add_argument(
        "--campaign", required=True, metavar="NAME_OR_ID", help="an export that the dashboard keeps of workspace:NAME, by its name or id"
    )


def outcome(options: argparse.Namespace) -> None:
    from crm_core.analytics.campaign.outcome import outcome as judge
    from crm_core.analytics.campaign.presence import count_gone
    from crm_core.analytics.campaign.weeks import weekly
    from crm_core.store.home import find_home
    from crm_core.store.saved.campaigns import campaign_of
    from crm_core.store.saved.opening import open_saved

    if not is_kept(options.sources):
        raise CrmError(
            "No campaigns of these sources are kept", "This needs workspace:NAME as the source.", "Name a workspace of the dashboard."
        )
    with open_saved(find_home()) as saved:
        made = _named(saved, options)
        members = saved.exports.members(made.id)
    with workspace(options) as ws:
        campaign, as_of = campaign_of(made), options.as_of or ws.as_of
        found = judge(ws, members, campaign, as_of)
        told = {"campaign": _campaign(made), "gone": count_gone(ws, members), **_told(found)}
        told |= {"segments": _rows(found.strata), "weeks": _rows(weekly(ws, members, campaign, as_of))}
    print_record(_plain(told), options.out)


def _named(saved: Saved, options: argparse.Namespace) -> Export:
    """The export of that id, else of that name. Raises CrmError where there is none, or more than one of the name."""
    entry = store().find(options.sources[0].removeprefix(WORKSPACE_PREFIX))
    known, wanted = saved.exports.all(entry.id), options.campaign.strip()
    found = [one for one in known if one.id == wanted] or [one for one in known if one.name.casefold() == wanted.casefold()]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"“{one.name}” of {one.exported_at:%Y-%m-%d %H:%M} UTC ({one.id})" for one in found or known) or "none"
    if found:
        raise CrmError(
            "More than one campaign has this name",
            f"“{wanted}” was exported {len(found)} times: {listed}.",
            "Give the id of one: --campaign=ID.",
        )
    raise CrmError("There is no such campaign", f"“{entry.name}” has none named “{wanted}”.", f"Exported were: {listed}.")


def _campaign(made: Export) -> dict[str, Any]:
    """Which export, and what was fixed with it; `end` is the day after the last."""
    return {
        "id": made.id,
        "name": made.name,
        "version": made.version,
        "exported_at": made.exported_at,
        "start": made.starts_on,
        "end": made.ends_on,
        "is_random": made.is_random,
        "seed": made.seed,
        "treatment": made.n_treatment,
        "control": made.n_control,
        "erased": made.n_erased,
        "plan": made.plan,
    }


def _told(found: Outcome) -> dict[str, Any]:
    """Verdict, groups, differences with intervals and p, and profit; what is not known is null."""
    p = {"response": found.p_response, "sales": found.p_sales, "margin": found.p_margin}
    apart = {name: getattr(found, name) for name in DIFFERENCES}
    return {
        "until": found.until,
        "verdict": found.verdict,
        "reason": found.reason,
        "measure": found.measure,
        "treatment": _group(found.treatment),
        "control": _group(found.control) if found.control else None,
        "differences": {name: asdict(one) | {"p": p[name]} if one else None for name, one in apart.items()},
        "profit": asdict(found.profit) if found.profit else None,
        "margin_not_known": found.why_no_margin or None,
    }


def _group(group: Group) -> dict[str, Any]:
    return {"customers": group.n, "buyers": group.buyers, "response": group.response, "sales": group.sales, "margin": group.margin}


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    """The answer with null for every number that is missing, which JSON cannot write otherwise."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value
