"""Cases and survey answers of the sample company: what follows an order that pleased or did not."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.random import RandomState

from data import shop

PRIORITIES = tuple(shop.SLA_HOURS)
ANSWER = ["customer_id", "order_id", "responded_at", "measure", "score", "scale_min", "scale_max", "touchpoint", "comment"]


def tables(random: RandomState, orders: pd.DataFrame, ids: np.ndarray, end: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(cases, surveys) of the completed orders, as they stood when `end` came; guests have neither."""
    orders = orders[orders["customer"] >= 0]
    orders = orders.assign(customer_id=ids[orders["customer"]], received_at=orders["delivered_on"].fillna(orders["ordered_at"]))
    cases = _cases(random, orders)
    cases = cases[cases["opened_at"] < end].sort_values("opened_at", ignore_index=True)
    cases["case_id"] = [f"T{number}" for number in range(5001, 5001 + len(cases))]
    later = RandomState(shop.SEED + 1)  # a stream of its own: what was made before it stays as it was
    surveys = pd.concat([_nps(random, orders), _csat(random, cases), _ces(later, cases), _attitude(later, orders)])
    surveys = surveys[surveys["responded_at"] < end].sort_values(["responded_at", "order_id"], ignore_index=True)
    surveys.insert(0, "response_id", [f"R{number}" for number in range(1, len(surveys) + 1)])
    odd = np.sort(random.choice(surveys.index[surveys["measure"] == "nps"], shop.MESS["surveys_score_off_scale"], replace=False))
    surveys.loc[odd, "score"] = 99
    return _as_known(cases, end), surveys


def _cases(random: RandomState, orders: pd.DataFrame) -> pd.DataFrame:
    odds = shop.CASE_SHARE_AT_MEAN / (1 - shop.CASE_SHARE_AT_MEAN) * np.exp(-shop.CASE_SLOPE * orders["satisfaction"])
    orders = orders[random.uniform(size=len(orders)) < odds / (1 + odds)]
    count = len(orders)
    priority = random.choice(PRIORITIES, count, p=[0.06, 0.22, 0.5, 0.22])
    agreed = np.array([shop.SLA_HOURS[one] for one in priority], dtype=float)
    opened_at = orders["received_at"] + _hours(random.gamma(2.0, 14.0, count))
    response = agreed * random.lognormal(-1.9, 0.7, count)
    resolution = response + agreed * random.lognormal(-0.75, 0.8, count)
    is_late = resolution > agreed
    topic = np.where(orders["is_late"] & (random.uniform(size=count) < 0.7), shop.LATE_TOPIC, random.choice(shop.CASE_TOPICS, count))
    channel = random.choice(shop.CASE_CHANNELS, count, p=[0.45, 0.25, 0.22, 0.08])
    reach = np.where(channel == "Social media", np.round(random.lognormal(5.5, 1.3, count)), np.nan)
    return pd.DataFrame(
        {
            "customer_id": orders["customer_id"],
            "order_id": orders["order_id"],
            "opened_at": opened_at,
            "first_response_at": opened_at + _hours(response),
            "resolved_at": (opened_at + _hours(resolution)).where(random.uniform(size=count) > 0.015),
            "due_at": opened_at + _hours(agreed),
            "channel": channel,
            "topic": topic,
            "priority": priority,
            "count_contacts": 1 + random.poisson(0.5 + 0.7 * is_late),
            "count_reopened": random.poisson(0.06 + 0.1 * is_late),
            "is_escalated": np.where(random.uniform(size=count) < 0.03 + 0.1 * is_late, "yes", "no"),
            "public_reach": reach,
            "satisfaction": orders["satisfaction"],
        }
    )


