"""The answer of each page in a sentence, computed, with the number it rests on and its period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.frame import day
from ui.numbers import amount, count, count_customers, count_of, share

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from crm_core.analytics.clusters import Clusters
    from crm_core.analytics.clv.report import Headline
    from crm_core.analytics.overview import Sales
    from crm_core.analytics.pareto import ParetoSummary

#: Fewer customers than this are called uncertain.
FEW = 30


def overview(found: Sales, currency: str) -> str:
    """Net sales of the period, and how they stand against the period before."""
    sales, customers = found.figure("net_sales"), found.figure("customers")
    first, last = day(found.period.start), day(found.period.last_day)
    period = f"on {first}" if first == last else f"between {first} and {last}"
    text = f"{amount(sales.value, currency)} of net sales and {count_customers(customers.value or 0)} {period}"
    if sales.change is None:
        return f"{text}."
    direction = "more" if sales.change >= 0 else "less"
    return f"{text}, {share(abs(sales.change))} {direction} than in the period before ({amount(sales.previous, currency)})."


def segments(frame: pd.DataFrame, currency: str, as_of: date) -> str:
    """The most valuable segment, and the largest one."""
    customers = int(frame["customers"].sum())
    if not customers:
        return "No customers to show with these filters."
    best, largest = (frame.iloc[int(frame[column].argmax())] for column in ("net_sales", "customers"))
    sales = share(best["sales_share"]) if best["sales_share"] == best["sales_share"] else amount(best["net_sales"], currency)
    text = (
        f"{best['segment']} are {share(best['customer_share'])} of the {count_customers(customers)}"
        f" who bought before {day(as_of)} and bring {sales} of net sales"
    )
    if largest["segment"] == best["segment"]:
        return f"{text}; they are also the largest segment."
    if largest["customers"] == best["customers"]:
        return f"{text}; no segment has more customers."
    return f"{text}; the largest segment is {largest['segment']} with {count_customers(largest['customers'])}."


def few(customers: int) -> str:
    """The caveat of a small number, or nothing."""
    return f"Only {count_customers(customers)}: read the shares as uncertain." if 0 < customers < FEW else ""


def against(earlier: date, first_day: date, as_of: date, how: str = "") -> str:
    """The day that changes are against; and how short the data was then, where more has come since: such changes are mostly its growth."""
    text, days = f"Changes are against {day(earlier)}{how}", (earlier - first_day).days
    return f"{text}; the data had run for only {count_of(days, 'day')} then." if days < (as_of - earlier).days else f"{text}."


def clusters(found: Clusters) -> str:
    """How many groups, and the most valuable one in words."""
    customers = int(found.profile["customers"].sum())
    if not customers:
        return "No customers to show with these filters."
    best = found.profile.iloc[int(found.profile["net_sales"].argmax())]
    text = f"{count_customers(customers)} {'falls' if customers == 1 else 'fall'} into {found.count} groups by behaviour"
    sales = f" and brings {share(best['sales_share'])} of net sales" if best["sales_share"] == best["sales_share"] else ""
    return f"{text}; the most valuable one ({best['name']}) holds {share(best['customer_share'])} of them{sales}."


def key_customers(found: ParetoSummary, label: str, as_of: date, currency: str) -> str:
    """The top-20 share and the vital few, or why they are undefined."""
    when = f"of the 12 months from {day(as_of)}" if found.value == "clv" else f"before {day(as_of)}"
    total = f"the {amount(found.total, currency)} of {label.lower()} {when}"
    if found.top20_share is None:
        bring = "brings" if found.customers == 1 else "bring"
        return f"The {count_customers(found.customers)} {bring} {total}: with a total of zero or less, shares are undefined."
    return (
        f"The best 20 % of {count_customers(found.customers)} hold {share(found.top20_share)} of {total};"
        f" 80 % of it comes from {count_customers(found.vital_few_customers or 0)} ({share(found.vital_few_share)})."
    )


def below_zero(found: ParetoSummary, currency: str) -> str:
    """The caveats of the curve: few customers, customers below zero, and shares on positive value where the peak is high."""
    sentences = [few(found.customers)]
    if found.customers_below_zero:
        are, lose = ("is", "loses") if found.customers_below_zero == 1 else ("are", "lose")
        lost = f"{count_customers(found.customers_below_zero)} {are} below zero and {lose} {amount(-found.value_below_zero, currency)}"
        peak = f"; before them the curve reaches {share(found.peak_share)}" if found.peak_share is not None else ""
        sentences.append(f"{lost}{peak}.")
    if found.positive is not None:
        best, vital = share(found.positive.top20_share), share(found.positive.vital_few_share)
        sentences.append(f"On positive value alone the best 20 % hold {best}, and 80 % come from {vital} of customers.")
    return " ".join(sentence for sentence in sentences if sentence)


def customer_value(found: Headline, months: int, currency: str) -> str:
    """What today's customers are expected to bring, how many are probably active, and how much the best 20 % hold."""
    if not found.customers:
        return "No customers to show with these filters."
    who = "The one customer of today" if found.customers == 1 else f"Today’s {count_customers(found.customers)}"
    what = "of sales" if found.margin == 1 else f"of profit at a margin of {share(found.margin)}"
    verb, sign = ("bring", 1) if found.margin >= 0 else ("cost", -1)
    what = what if found.margin >= 0 else f"at a margin of {share(found.margin)}"
    low, high = sorted((sign * found.low, sign * found.high))
    bounds = f"90 % interval {amount(low, currency)} to {amount(high)}"
    text = f"{who} will {verb} about {amount(sign * found.value, currency)} {what} in the next {count_of(months, 'month')} ({bounds})"
    if found.active is not None:
        text += f"; about {count(found.active)} of them are probably still active"
    if found.best_share is not None and found.customers > 1:
        text += (
            f", and the best 20 % hold {share(found.best_share)} of it"
            if found.active is not None
            else f"; the best 20 % hold {share(found.best_share)} of it"
        )
    return f"{text}."


def forecast_caveats(found: Headline, months: int) -> str:
    """Which model speaks and why, and what limits what it says."""
    sentences = [few(found.customers), found.reason, *found.notes]
    if found.active is None:
        sentences.append("Who is still active is not provided.")
    if found.is_extrapolated:
        sentences.append(
            f"Extrapolated: the horizon of {count_of(months, 'month')} is longer than the {count_of(found.observed_days, 'day')} of data."
        )
    if found.correlation is not None and found.correlation_verdict != "assumption holds":
        sentences.append(
            f"Customers who buy more often also spend {'more' if found.correlation > 0 else 'less'} a purchase (correlation {found.correlation:.2f}:"
            f" {found.correlation_verdict}); the model takes the two to be independent."
        )
    if found.lost_share >= 0.001:
        sentences.append(f"{share(found.lost_share)} is taken off for what comes back later, as in the last 12 months.")
    return " ".join(filter(None, sentences))
