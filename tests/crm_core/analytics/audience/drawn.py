"""Random conditions of every kind on the shop of the tests, in the form that the parser gives."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from crm_core.analytics.audience import conditions as c
from tests.crm_core.analytics.audience.judge import ATTRIBUTES, SEGMENTS
from tests.crm_core.analytics.audience.shop import CATEGORIES, CITIES, DAYS, FIRST

#: Texts of a person's keyboard: quotes of every kind, brackets, keywords, other scripts, and what is special in SQL, formats and patterns.
TEXTS = st.one_of(
    st.sampled_from(
        [
            "Can't lose them",
            'say "hi"',
            "or",
            "[x]",
            "سلام",
            "Привет, мир",
            "%",
            "_",
            "\\",
            "'; DROP TABLE customers; --",
            "{0}",
            "{{ 7*7 }}",
            "a\nb",
            "’",
            "“q”",
            "",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
)
days = st.integers(-40, DAYS + 5).map(lambda number: FIRST + timedelta(days=number))
past_days = st.integers(0, DAYS).map(lambda number: FIRST + timedelta(days=number))
NUMBERS: dict[str, st.SearchStrategy[Any]] = {
    "r_score": st.integers(0, 6), "f_score": st.integers(0, 6), "m_score": st.integers(1, 5), "count_orders": st.integers(0, 5),
    "days_since_last_order": st.integers(0, DAYS), "net_sales": st.sampled_from(["0", "10", "35.5", "99.9999", "-12.5", "60"]).map(Decimal),
    "net_sales_rank": st.integers(0, 40), "last_score": st.integers(0, 10), "open_cases": st.integers(0, 3),
}  # fmt: skip
CHOICES: dict[str, tuple[str, ...]] = {
    "segment": tuple(dict.fromkeys(SEGMENTS.values())), "value_class": ("A", "B", "C"), "satisfaction": ("Promoters", "Passives", "Detractors"),
}  # fmt: skip
FREE = {
    "country": ("Austria", "Iran", "Россия", "iran"), "city": tuple(one for one in CITIES if one is not None), "name": ("Ada", "Ελένη", "José"),
    **dict.fromkeys(ATTRIBUTES, ("Gold", "gold", "A", "North")), "customer_id": ("c01", "c02", "only a case", "nobody"),
}  # fmt: skip
DATES = ("first_order_on", "last_order_on", "joined_on", "last_contact_on")
FLAGS = ("consent", "has_email", "has_phone", "opted_out", "is_unreachable")
LOOKS_BACK = {
    "segment",
    "r_score",
    "f_score",
    "m_score",
    "count_orders",
    "days_since_last_order",
    "net_sales",
    "value_class",
    "first_order_on",
    "last_order_on",
}
OF = {
    "count_orders": {"category": CATEGORIES, "product_id": ("p0", "p1"), "channel": ("Web", "Shop")},
    "net_sales": {"category": CATEGORIES, "channel": ("Web",)}, "quantity": {"category": CATEGORIES},
    "count_cases": {"topic": ("Late", "Broken")}, "count_responses": {"touchpoint": ("Shop",)},
    "count_contacts": {"channel": ("E-mail", "SMS"), "campaign": ("Spring",), "outcome": ("bounced", "opened")},
}  # fmt: skip


def _subset(values: tuple[str | None, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from([one for one in values if one is not None]), min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def columns(draw: st.DrawFn, names: Any) -> c.Column:
    name = draw(st.sampled_from(tuple(names)))
    at = draw(st.none() | past_days) if name in LOOKS_BACK and draw(st.integers(0, 3)) == 0 else None
    return c.Column(name, at)


@st.composite
def windows(draw: st.DrawFn) -> c.Window:
    kind = draw(st.sampled_from(["always", "since", "until", "both", "last"]))
    if kind == "last":
        return c.Window(last=c.Span(draw(st.integers(1, 40)), draw(st.sampled_from(["days", "weeks", "months", "years"]))))
    first, last = sorted([draw(days), draw(days)])
    return c.Window(first if kind in {"since", "both"} else None, last if kind in {"until", "both"} else None)


@st.composite
def sums(draw: st.DrawFn) -> c.Sum:
    measure = draw(st.sampled_from(tuple(OF)))
    names = draw(st.lists(st.sampled_from(tuple(OF[measure])), max_size=2, unique=True))
    window = draw(windows())
    if not names and window == c.ALWAYS and measure in {"count_orders", "net_sales"}:  # which is a field of that name
        window = c.Window(last=c.Span(90, "days"))
    return c.Sum(measure, tuple((name, draw(_subset(OF[measure][name]))) for name in names), window)


@st.composite
def compared(draw: st.DrawFn, term: c.Term, values: st.SearchStrategy[Any]) -> c.Condition:
    """A number or a day against one or two others."""
    kind = draw(st.sampled_from(["sign", "sign", "list", "between"]))
    if kind == "sign":
        return c.Compare(term, draw(st.sampled_from(["=", "<", "<=", ">", ">="])), draw(values))
    several = [draw(values) for _ in range(2)]
    return c.OneOf(term, tuple(dict.fromkeys(several))) if kind == "list" else c.Between(term, *sorted(several))


def _decimal(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Decimal]:
    return values.map(Decimal)


@st.composite
def texts(draw: st.DrawFn, names: dict[str, tuple[str, ...]], other: st.SearchStrategy[str] | None) -> c.Condition:
    """`other`: texts that the data does not have, where any can be asked for."""
    term = draw(columns(names))
    values = st.sampled_from(names[term.name]) if other is None else st.sampled_from(names[term.name]) | other
    kind = draw(st.sampled_from(["=", "in", "has", "known"]))
    if kind == "=":
        return c.Compare(term, "=", draw(values))
    if kind == "in":
        return c.OneOf(term, tuple(draw(st.lists(values, min_size=1, max_size=4, unique=True))))
    if kind == "has":
        return c.Has(
            term,
            draw(st.sampled_from(["contains", "starts with"])),
            draw(st.sampled_from(["a", "A", "ΕΛ", "é", "%", "_", "\\", "", "о"]) if other is None else TEXTS),
        )
    return c.Known(term)


@st.composite
def leaves(draw: st.DrawFn) -> c.Condition:
    kind = draw(st.sampled_from(["number", "date", "flag", "choice", "text", "sum", "sum", "known"]))
    if kind == "number":
        term = draw(columns(NUMBERS))
        return draw(compared(term, _decimal(NUMBERS[term.name])))
    if kind == "date":
        return draw(compared(draw(columns(DATES)), days))
    if kind == "flag":
        return c.Compare(draw(columns(FLAGS)), "=", draw(st.booleans()))
    if kind == "choice":
        return draw(texts(CHOICES, None))
    if kind == "text":
        return draw(texts(FREE, TEXTS))
    if kind == "sum":
        return draw(compared(draw(sums()), _decimal(st.integers(-1, 40))))
    return c.Known(draw(columns([*NUMBERS, *DATES, *FLAGS, *CHOICES, *FREE])))


def _several(parts: list[c.Condition], kind: type[c.All] | type[c.AnyOf]) -> c.Condition:
    return kind(tuple(parts))


#: Conditions, nested.
conditions = st.recursive(
    leaves() | st.just(c.EVERYBODY),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: _several(parts, c.All)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: _several(parts, c.AnyOf)),
        inner.map(c.turned),
    ),
    max_leaves=6,
)


@st.composite
def moves(draw: st.DrawFn) -> c.Moved:
    names = tuple(CHOICES["segment"])
    earlier = draw(past_days)
    later = earlier + timedelta(days=draw(st.integers(1, 300)))
    return c.Moved(
        draw(_subset((*names, "No order before"))),
        draw(_subset((*names, "No order since"))),
        earlier,
        later,
        draw(st.sampled_from([365, 90, 1])),
    )


clusters = st.builds(
    c.Cluster, st.none() | st.integers(2, 12), st.sampled_from([(), ("count_orders", "returned_share")]), st.integers(0, 2**31)
)
