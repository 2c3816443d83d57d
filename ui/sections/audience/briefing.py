"""The one-page brief of an export: who, why, how many, what to expect, the rules applied, and how it will be judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from crm_core.access import Action
from crm_core.analytics.audience.picture import averages
from crm_core.analytics.audience.respect import Rules, rules
from crm_core.analytics.audience.words import spoken
from crm_core.analytics.campaign.sizes import LEAST_BUYERS, LEAST_CONTROLS
from crm_core.export.brief import Brief, Groups, to_html, to_pdf
from crm_core.store.saved.campaigns import expected_of, planned
from crm_core.store.saved.exports import Export
from ui import cache
from ui.numbers import amount, count, share
from ui.sections.audience import asked, portrait
from ui.sections.audience.keeping import person

if TYPE_CHECKING:
    import pandas as pd

    from ui.sections.audience.asked import Asked

NO_ANSWER = "Contact rules are on; this data cannot answer any of them"
MOST_PROFILE = 6
NO_PROFIT = "No profit can be told: it takes an order value and a margin, from the data's costs or given."
SHARES, MEANS = ("field", "value", "audience_share", "all_share"), ("figure", "audience", "all")


def html(one: Asked, made: Export) -> bytes:
    """The brief for a browser. Raises AccessError."""
    one.view.user.require(Action.SEE_FIGURES)
    return to_html(brief(one, made))


def pdf(one: Asked, made: Export) -> bytes:
    """The brief for a printer. Raises AccessError."""
    one.view.user.require(Action.SEE_FIGURES)
    return to_pdf(brief(one, made))


def brief(one: Asked, made: Export) -> Brief:
    """What is told of the export: its counts, rules and plan as they were kept; value and profile by the data of now, on the day of the export."""
    from ui.sections.audience.taking import command

    note = one.saved.note if one.saved else ""
    one = asked.as_exported(one, made)
    expected, caveats = _expected(one, made)
    return Brief(
        title=made.name,
        day=made.exported_at.date(),
        data_name=one.view.name,
        as_of=made.as_of,
        prepared_by=person(made.exported_by),
        who=(f"{one.sentence}.",),
        why=tuple(line.strip() for line in note.splitlines() if line.strip()),
        how_many=_how_many(one, made),
        expect=expected,
        caveats=caveats,
        rules=_rules(one, made),
        groups=Groups(made.n_treatment, made.n_control, made.seed or 0, made.ends_on, "segment"),
        judged=_judged(made),
        command=command(one),
        profile=_profile(one),
    )


def _how_many(one: Asked, made: Export) -> tuple[tuple[str, str], ...]:
    picture, currency = one.picture, one.view.ws.currency
    found = [("Customers to address", count(made.n_treatment)), ("Control group", count(made.n_control))]
    if picture.customers:
        found.append(("Meet the conditions", f"{count(picture.customers)} ({share(picture.customer_share)})"))
        found.append(("Their net sales", amount(picture.net_sales, currency)))
    if picture.sales_share is not None:
        found.append(("Share of net sales", share(picture.sales_share)))
    return tuple(found)


def _expected(one: Asked, made: Export) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """What was expected at export; responses only where no margin or order value is known to reckon with; nothing where it was not said."""
    found, currency = expected_of(made), one.view.ws.currency
    if found is None:
        plan = planned(made)
        responses = f"{count(round(made.n_treatment * plan.expectation.response))} ({share(plan.expectation.response)})"
        return ((("Responses expected", responses),), (NO_PROFIT,)) if plan.is_told else ((), ())
    told = [
        ("Responses expected", f"{count(round(found.responses))} ({share(found.plan.response)})"),
        ("of them because of the campaign", count(round(found.incremental_responses))),
        ("Expected profit", amount(found.order.profit, currency)),
    ]
    if found.order.break_even is not None:
        told.insert(2, ("Break-even: further responses", share(found.order.break_even)))
    if found.order.room_share is not None:
        told.append(("Discount room on the order", share(found.order.room_share)))
    return tuple(told), found.caveats


def _rules(one: Asked, made: Export) -> tuple[tuple[str, int], ...]:
    """In their order, also those that left out nobody; not those that the data cannot be asked."""
    if made.rules is None:
        return ()
    sentences = {rule.name: rule.sentence for rule in rules(one.view.ws, Rules.from_dict(made.rules)) if not rule.missing}
    asked_of = {name: made.left_out.get(name, 0) for name in sentences} | dict(made.left_out)
    return tuple((sentences.get(name, name), number) for name, number in asked_of.items()) or ((NO_ANSWER, 0),)


def _judged(made: Export) -> tuple[str, ...]:
    if not made.n_control:
        return ("Without a control group nobody can tell what would have happened without the campaign.",)
    return (
        f"By what all customers of both groups buy from {spoken(made.starts_on)} to {spoken(made.ends_on - timedelta(days=1))}, reached or not.",
        f"A verdict takes {LEAST_CONTROLS} controls and {LEAST_BUYERS} buyers among them; looks before the end give none.",
    )


def _profile(one: Asked) -> tuple[tuple[str, str, str], ...]:
    """What sets the audience apart, and averages."""
    told = cache.made(one.view, portrait.apart, one.condition, one.basis).head(MOST_PROFILE)
    means = cache.answer(one.view, averages, one.condition, one.basis).dropna()
    shares = ((f"{field}: {value}", share(ours), share(all_)) for field, value, ours, all_ in _rows(told, SHARES))
    return (*shares, *((str(figure), f"{ours:,.1f}", f"{all_:,.1f}") for figure, ours, all_ in _rows(means, MEANS)))


def _rows(frame: pd.DataFrame, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    return zip(*(frame[column] for column in columns), strict=True)
