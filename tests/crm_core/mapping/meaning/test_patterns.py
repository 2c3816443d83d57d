"""The rules that tie names to fields are whole and consistent."""

from __future__ import annotations

import pytest

from crm_core.mapping.meaning.names import meaning
from crm_core.mapping.meaning.patterns import FOREIGN, NEUTRAL, OF_CUSTOMER, PATTERNS, name_score, patterns
from crm_core.mapping.meaning.vocabulary import WORDS
from crm_core.mapping.model import GRAIN_LABELS, Grain, fields_for


@pytest.mark.parametrize("grain", [grain for grain in GRAIN_LABELS if grain != "ignore"])
def test_every_field_of_a_grain_can_be_named(grain: Grain) -> None:
    unnamed = fields_for(grain).keys() - patterns(grain).keys()
    assert unnamed <= {"customer_key"}  # found by values alone


def test_patterns_name_known_concepts_only() -> None:
    for grain in PATTERNS:
        for field in patterns(grain).values():
            for concepts, weight in field:
                assert concepts <= WORDS.keys()
                assert 0 < weight <= 1
    assert WORDS.keys() >= FOREIGN
    assert all(concepts <= WORDS.keys() for concepts in NEUTRAL.values())
    assert fields_for("customers").keys() >= OF_CUSTOMER


@pytest.mark.parametrize(
    ("name", "better", "worse"),
    [
        ("price", "unit_price", "net_amount"),
        ("Revenue", "net_amount", "unit_price"),
        ("freight_value", "delivery_amount", "net_amount"),
        ("order_item_id", "line_no", "order_id"),
        ("order_estimated_delivery_date", "promised_on", "delivered_on"),
        ("order_delivered_customer_date", "delivered_on", "ordered_at"),
        ("Profit", "profit_amount", "net_amount"),
        ("Subtotal", "net_amount", "list_amount"),
    ],
)
def test_a_name_speaks_for_the_field_it_means(name: str, better: str, worse: str) -> None:
    said = meaning(name)
    assert name_score("order_lines", better, said) > name_score("order_lines", worse, said)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("seller_city", "city"),
        ("Sales tax", "net_amount"),
        ("Ship Date", "delivered_on"),
        ("week", "ordered_at"),
        ("Discount rate", "discount_amount"),
    ],
)
def test_a_word_that_means_something_else_rules_the_field_out(name: str, field: str) -> None:
    assert name_score("order_lines", field, meaning(name)) == 0.0
