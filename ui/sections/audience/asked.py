"""What the page Audience is asked at the moment: a condition in the language, what goes with it, and the saved audience it comes from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from crm_core.access import Action
from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience import respect
from crm_core.analytics.audience.conditions import Condition
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.fields import FieldInfo, MeasureInfo, catalogue, measures
from crm_core.analytics.audience.language import parse, to_text
from crm_core.analytics.audience.members import members
from crm_core.analytics.audience.picture import Picture, picture
from crm_core.analytics.audience.respect import Respected, Rules
from crm_core.analytics.audience.terms import Terms
from crm_core.analytics.audience.words import Words
from crm_core.errors import CrmError
from crm_core.store.saved.rules import as_rules
from ui import cache

if TYPE_CHECKING:
    from crm_core.store.saved.audiences import Audience
    from crm_core.store.saved.exports import Export
    from crm_core.workspace import Workspace
    from ui.frame import View


@dataclass(frozen=True)
class Asked:
    """An audience as it stands on the page. `rules` are the company's contact rules, None where the user switched them off."""

    view: View
    condition: Condition
    terms: Terms
    rules: Rules | None
    saved: Audience | None = None

    @property
    def basis(self) -> Basis:
        return basis(self.view, self.terms)

    @cached_property
    def text(self) -> str:
        """The condition in the language, as a link and the command have it."""
        return to_text(self.condition)

    @cached_property
    def sentence(self) -> str:
        """The condition in words, as the user may read it."""
        return words(self.view, self.basis).sentence(told(self.view, self.condition))

    @property
    def picture(self) -> Picture:
        return cache.answer(self.view, picture, self.condition, self.basis)

    @property
    def respected(self) -> Respected:
        """Whom the company's rules leave; everybody where they are switched off."""
        if self.rules is None:
            return Respected(self.picture.customers, self.picture.customers, ())
        return cache.answer(self.view, respected, self.condition, self.basis, self.rules)

    def table(self) -> ir.Table:
        """The customers who meet the condition and whom the rules leave."""
        return respect.left(self.view.ws, self.condition, self.basis, self.rules)


def basis(view: View, terms: Terms) -> Basis:
    """What conditions rest on beside their words."""
    return Basis(view.as_of, terms.scoring, view.followed)


def company_rules() -> Rules:
    """The company's contact rules; the usual ones where nobody saved any."""
    from ui.sections.audience.keeping import store

    return as_rules(store().contact_rules.rules())


def asked(view: View, condition: Condition, terms: Terms, saved: Audience | None) -> Asked:
    """The audience as it stands on the page."""
    return Asked(view, condition, terms, company_rules() if terms.is_respecting else None, saved)


def on_its_day(one: Asked, made: Export) -> Asked:
    """Everybody on the day of an export, with its groups and columns and by the scoring of now: what its snapshot is joined to. Its conditions, which may
    not fit the data any more, are not asked."""
    view = replace(one.view, as_of=made.as_of)
    terms = replace(
        one.terms, control_share=made.control_share, seed=made.seed or 0, columns=made.columns, is_respecting=made.rules is not None
    )
    return Asked(view, c.EVERYBODY, terms, None)


def as_exported(one: Asked, made: Export) -> Asked:
    """The audience as an export took it: its conditions and rules, its groups, on its day; by the scoring of now. Raises CrmError where they cannot be
    read with the data of now."""
    then = on_its_day(one, made)
    rules = None if made.rules is None else Rules.from_dict(made.rules)
    return replace(then, condition=read(then.view, made.where, then.basis), rules=rules)


def respected(ws: Workspace, condition: Condition, basis: Basis, rules: Rules) -> Respected:
    """Whom each rule takes from the audience."""
    return respect.count(ws, members(ws, condition, basis), rules, basis)


#: Fields whose values name a person.
PERSONS = frozenset({"customer_id", "name"})
HIDDEN = "…"


def told(view: View, condition: Condition) -> Condition:
    """The condition as the user may read it: without ids and names for whoever may not see customers."""
    return condition if view.user.may(Action.SEE_CUSTOMERS) else c.replaced(condition, _without_persons)


def _without_persons(leaf: c.Leaf) -> c.Leaf:
    if isinstance(leaf, c.Moved) or not isinstance(leaf.term, c.Column) or leaf.term.name not in PERSONS:
        return leaf
    if isinstance(leaf, c.Has):
        return replace(leaf, text=HIDDEN)
    return leaf if isinstance(leaf, c.Known) else c.Compare(leaf.term, "=", HIDDEN)


def text_told(view: View, where: str, basis: Basis) -> str:
    """A saved condition in the language, as the user may read it; nothing of one that does not fit the data, for whoever may not see customers."""
    if view.user.may(Action.SEE_CUSTOMERS):
        return where
    try:
        return to_text(told(view, read(view, where, basis)))
    except CrmError:
        return HIDDEN


def fields(view: View, basis: Basis) -> dict[str, FieldInfo]:
    """The fields that conditions can ask of this data."""
    return view.ws.remember(f"fields of audiences {basis}", lambda: catalogue(view.ws, basis))


def known_measures(view: View) -> dict[str, MeasureInfo]:
    """What can be added up over a window in this data."""
    return view.ws.remember("measures of audiences", lambda: measures(view.ws))


def words(view: View, basis: Basis) -> Words:
    """Tells conditions in this data's words."""
    return Words(fields(view, basis), known_measures(view), view.ws.currency)


def read(view: View, text: str, basis: Basis) -> Condition:
    """The condition that the text says. Raises ConditionError."""
    return parse(text, fields(view, basis), known_measures(view))