def _as_known(cases: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """The cases without what is still to come, with their status, in the order of an export."""
    resolved_at = cases["resolved_at"].where(cases["resolved_at"] < end)
    known = cases.assign(
        first_response_at=cases["first_response_at"].where(cases["first_response_at"] < end),
        resolved_at=resolved_at,
        status=np.where(resolved_at.notna(), "closed", "open"),
        public_reach=cases["public_reach"].astype("Int64"),
    )
    about, times = ("case_id", "customer_id", "order_id"), ("opened_at", "first_response_at", "resolved_at", "due_at")
    kinds, counts = ("channel", "topic", "priority", "status"), ("count_contacts", "count_reopened", "is_escalated", "public_reach")
    return known[[*about, *times, *kinds, *counts]]


def _nps(random: RandomState, orders: pd.DataFrame) -> pd.DataFrame:
    orders = orders[random.uniform(size=len(orders)) < shop.NPS_ANSWERED_SHARE]
    noise = shop.NPS_NOISE * random.standard_normal(len(orders))
    score = np.clip(np.round(shop.NPS_MEAN + shop.NPS_SLOPE * orders["satisfaction"] + noise), 0, 10).astype(int)
    kind = np.select([(score <= 6) & orders["is_late"], score <= 6, score <= 8], ["late", "bad", "fair"], "good")
    answered_at = orders["received_at"] + _hours(24 + random.gamma(2.0, 30.0, len(orders)))
    answers = orders.assign(
        responded_at=answered_at,
        measure="nps",
        score=score,
        scale_min=0,
        scale_max=10,
        touchpoint=np.where(orders["is_in_store"], "Store visit", "Delivery"),
        comment=_comments(random, kind),
    )
    return answers[ANSWER]


def _csat(random: RandomState, cases: pd.DataFrame) -> pd.DataFrame:
    cases = cases[cases["resolved_at"].notna() & (random.uniform(size=len(cases)) < shop.CSAT_ANSWERED_SHARE)]
    noise = shop.CSAT_NOISE * random.standard_normal(len(cases))
    cost = shop.CSAT_LATE_CASE_COST * (cases["resolved_at"] > cases["due_at"])
    score = np.clip(np.round(shop.CSAT_MEAN + shop.CSAT_SLOPE * cases["satisfaction"] - cost + noise), 1, 5).astype(int)
    kind = np.select([score <= 2, score == 3], ["bad", "fair"], "good")
    answered_at = cases["resolved_at"] + _hours(2 + random.gamma(2.0, 10.0, len(cases)))
    answers = cases.assign(
        responded_at=answered_at,
        measure="csat",
        score=score,
        scale_min=1,
        scale_max=5,
        touchpoint="Customer service",
        comment=_comments(random, kind),
    )
    return answers[ANSWER]


def _ces(random: RandomState, cases: pd.DataFrame) -> pd.DataFrame:
    cases = cases[cases["resolved_at"].notna() & (random.uniform(size=len(cases)) < shop.CES_ANSWERED_SHARE)]
    trouble = shop.CES_CONTACT_COST * (cases["count_contacts"] - 1) + shop.CES_REOPENED_COST * cases["count_reopened"]
    noise = shop.CES_NOISE * random.standard_normal(len(cases))
    score = np.clip(np.round(shop.CES_MEAN - trouble + shop.CES_SLOPE * cases["satisfaction"] + noise), 1, 7).astype(int)
    answers = cases.assign(
        responded_at=cases["resolved_at"] + _hours(1 + random.gamma(2.0, 8.0, len(cases))),
        measure="ces",
        score=score,
        scale_min=1,
        scale_max=7,
        touchpoint="Customer service",
        comment=None,
    )
    return answers[ANSWER]


def _attitude(random: RandomState, orders: pd.DataFrame) -> pd.DataFrame:
    """Of customers with an order before the day they are asked."""
    asked = orders[orders["received_at"] < pd.Timestamp(shop.ATTITUDE_DAY)].groupby("customer_id", as_index=False)["satisfaction"].mean()
    asked = asked[random.uniform(size=len(asked)) < shop.ATTITUDE_ANSWERED_SHARE]
    noise = shop.ATTITUDE_NOISE * random.standard_normal(len(asked))
    score = np.clip(np.round(shop.ATTITUDE_MEAN + shop.ATTITUDE_SLOPE * asked["satisfaction"] + noise), 1, 4).astype(int)
    answers = asked.assign(
        order_id=None,
        responded_at=pd.Timestamp(shop.ATTITUDE_DAY) + _hours(9 + random.gamma(2.0, 30.0, len(asked))),
        measure="attitude",
        score=score,
        scale_min=1,
        scale_max=4,
        touchpoint="Yearly survey",
        comment=None,
    )
    return answers[ANSWER]


def _comments(random: RandomState, kind: np.ndarray) -> np.ndarray:
    """A comment fitting each kind of answer; most leave none."""
    draw = random.randint(0, 12, len(kind))
    texts = [shop.COMMENTS[one][number % len(shop.COMMENTS[one])] for one, number in zip(kind, draw, strict=True)]
    return np.where(random.uniform(size=len(kind)) < shop.COMMENT_SHARE, texts, None)


def _hours(hours: np.ndarray) -> pd.TimedeltaIndex:
    return pd.to_timedelta(np.round(np.asarray(hours, dtype=float) * 60), unit="m")
