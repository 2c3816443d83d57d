"""Contacts of the sample company: whom it wrote to or called, when, and what became of it. They change nobody's purchases.

Newsletters and campaigns go to customers with consent until they opt out; who ordered lately opens more. Some of those without consent today had
it until a newsletter that they opted out of; a few opted out and the shop's list of customers never heard of it.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.random import RandomState

from data import shop

COLUMNS = ["contact_id", "customer_id", "contacted_at", "channel", "campaign", "outcome", "cost_amount"]
#: Mails and messages go out in lots, a minute each.
LOT = 200


def table(random: RandomState, customers: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """One row a contact, in the order of time: `customers` and `orders` are the files of the export."""
    done = orders[(orders["status"] == "completed") & orders["customer_id"].notna() & orders["ordered_at"].notna()]
    people = _people(random, customers, done)
    sent = _outcomes(random, _sends(random, people, done), people)
    parts = [sent, _cards(random, people, done), _calls(random, people)]
    rows = pd.concat(parts).sort_values(["contacted_at", "customer_id"], ignore_index=True)
    rows["contact_id"] = [f"K{number}" for number in range(100_001, 100_001 + len(rows))]
    return rows[COLUMNS]


def _people(random: RandomState, customers: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Customers with what decides on contacts: has_consent, reads (the newsletter), is_dead (the address), leaves (opts out later), won_at."""
    count, has_consent = len(customers), customers["consent"].eq("yes").to_numpy()
    return pd.DataFrame(
        {
            "customer_id": customers["customer_id"],
            "plan": customers["plan"],
            "has_email": customers["email"].notna(),
            "has_consent": has_consent,
            "reads": random.uniform(size=count) < shop.CONTACTS["readers"],
            "is_dead": random.uniform(size=count) < shop.CONTACTS["dead_addresses"],
            "leaves": ~has_consent & (random.uniform(size=count) < shop.CONTACTS["left_of_those_without_consent"]),
            "won_at": customers["customer_id"].map(orders.groupby("customer_id")["ordered_at"].min()),
        }
    )


