"""How the customers of the sample company behave: who they are, when they buy, what they feel, what lies in their baskets.

Purchases follow BG/NBD (Fader, Hardie & Lee 2005) exactly: a first order on the day a customer is won, then orders at rate λ in a time
that runs faster in the season, and after each repeat order a coin with p to leave. Satisfaction only moves the coin from order to order:
its factor has mean 1 and is independent between orders, so that p stays what it is on average.

Times are days since FIRST_DAY as floats. `RandomState` is used since numpy keeps its streams the same in all later versions.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.random import RandomState

from data import shop

COUNT_DAYS = (shop.LAST_DAY_OF_TRUTH - shop.FIRST_DAY).days + 1
COUNT_DAYS_EXPORTED = (shop.LAST_DAY - shop.FIRST_DAY).days + 1
LINES_MOST = 6


def season() -> np.ndarray:
    """Intensity of buying on each day, mean 1 (shape: COUNT_DAYS)."""
    days = [shop.FIRST_DAY + timedelta(days=offset) for offset in range(COUNT_DAYS)]
    return np.array([_intensity(day) for day in days]) / np.mean([_intensity(day) for day in days])


def _intensity(day: date) -> float:
    day_of_year = day.timetuple().tm_yday
    wave = 1 + shop.SEASON_AMPLITUDE * np.cos(2 * np.pi * (day_of_year - shop.SEASON_PEAK_DAY) / 365.25)
    gifts = shop.GIFT_FACTOR if shop.GIFT_DAYS[0] <= day_of_year <= shop.GIFT_DAYS[1] else 1.0
    return float(wave * gifts * shop.WEEKDAY_FACTORS[day.weekday()])


class Clock:
    """Calendar time and the time in which rates are constant, each as a function of the other."""

    def __init__(self) -> None:
        self._calendar = np.arange(COUNT_DAYS + 1, dtype=float)
        self._even = np.concatenate([[0.0], np.cumsum(season())])

    def even(self, calendar: np.ndarray | float) -> np.ndarray:
        return np.interp(calendar, self._calendar, self._even)

    def calendar(self, even: np.ndarray) -> np.ndarray:
        return np.interp(even, self._even, self._calendar)


def people(random: RandomState) -> pd.DataFrame:
    """One row a customer: how won, plan, λ (a day), p, mean order value, share of orders in store, and when won (`first_at`, even time).

    Customers are won all the time, a little more each year.
    """
    count = shop.COUNT_CUSTOMERS
    channel = random.choice(len(shop.CHANNELS), count, p=[one.share for one in shop.CHANNELS])
    plan = random.choice(len(shop.PLANS), count, p=[one.share for one in shop.PLANS])
    r, alpha, a, b, in_store = (_of(shop.CHANNELS, name)[channel] for name in ("r", "alpha", "a", "b", "in_store"))
    q, gamma = (_of(shop.PLANS, name)[plan] for name in ("q", "gamma"))
    return pd.DataFrame(
        {
            "channel": channel,
            "plan": plan,
            "rate": random.gamma(r, 1 / (7 * alpha)),
            "leaving": random.beta(a, b),
            "value_rate": random.gamma(q, 1 / gamma),
            "in_store": in_store,
            "first_at": np.sort(random.uniform(size=count) ** 0.85) * Clock().even(COUNT_DAYS_EXPORTED) * 0.9995,
        }
    )


def _of(groups: tuple[shop.Channel, ...] | tuple[shop.Plan, ...], name: str) -> np.ndarray:
    return np.array([getattr(one, name) for one in groups])


def purchases(random: RandomState, customers: pd.DataFrame) -> pd.DataFrame:
    """All orders of the customers until the end of the truth, one row an order, in order of time.

    Columns: customer (row of `customers`), at (calendar days), is_in_store, is_late, satisfaction, is_last (the customer left after it).
    """
    clock = Clock()
    rounds: list[pd.DataFrame] = []
    who, at = np.arange(len(customers)), customers["first_at"].to_numpy()
    while who.size:
        orders = _experience(random, customers, who)
        chance = customers["leaving"].to_numpy()[who] * _leaving_factor(orders)
        orders["is_last"] = (random.uniform(size=who.size) < np.minimum(chance, shop.HIGHEST_CHANCE_TO_LEAVE)) & bool(rounds)
        orders["at"] = clock.calendar(at)
        rounds.append(orders)
        after = at + random.exponential(size=who.size) / customers["rate"].to_numpy()[who]
        stays = ~orders["is_last"].to_numpy() & (after < clock.even(COUNT_DAYS))
        who, at = who[stays], after[stays]
    return pd.concat(rounds).sort_values(["at", "customer"], kind="stable", ignore_index=True)


def _experience(random: RandomState, customers: pd.DataFrame, who: np.ndarray) -> pd.DataFrame:
    in_store = random.uniform(size=who.size) < customers["in_store"].to_numpy()[who]
    late = ~in_store & (random.uniform(size=who.size) < shop.LATE_SHARE)
    satisfaction = random.standard_normal(who.size) - shop.LATE_COST * late
    return pd.DataFrame({"customer": who, "is_in_store": in_store, "is_late": late, "satisfaction": satisfaction})


def _leaving_factor(orders: pd.DataFrame) -> np.ndarray:
    """exp(−effect · satisfaction) over its mean, which is that of a normal and, for deliveries, of the late share."""
    effect = shop.SATISFACTION_EFFECT
    mean_in_store = np.exp(effect**2 / 2)
    mean_delivered = mean_in_store * (1 - shop.LATE_SHARE + shop.LATE_SHARE * np.exp(effect * shop.LATE_COST))
    return np.exp(-effect * orders["satisfaction"].to_numpy()) / np.where(orders["is_in_store"], mean_in_store, mean_delivered)


def baskets(random: RandomState, customers: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """The lines of the orders: order (row of `orders`), product (row of PRODUCTS), quantity, list_price, price, unit_cost.

    The value aimed at is Gamma-Gamma by plan (`value_rate` is its ν) and split over the lines; whole numbers of packs make it approximate.
    """
    count_lines = np.minimum(1 + random.poisson(1.1, len(orders)), LINES_MOST)
    lines = pd.DataFrame({"order": np.repeat(np.arange(len(orders)), count_lines)})
    lines["product"] = _choose(random, customers, orders["customer"].to_numpy()[lines["order"]])
    weight = random.gamma(3.0, size=len(lines))
    buyers = customers.iloc[orders["customer"]]
    aim = random.gamma(_of(shop.PLANS, "p")[buyers["plan"]]) / buyers["value_rate"].to_numpy()
    order = lines["order"].to_numpy()
    lines["aim"] = aim[order] * weight / np.bincount(order, weights=weight)[order]
    lines = lines.drop_duplicates(["order", "product"], ignore_index=True)
    return _priced(random, customers, orders, lines)


def _choose(random: RandomState, customers: pd.DataFrame, buyer: np.ndarray) -> np.ndarray:
    """A product for each line: a category by the buyer's own taste, then a product by its popularity in the category."""
    taste = np.cumsum(random.dirichlet(list(shop.CATEGORY_TASTE.values()), len(customers)), axis=1)
    category = (random.uniform(size=len(buyer))[:, None] > taste[buyer][:, :-1]).sum(axis=1)
    chosen, draw = np.empty(len(buyer), dtype=int), random.uniform(size=len(buyer))
    for number, name in enumerate(shop.CATEGORY_TASTE):
        rows = [row for row, product in enumerate(shop.PRODUCTS) if product[1] == name]
        popularity = np.cumsum([shop.PRODUCTS[row][4] for row in rows])
        here = category == number
        chosen[here] = np.array(rows)[np.searchsorted(popularity / popularity[-1], draw[here])]
    return chosen


