"""The contracts of what judges a campaign: every second customer of the company is left out of it, drawn by lot, and a quarter has no stratum."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa

from crm_core.analytics.campaign import members, outcome, presence, weeks
from crm_core.analytics.campaign.assign import assign
from crm_core.analytics.campaign.members import CONTROL, TREATMENT, Members
from crm_core.analytics.campaign.outcome import Campaign
from tests.contracts.look import Look

SEED = 5
_STRANGERS = pa.table({"customer_id": ["nobody’s id", "nobody’s other id"], "group": [TREATMENT, CONTROL], "stratum": ["of 1", None]})


def _snapshot(it: Look, share: float = 0.5) -> pa.Table:
    ids = sorted(it.ws.execute(it.ws.table("customers").customer_id.name("customer_id")))
    kinds = [sum(one.encode()) % 4 for one in ids]
    strata = [f"of {kind}" if kind else None for kind in kinds]
    groups = [CONTROL if is_control else TREATMENT for is_control in assign(ids, strata, share, SEED)]
    return pa.table({"customer_id": pa.array(ids, pa.string()), "group": groups, "stratum": pa.array(strata, pa.string())})


def _campaign(it: Look, **different: Any) -> Campaign:
    terms = {"margin": 0.4, "cost_a_contact": 0.5, "cost_a_response": 1.0, "is_random": True, "seed": SEED}
    return Campaign(start=it.start, end=it.as_of, **(terms | different))


def _members(it: Look) -> Members:
    return members.members(_snapshot(it))


CAMPAIGNS: dict[str, dict[str, Any]] = {
    "campaign.members.table_of": {"usual": lambda it: members.table_of(it.ws, _members(it))},
    "campaign.members.sold": {"usual": lambda it: members.sold(it.ws, _members(it), it.start, it.as_of)},
    "campaign.members.results": {
        "margin": lambda it: members.results(it.ws, _members(it), it.start, it.as_of, 0.4),
        "costs": lambda it: members.results(it.ws, _members(it), it.start, it.earlier, None),
    },
    "campaign.outcome.known_until": {"usual": lambda it: outcome.known_until(it.ws, _campaign(it), it.as_of)},
    "campaign.outcome.outcome": {
        "usual": lambda it: outcome.outcome(it.ws, _snapshot(it), _campaign(it), it.as_of),
        "costs": lambda it: outcome.outcome(it.ws, _snapshot(it), _campaign(it, margin=None), it.as_of),
        "interim": lambda it: outcome.outcome(it.ws, _snapshot(it), _campaign(it), it.earlier),
        "nobody_left_out": lambda it: outcome.outcome(it.ws, _snapshot(it, 0.0), _campaign(it), it.as_of),
        "early": lambda it: outcome.outcome(it.ws, _snapshot(it), _campaign(it), it.start - timedelta(days=1)),
    },
    "campaign.presence.count_gone": {
        "usual": lambda it: presence.count_gone(it.ws, _snapshot(it)),
        "strangers": lambda it: presence.count_gone(it.ws, pa.concat_tables([_snapshot(it), _STRANGERS])),
    },
    "campaign.weeks.weekly": {
        "usual": lambda it: weeks.weekly(it.ws, _snapshot(it), _campaign(it), it.as_of),
        "costs": lambda it: weeks.weekly(it.ws, _snapshot(it), _campaign(it, margin=None), it.earlier),
    },
}
