"""Consent is read in both directions: from columns of agreeing and from columns of opting out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm_core.mapping.values import consent
from crm_core.sources.staging import Staging
from tests.crm_core.mapping.cells import put, read


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    with Staging(tmp_path_factory.mktemp("staging")) as made:
        yield made


@pytest.mark.parametrize(
    ("column", "cells", "consents"),
    [
        ("Newsletter", ["yes", "no", None], [True, False, None]),
        ("unsubscribed", ["yes", "no", None], [False, True, None]),
        ("email_opt_out", ["1", "0", ""], [False, True, None]),
        ("Do not contact", ["x", None, "no"], [False, None, True]),
        ("Согласие на рассылку", ["да", "нет", "?"], [True, False, None]),
        ("Отказ от рассылки", ["да", "нет", None], [False, True, None]),
        ("رضایت", ["بله", "خیر", None], [True, False, None]),
        ("لغو عضویت", ["بله", "خیر", None], [False, True, None]),
        ("Email marketing consent", ["SUBSCRIBED", "never_subscribed", "Unsubscribed"], [True, False, False]),
        ("Einwilligung", ["erteilt", "widerrufen", "hm"], [True, False, None]),
        ("Opt-out", ["opted in", "opted out", "confirmed"], [True, False, None]),
        ("Unsubscribed at", ["2024-02-29 10:00", "03.01.2024", None], [False, False, None]),
        ("Opt-in time", ["2024-02-29", None, "no"], [True, None, False]),
    ],
)
def test_consent_is_read_in_both_directions(staging: Staging, column: str, cells: list[str | None], consents: list[bool | None]) -> None:
    put(staging, cells)
    assert read(staging, lambda cell: consent.read(cell, column)) == consents


@pytest.mark.parametrize(
    ("column", "cells", "sql_type", "consents"),
    [
        ("unsubscribed", [True, False, None], "BOOLEAN", [False, True, None]),
        ("newsletter", [1, 0, None], "INTEGER", [True, False, None]),
        ("opted_out_on", ["2024-02-29", None], "DATE", [False, None]),
        ("optin_time", ["2024-02-29 10:00", None], "TIMESTAMP", [True, None]),
    ],
)
def test_typed_columns_are_read_by_the_same_rules(
    staging: Staging, column: str, cells: list[Any], sql_type: str, consents: list[Any]
) -> None:
    put(staging, cells, sql_type)
    assert read(staging, lambda cell: consent.read(cell, column)) == consents


@pytest.mark.parametrize(
    ("name", "is_out"),
    [
        *((name, True) for name in ("Unsubscribed", "newsletter_unsubscribed", "gdpr_opt_out", "DoNotCall", "Consent withdrawn")),
        *((name, False) for name in ("Opt-in / opt-out", "email_opt_in", "Consent", "is_subscribed", "Подписан")),
    ],
)
def test_a_name_says_what_a_yes_means(name: str, is_out: bool) -> None:
    assert consent.asks_for_opt_out(name) is is_out


def test_only_words_for_in_and_out_make_a_status_one_of_consent() -> None:
    assert consent.says_in_or_out(["Subscribed", "unsubscribed", "cleaned"])
    assert not consent.says_in_or_out(["yes", "no"])
    assert not consent.says_in_or_out(["cleaned"])
    assert not consent.tells(["yes", "no"])
    assert consent.tells(["erteilt", "nein"])
