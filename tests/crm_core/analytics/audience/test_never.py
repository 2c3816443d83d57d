"""Values that a condition names and the data never has, with those that may be meant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience import fields
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.never import Never, never
from crm_core.workspace import Workspace
from tests.workspaces import lines

BASIS = Basis(date(2024, 7, 1))
Make = Callable[..., Workspace]
COUNTRY = c.Column("country")


def shop(made: Make) -> Workspace:
    customers = pd.DataFrame({"customer_id": list("abcde"), "country": ["Germany", "Germany", "GERMANY", "Iran", None]})
    sold = lines(("a", "1", "2024-01-10", 50, 1), ("b", "2", "2024-01-11", 50, 1)).assign(product=["Green tea", "Mug"])
    return made(customers=customers, order_lines=sold)


def test_a_value_that_nobody_has_is_told_with_the_nearest_ones(made: Make) -> None:
    assert never(shop(made), c.Compare(COUNTRY, "=", "Germny"), BASIS) == (Never("Country", "Germny", ("Germany",)),)


def test_letters_must_agree_in_their_case(made: Make) -> None:
    assert never(shop(made), c.Compare(COUNTRY, "=", "iran"), BASIS) == (Never("Country", "iran", ("Iran",)),)


def test_what_is_like_nothing_has_no_nearest(made: Make) -> None:
    assert never(shop(made), c.OneOf(COUNTRY, ("Iran", "Qqq")), BASIS) == (Never("Country", "Qqq"),)


def test_each_is_told_once_wherever_it_stands(made: Make) -> None:
    one = c.Compare(COUNTRY, "=", "Germny")
    condition = c.All((one, c.AnyOf((c.Not(one), c.Compare(COUNTRY, "=", "Germany")))))
    assert [told.value for told in never(shop(made), condition, BASIS)] == ["Germny"]


def test_what_was_bought_is_looked_for_where_it_stands(made: Make) -> None:
    bought = c.Compare(c.Sum("count_orders", (("product", ("Green te", "Mug")),)), ">=", Decimal(1))
    assert never(shop(made), bought, BASIS) == (Never("Product", "Green te", ("Green tea",)),)


def test_numbers_days_and_parts_of_texts_are_not_looked_for(made: Make) -> None:
    parts = (c.Has(COUNTRY, "contains", "zzz"), c.Compare(c.Column("net_sales"), "=", Decimal(-77)), c.Known(COUNTRY))
    assert never(shop(made), c.All(parts), BASIS) == ()


def test_of_many_values_also_those_are_found_that_are_not_offered(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "MOST_CHOICES", 1)
    found = never(shop(made), c.OneOf(COUNTRY, ("Iran", "Irn")), BASIS)
    assert [told.value for told in found] == ["Irn"]