def _priced(random: RandomState, customers: pd.DataFrame, orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Prices rise with the year, to full ten cents; members and promotions pay less, to full cents."""
    day = orders["at"].to_numpy()[lines["order"]].astype(int)
    moment = pd.to_datetime(shop.FIRST_DAY) + pd.to_timedelta(day, unit="D")
    rise = (1 + shop.PRICE_RISE_A_YEAR) ** (moment.year.to_numpy() - shop.FIRST_DAY.year)
    base_price, base_cost = (np.array([one[place] for one in shop.PRODUCTS])[lines["product"]] for place in (2, 3))
    list_price = np.round(base_price * rise, 1)
    member = _of(shop.PLANS, "discount")[customers["plan"].to_numpy()[orders["customer"]]][lines["order"]]
    promotion = np.array([shop.PROMOTION_MONTHS.get(month, 0.0) for month in range(13)])[moment.month]
    takes = random.uniform(size=len(lines)) < shop.PROMOTION_UPTAKE
    price = np.round(list_price * (1 - np.maximum(member, promotion * takes)), 2)
    quantity = np.maximum(1, np.round(lines["aim"].to_numpy() / price)).astype(int)
    return lines.drop(columns="aim").assign(quantity=quantity, list_price=list_price, price=price, unit_cost=np.round(base_cost * rise, 2))


def alive(orders: pd.DataFrame, count_customers: int, day: int) -> np.ndarray:
    """Whether each customer has not left before `day` (days since FIRST_DAY)."""
    left = orders.loc[orders["is_last"] & (orders["at"] < day), "customer"]
    return ~np.isin(np.arange(count_customers), left.to_numpy())
