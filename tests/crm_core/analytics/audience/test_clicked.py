"""A click and the filters of the sidebar as conditions: the members are those that the page shows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crm_core.analytics import chosen, clusters
from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.clicked import of_filters, of_rules, one_of, terms
from crm_core.analytics.audience.fields import catalogue
from crm_core.analytics.audience.written import to_text
from crm_core.analytics.filters import UNKNOWN, Filters, shown
from crm_core.analytics.scores import RfmSettings
from tests.crm_core.analytics.audience.conftest import Asked
from tests.crm_core.analytics.audience.shop import AS_OF, ONLY_ANSWER, ONLY_CASE, ONLY_CONTACT, ONLY_SOLD

GROUPING = clusters.ClusterSettings(3, 5, ("count_orders", "average_order_value"))
SETTINGS = RfmSettings()


@pytest.fixture(scope="module")
def known(shop: Asked) -> dict[str, c.Term]:
    return terms(catalogue(shop.ws, shop.basis), GROUPING)


def ids(shop: Asked, table: Any) -> list[str]:
    return sorted(shop.ws.execute(table)["customer_id"])


RULES: list[tuple[chosen.Rule, ...]] = [
    ((("segment", "At risk"),),),
    ((("segment", "At risk"),), (("segment", "Hibernating"),)),
    ((("r_score", 4), ("f_score", 2)), (("r_score", 1), ("f_score", 1))),
    ((("r_score", 4), ("f_score", 2)), (("segment", "Hibernating"),)),
    ((("r_score", 5),), (("r_score", 5),)),
    ((("value_class", "A"),), (("value_class", "B"),)),
    ((("country", "Iran"), ("segment", "Hibernating")), (("country", UNKNOWN), ("segment", "At risk"))),
    ((("attr_1", "gold"), ("r_score", 1)), (("attr_1", UNKNOWN), ("r_score", 2))),
]


@pytest.mark.parametrize("rules", RULES)
def test_a_choice_of_marks_has_the_members_that_the_list_shows(
    shop: Asked, known: dict[str, c.Term], rules: tuple[chosen.Rule, ...]
) -> None:
    """Lists show customers with a purchase."""
    condition = c.both(of_rules(rules, known), c.Known(c.Column("segment")))
    assert shop.who(condition) == ids(shop, chosen.customers(shop.ws, AS_OF, SETTINGS, rules))
    assert shop.who(condition)
    assert shop.parse(to_text(condition)) == condition


def test_a_choice_of_clusters_has_their_customers(shop: Asked, known: dict[str, c.Term]) -> None:
    rules: tuple[chosen.Rule, ...] = ((("cluster", 1),), (("cluster", 3),))
    condition = of_rules(rules, known)
    assert condition == c.OneOf(c.Cluster(3, ("count_orders", "average_order_value"), 5), (Decimal(1), Decimal(3)))
    assert shop.who(condition) == ids(shop, chosen.clustered(shop.ws, AS_OF, SETTINGS, GROUPING, rules))


def test_no_marks_are_everybody_and_usual_features_are_not_named(shop: Asked, known: dict[str, c.Term]) -> None:
    assert of_rules((), known) == c.EVERYBODY
    usual = terms(catalogue(shop.ws, shop.basis), clusters.ClusterSettings(4))
    assert of_rules(((("cluster", 2),),), usual) == c.Compare(c.Cluster(4), "=", Decimal(2))
    assert "cluster" not in terms(catalogue(shop.ws, shop.basis))


FILTERS = [
    Filters(as_of=AS_OF),
    Filters(as_of=AS_OF, splits=(("country", ("Iran", "Austria")),)),
    Filters(as_of=AS_OF, splits=(("country", ("Iran",)), ("attr_1", ("Gold", "gold")))),
    Filters(as_of=AS_OF, splits=(("country", ()),), segments=("At risk", "Hibernating")),
    Filters(as_of=AS_OF, splits=(("city", ("O'Fallon", "100%", "back\\slash", "semi; --")),)),
    Filters(as_of=AS_OF, splits=(("country", (UNKNOWN, "Iran")),), segments=("At risk", "Hibernating", "About to sleep")),
]


@pytest.mark.parametrize("filters", FILTERS)
def test_the_filters_of_pages_have_the_members_that_they_show(shop: Asked, known: dict[str, c.Term], filters: Filters) -> None:
    """But who joins later is nobody's customer yet; and whom only other tables name has no known country either, which the filters do not show."""
    condition = of_filters(filters, known)
    everybody, table = shop.who("everybody"), shown(shop.ws, filters)
    found = shop.who(condition)
    if table is None:
        assert found == everybody
    else:
        listed = [one for one in ids(shop, table) if one in everybody]
        unlisted = set(found) - set(listed)
        assert set(listed) <= set(found)
        assert unlisted <= {ONLY_SOLD, ONLY_CASE, ONLY_ANSWER, ONLY_CONTACT}
        assert not unlisted or any(UNKNOWN in values for _, values in filters.splits)
    assert shop.parse(to_text(condition)) == condition


def test_an_unknown_value_is_one_that_is_missing() -> None:
    term = c.Column("country")
    assert one_of(term, ["Iran"]) == c.Compare(term, "=", "Iran")
    assert one_of(term, ["Iran", "Chile", "Iran"]) == c.OneOf(term, ("Iran", "Chile"))
    assert one_of(term, [UNKNOWN]) == c.Not(c.Known(term))
    assert one_of(term, ["Iran", UNKNOWN]) == c.AnyOf((c.Compare(term, "=", "Iran"), c.Not(c.Known(term))))