def _sends(random: RandomState, people: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Every message meant to go out, with `idle_days` since the last order before it, in the order of time."""
    parts = [_to(random, people, orders, *mailing) for mailing in sorted(_mailings(), key=lambda one: one[1])]
    return pd.concat(parts, ignore_index=True)


def _mailings() -> list[tuple[str, pd.Timestamp, str, str]]:
    """(campaign, moment, channel, to whom)."""
    first = pd.Timestamp(shop.FIRST_NEWSLETTER)
    months = pd.date_range(first, pd.Timestamp(shop.LAST_DAY), freq="MS")
    letters = [
        (f"Tea letter {month:%Y-%m}", month + pd.offsets.Week(weekday=1) + pd.Timedelta(hours=9), "email", "readers") for month in months
    ]
    return letters + [(name, _at(day, 10), channel, whom) for name, day, channel, whom in shop.CAMPAIGNS]


def _to(
    random: RandomState, people: pd.DataFrame, orders: pd.DataFrame, campaign: str, moment: pd.Timestamp, channel: str, whom: str
) -> pd.DataFrame:
    last = orders[orders["ordered_at"] < moment].groupby("customer_id")["ordered_at"].max()
    idle_days = (moment - people["customer_id"].map(last)).dt.days
    chosen = {
        "readers": people["reads"],
        "sleeping": idle_days.between(120, 500),
        "lost": idle_days > 240,
        "buyers": idle_days < 365,
        "members": people["plan"].ne("Free") & (idle_days < 365),
    }[whom]
    is_meant = chosen & (people["won_at"] < moment) & (people["has_consent"] | (people["leaves"] & people["reads"]))
    if channel == "email":
        is_meant &= people["has_email"]
    rows = people.loc[is_meant, ["customer_id"]].assign(idle_days=idle_days[is_meant], person=people.index[is_meant])
    rows = rows.iloc[random.permutation(len(rows))]
    return rows.assign(
        contacted_at=moment + pd.to_timedelta(np.arange(len(rows)) // LOT, unit="m"),
        channel=channel,
        campaign=campaign,
        cost_amount=shop.CONTACT_COSTS[channel],
    )


def _outcomes(random: RandomState, sends: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """The messages that did go out: none after somebody opted out or an address proved dead twice."""
    lately = np.exp(-sends["idle_days"].to_numpy() / 90)
    draw, depth = random.uniform(size=len(sends)), random.uniform(size=len(sends))
    is_email = sends["channel"].eq("email").to_numpy()
    is_opened = is_email & (draw < shop.CONTACTS["opened"] + shop.CONTACTS["opened_lately"] * lately)
    is_clicked = is_opened & (depth < shop.CONTACTS["clicked_of_opened"] + shop.CONTACTS["clicked_lately"] * lately)
    outcome = np.select([is_clicked, is_opened], ["clicked", "opened"], "delivered").astype(object)
    leaves = people["leaves"].to_numpy()[sends["person"]]
    leaving = np.where(leaves, shop.CONTACTS["opted_out_of_leavers"], shop.CONTACTS["opted_out"])
    outcome[random.uniform(size=len(sends)) < leaving] = "opted_out"
    is_dead = is_email & people["is_dead"].to_numpy()[sends["person"]]
    outcome[is_dead | (random.uniform(size=len(sends)) < shop.CONTACTS["bounced"])] = "bounced"
    rows = sends.assign(outcome=outcome)
    return rows[~_is_over(rows)]


def _is_over(rows: pd.DataFrame) -> pd.Series:
    """Had the customer opted out before, or his address been dead twice?"""
    before = {}
    for outcome in ("opted_out", "bounced"):
        happened = rows["outcome"].eq(outcome).astype(int)
        before[outcome] = happened.groupby(rows["customer_id"]).cumsum() - happened
    return (before["opted_out"] > 0) | (before["bounced"] > 1)


def _cards(random: RandomState, people: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Christmas cards by post to those who ordered most often in the year before."""
    name, day, count = shop.CARDS
    moment = _at(day, 8)
    recent = orders[(orders["ordered_at"] < moment) & (orders["ordered_at"] >= moment - pd.Timedelta(days=365))]
    often = recent.groupby("customer_id").size().reset_index(name="orders").sort_values(["orders", "customer_id"], ascending=[False, True])
    known = often[often["customer_id"].isin(people.loc[people["has_consent"], "customer_id"])].head(count)
    returned = random.uniform(size=len(known)) < shop.CONTACTS["cards_returned"]
    return pd.DataFrame(
        {
            "customer_id": known["customer_id"],
            "contacted_at": moment,
            "channel": "post",
            "campaign": name,
            "outcome": np.where(returned, "bounced", "delivered"),
            "cost_amount": shop.CONTACT_COSTS["post"],
        }
    )


def _calls(random: RandomState, people: pd.DataFrame) -> pd.DataFrame:
    """Calls of the sales reps to offices, on working days; nobody is called again who asked not to be."""
    offices = people[people["plan"].eq("Office") & people["has_consent"]]
    first, last = pd.Timestamp(shop.FIRST_NEWSLETTER), pd.Timestamp(shop.LAST_DAY)
    days = pd.bdate_range(first, last)
    who = np.repeat(offices.index.to_numpy(), random.poisson(shop.CONTACTS["calls_an_office"], len(offices)))
    at = days[random.randint(0, len(days), len(who))] + pd.to_timedelta(random.randint(9 * 60, 17 * 60, len(who)), unit="m")
    rows = pd.DataFrame({"customer_id": people["customer_id"].to_numpy()[who], "contacted_at": at})
    rows["won_at"] = people["won_at"].to_numpy()[who]
    rows = rows[rows["won_at"] < rows["contacted_at"]].sort_values(["contacted_at", "customer_id"], ignore_index=True)
    words, chances = zip(*shop.CALL_OUTCOMES.items(), strict=True)
    rows["outcome"] = random.choice(words, len(rows), p=chances)
    rows = rows[~_is_over(rows)]
    return rows.assign(channel="phone", campaign="Account call", cost_amount=shop.CONTACT_COSTS["phone"]).drop(columns="won_at")


def _at(day: date, hour: int) -> pd.Timestamp:
    return pd.Timestamp(day) + pd.Timedelta(hours=hour)
