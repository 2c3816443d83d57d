"""What docs/audiences.md says is true: its examples are understood, its errors are the program's, its names are all there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.fields import catalogue, measures
from crm_core.analytics.audience.language import LONGEST, MOST_SPAN, ConditionError
from crm_core.analytics.audience.respect import Rules, rules
from crm_core.analytics.audience.written import to_text
from tests.crm_core.analytics.audience.conftest import Asked

TEXT = (Path(__file__).parents[4] / "docs" / "audiences.md").read_text(encoding="utf-8")
#: Fields of the document that the shop of the tests does not have.
OF_OTHER_DATA = {"gross_profit", "gross_profit_class", "gross_profit_rank", "region", "acquisition_channel"}


def blocks(kind: str) -> Iterator[str]:
    found = re.findall(rf"^```{kind}\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    assert found
    yield from found


@pytest.mark.parametrize("text", list(blocks("condition")))
def test_an_example_is_understood_and_answered(shop: Asked, text: str) -> None:
    condition = shop.parse(text)
    assert shop.parse(to_text(condition)) == condition
    assert set(shop.who(condition)) <= set(shop.who("everybody"))


@pytest.mark.parametrize("block", list(blocks("error")))
def test_an_error_is_told_as_the_document_says(shop: Asked, block: str) -> None:
    text, *told = block.rstrip("\n").split("\n")
    with pytest.raises(ConditionError) as caught:
        shop.parse(text)
    said = caught.value.message.split("\n")
    assert told[: len(said)] == said
    assert told[len(said) :] in ([], [caught.value.hint])


def test_every_field_and_measure_is_named(shop: Asked) -> None:
    attributes = {field.name for field in catalogue(shop.ws, shop.basis).values() if field.column.startswith("attr_")}
    named = set(re.findall(r"`(\w+)`", TEXT))
    assert {*catalogue(shop.ws, shop.basis)} - attributes <= named
    assert {*measures(shop.ws), *(name for one in measures(shop.ws).values() for name in one.columns)} <= named
    rows = re.findall(r"^\| (`.*?) \|", TEXT.split("## How to compare")[0], flags=re.MULTILINE)
    of_the_table = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert of_the_table == {*catalogue(shop.ws, shop.basis)} - attributes | OF_OTHER_DATA


def test_two_texts_for_one_value_are_the_same(shop: Asked) -> None:
    first = next(text for text in blocks("condition") if "O'Fallon" in text)
    condition = shop.parse(first)
    assert isinstance(condition, c.AnyOf)
    assert condition.parts[0] == condition.parts[1]


def test_limits_and_rules_are_those_of_the_program(shop: Asked) -> None:
    limits = (
        f"{LONGEST:,} letters",
        f"{c.MOST_LEVELS} levels of brackets",
        f"{c.MOST_SOURCES} different periods",
        f"{MOST_SPAN['years']} years back",
    )
    assert [limit for limit in limits if limit not in TEXT] == []
    assert f"up to {c.MOST_VALUES:,} values" in TEXT
    usual = Rules()
    assert f"({usual.most_contacts} in {usual.contact_days} by default)" in TEXT
    listed = re.findall(r"^\d\. (.*)$", TEXT, flags=re.MULTILINE)
    asked = rules(shop.ws, Rules(unknown_consent=True))
    assert len(listed) == len(asked)
    for told, rule in zip(listed, asked, strict=True):
        assert told.split()[0] in rule.sentence.split()[0] or told.startswith("the last contact bounced")
