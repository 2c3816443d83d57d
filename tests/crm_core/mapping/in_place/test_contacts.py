"""Contacts with customers are the same where the data lies as in an import, on every engine of the tests."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.crm_core.mapping.imports import Given, by_column, sales
from tests.crm_core.mapping.in_place import companies
from tests.crm_core.mapping.in_place.companies import Company, Opened
from tests.crm_core.mapping.in_place.conftest import Place

SOLD = sales("t", ("a", "1", "2024-01-01", "1", "5"), ("b", "2", "2024-01-02", "1", "5"))


def contacts(fields: dict[str, str], *rows: tuple[Any, ...]) -> Given:
    return Given("reached", "contacts", by_column([*fields], rows), fields)


def people(*rows: tuple[str, str | None, str | None]) -> Given:
    fields = {"id": "customer_id", "mail": "email", "Unsubscribed": "consent"}
    return Given("people", "customers", by_column([*fields], rows), fields)


def same(company: Company, place: Place, but: dict[str, set[str]] | None = None) -> Opened:
    opened = place(company)
    assert companies.differences(company, opened, but) == {}
    assert companies.same_receipt(company, opened)
    assert companies.types_of(opened)
    return opened


def test_events_of_a_contact_are_brought_together(tmp_path: Path, place: Place) -> None:
    fields = {"id": "contact_id", "who": "customer_id", "at": "contacted_at", "how": "channel", "what": "outcome", "paid": "cost_amount"}
    log = contacts(
        fields,
        ("1", "a", "2024-03-01 10:00", "E-mail", "Sent", "0.02"),
        ("1", "a", "2024-03-01 12:00", None, "Opened", None),
        ("1", "a", "2024-03-02 09:00", "E-mail", "Unsubscribed", None),
        ("1", "b", "2024-03-05 09:00", "E-mail", "hard bounce", "0.02"),
        ("2", "c", "2024-03-06", "n/a", "zugestellt", "1"),
        ("3", None, "2024-03-06", "SMS", "sent", None),
        ("4", "a", None, "SMS", "sent", None),
    )
    opened = same(companies.of_tables(tmp_path, SOLD, log), place)
    assert opened.rows("contacts", "customer_id", "contact_id", "contacted_at", "channel", "outcome", "cost_amount") == [
        ("a", "1", datetime(2024, 3, 1, 10), "E-mail", "opted_out", Decimal("0.0200")),
        ("b", "1", datetime(2024, 3, 5, 9), "E-mail", "bounced", Decimal("0.0200")),
        ("c", "2", datetime(2024, 3, 6), None, "delivered", Decimal("1.0000")),
    ]
    assert opened.rows("customers", "customer_id") == [("a",), ("b",), ("c",)]
    assert opened.found.receipt.sources[1].rejected_by_reason == {"no customer id": 1, "no date": 1}


def test_a_row_without_an_id_is_a_contact_of_its_own(tmp_path: Path, place: Place) -> None:
    fields = {"who": "customer_id", "at": "contacted_at", "for": "campaign", "what": "outcome"}
    rows = [("a", "2024-03-01", "May", "delivered"), ("a", "2024-03-01", "May", "delivered"), ("b", "2024-03-01", None, "Foo!")]
    opened = same(companies.of_tables(tmp_path, SOLD, contacts(fields, *rows)), place, {"contacts": {"contact_id"}})
    assert opened.rows("contacts", "customer_id", "campaign", "outcome") == [
        ("a", "May", "delivered"),
        ("a", "May", "delivered"),
        ("b", None, "Foo!"),
    ]
    assert len(set(opened.rows("contacts", "contact_id"))) == 3
    assert "contact_outcome_unknown" in [problem.code for problem in opened.found.receipt.problems]


def test_customers_are_found_by_their_e_mail(tmp_path: Path, place: Place) -> None:
    known = people(("a", "Ann@Shop.de ", "yes"), ("b", "bo@shop.de", "no"), ("c", "bo@shop.de", "opted out"), ("d", None, None))
    fields = {"mail": "email", "at": "contacted_at", "Opens": "opened_mark", "Bounced": "bounced_mark"}
    rows = [("ann@shop.de", "2024-03-01", "0", "no"), ("BO@shop.de", "2024-03-02", "3", "yes"), ("new@shop.de", "2024-03-03", "2", None)]
    company = companies.of_tables(tmp_path, SOLD, known, contacts(fields, *rows))
    opened = same(company, place, {"contacts": {"contact_id"}})
    assert opened.rows("contacts", "customer_id", "outcome") == [("a", None), ("b", "bounced"), ("new@shop.de", "opened")]
    assert opened.rows("customers", "customer_id", "consent") == [
        ("a", False),
        ("b", True),
        ("c", False),
        ("d", None),
        ("new@shop.de", None),
    ]
