"""What is suggested for contacts and for consent: exports as mailing programs write them, in several languages, columns shuffled; and what is none."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crm_core.mapping.build import build
from crm_core.mapping.suggest import Suggestion, suggest
from crm_core.sources.files import stage
from crm_core.sources.staging import Staging
from crm_core.workspace import Workspace
from tests.crm_core.mapping.cells import put_columns

Columns = dict[str, Sequence[str | None]]
ROWS = 60
IDS, MAILS, OWN = (
    [f"c{at % 25}" for at in range(ROWS)],
    [f"p{at % 25}@shop.de" for at in range(ROWS)],
    [f"m{at}" for at in range(ROWS)],
)


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    with Staging(tmp_path) as made:
        yield made


def days(pattern: str = "%Y-%m-%d %H:%M", hours: int = 31) -> list[str]:
    return [(datetime(2024, 1, 3, 9) + timedelta(hours=hours * at)).strftime(pattern) for at in range(ROWS)]


def of(*values: str | None) -> list[str | None]:
    return [values[at % len(values)] for at in range(ROWS)]


def suggested(staging: Staging, columns: Columns, name: str = "data.csv") -> Suggestion:
    shuffled = list(columns)
    random.Random(3).shuffle(shuffled)
    put_columns(staging, {one: columns[one] for one in shuffled}, name=name)
    return suggest(staging)


EXPORTS: dict[str, dict[str, tuple[str, Sequence[str | None]]]] = {
    "own names": {
        "contact_id": ("contact_id", OWN),
        "customer_id": ("customer_id", IDS),
        "contacted_at": ("contacted_at", days()),
        "channel": ("channel", of("email", "phone")),
        "campaign": ("campaign", of("A", "B")),
        "outcome": ("outcome", of("delivered", "opted_out")),
        "cost_amount": ("cost_amount", of("0.02", "4.5")),
    },
    "mailchimp report": {
        "email": ("Email Address", MAILS),
        "": ("First Name", of("Ann", "Bo")),
        "campaign": ("Campaign Title", of("Spring", "May")),
        "contacted_at": ("Send Time", days("%b %d, %Y %I:%M %p")),
        "opened_mark": ("Opens", of("0", "3")),
        "clicked_mark": ("Clicks", of("0", "0", "1")),
        "opted_out_mark": ("Unsubscribed", of("no", "no", "yes")),
    },
    "mailchimp activity": {
        "email": ("Email Address", MAILS),
        "campaign": ("Campaign Title", of("Spring", "May")),
        "contacted_at": ("Timestamp", days()),
        "outcome": ("Action", of("sent", "open", "click", "bounce", "unsub")),
    },
    "hubspot events": {
        "email": ("Recipient", MAILS),
        "campaign": ("Email campaign", of("Spring", "May")),
        "contacted_at": ("Sent at", days()),
        "outcome": ("Event type", of("SENT", "OPEN", "CLICK", "BOUNCE")),
    },
    "hubspot recipients": {
        "campaign": ("Email Name", of("Spring", "May")),
        "email": ("Recipient Email", MAILS),
        "contacted_at": ("Sent date", days()),
        "delivered_mark": ("Delivered", of("true", "false")),
        "opened_mark": ("Opened", of("true", "false", "false")),
        "clicked_mark": ("Clicked", of("false", "true")),
        "bounced_mark": ("Bounced", of("false", "false", "true")),
    },
    "klaviyo": {
        "contact_id": ("Message ID", OWN),
        "customer_id": ("Customer ID", IDS),
        "campaign": ("Message Name", of("A", "B")),
        "contacted_at": ("Send Datetime", days()),
        "channel": ("Channel", of("email", "sms")),
        "outcome": ("Status", of("Delivered", "Bounced")),
    },
    "salesforce campaign members": {
        "contact_id": ("Id", OWN),
        "campaign": ("CampaignId", of("701A", "701B")),
        "customer_id": ("ContactId", IDS),
        "outcome": ("Status", of("Sent", "Responded", "Bounced", "Unsubscribed")),
        "contacted_at": ("CreatedDate", days()),
        "": ("HasResponded", of("true", "false")),
    },
    "salesforce report": {
        "campaign": ("Campaign Name", of("A", "B")),
        "customer_id": ("Contact ID", IDS),
        "outcome": ("Member Status", of("Sent", "Opened", "Bounced")),
        "contacted_at": ("Created Date", days()),
    },
    "calls": {
        "contact_id": ("Call ID", OWN),
        "customer_id": ("Customer ID", IDS),
        "contacted_at": ("Call date", days()),
        "outcome": ("Call outcome", of("Reached", "No answer", "Do not call")),
    },
    "german": {
        "customer_id": ("Kundennummer", IDS),
        "contacted_at": ("Versanddatum", days("%d.%m.%Y")),
        "channel": ("Kanal", of("E-Mail", "Brief")),
        "campaign": ("Kampagne", of("A", "B")),
        "outcome": ("Ergebnis", of("zugestellt", "geöffnet", "unzustellbar", "abgemeldet")),
        "cost_amount": ("Kosten", of("0,02", "1,10")),
    },
    "german contacts": {
        "contact_id": ("Kontakt-Nr", OWN),
        "customer_id": ("Kunden-Nr", IDS),
        "contacted_at": ("Kontaktdatum", days("%d.%m.%Y")),
        "channel": ("Kanal", of("E-Mail", "Telefon")),
        "outcome": ("Ergebnis", of("erreicht", "nicht erreicht")),
    },
    "russian": {
        "customer_id": ("Код клиента", IDS),
        "contacted_at": ("Дата отправки", days("%d.%m.%Y %H:%M")),
        "channel": ("Канал", of("email", "звонок")),
        "campaign": ("Рассылка", of("A", "B")),
        "outcome": ("Результат", of("доставлено", "открыто", "отписался")),
        "cost_amount": ("Стоимость", of("0,5", "1,1")),
    },
    "persian": {
        "customer_id": ("شناسه مشتری", IDS),
        "contacted_at": ("تاریخ ارسال", days()),
        "channel": ("کانال", of("ایمیل", "پیامک")),
        "campaign": ("کمپین", of("الف", "ب")),
        "outcome": ("نتیجه", of("تحویل شده", "باز شده", "لغو اشتراک")),
    },
    "french": {
        "customer_id": ("Identifiant client", IDS),
        "contacted_at": ("Date d'envoi", days("%d/%m/%Y")),
        "channel": ("Canal", of("e-mail", "courrier")),
        "campaign": ("Campagne", of("A", "B")),
        "outcome": ("Résultat", of("ouvert", "délivré", "désabonné")),
        "cost_amount": ("Coût", of("0,02", "1,1")),
    },
    "spanish": {
        "customer_id": ("ID cliente", IDS),
        "contacted_at": ("Fecha de envío", days("%d/%m/%Y")),
        "channel": ("Canal", of("correo", "llamada")),
        "campaign": ("Campaña", of("A", "B")),
        "outcome": ("Resultado", of("abierto", "entregado", "baja")),
        "cost_amount": ("Coste", of("0,02", "1,1")),
    },
}


@pytest.mark.parametrize("export", EXPORTS)
def test_contacts_are_recognised_by_the_names_of_their_columns(staging: Staging, export: str) -> None:
    found = suggested(staging, dict(EXPORTS[export].values()))
    table = found.mapping.tables[0]
    assert table.grain == "contacts"
    assert table.fields == {field: column for field, (column, _) in EXPORTS[export].items() if field}


NO_CONTACTS: dict[str, tuple[str, Columns]] = {
    "visits of a web shop": (
        "customers",
        {"user_id": IDS, "session_date": days(), "utm_medium": of("cpc", "email"), "utm_campaign": of("A", "B"), "views": of("1", "2")},
    ),
    "a survey by campaign": (
        "surveys",
        {"Survey date": days(), "Customer ID": IDS, "Channel": of("Email"), "Campaign": of("W1", "W2"), "NPS": of(*map(str, range(11)))},
    ),
    "a survey that was sent": (
        "surveys",
        {"Sent at": days(), "Answered at": days(hours=32), "Customer ID": IDS, "Status": of("opened", "completed"), "NPS": of("0", "7", "10")},
    ),
    "orders that were delivered": (
        "orders",
        {"order_id": OWN, "customer_id": IDS, "order_date": days(), "status": of("delivered", "returned"), "campaign": of("A", "B")},
    ),
    "sales of a campaign": (
        "order_lines",
        {"customer_id": IDS, "order_date": days(), "status": of("delivered", "open"), "amount": of("1.5", "2.5"), "campaign": of("A", "B")},
    ),
    "parcels": (
        "customers",
        {"Tracking no": OWN, "customer_id": IDS, "sent_at": days(), "status": of("delivered", "returned"), "carrier": of("DHL", "UPS")},
    ),
    "people and whether they left the newsletter": (
        "customers",
        {
            "Customer ID": [f"c{at}" for at in range(ROWS)],
            "City": of("Bonn", "Kiel"),
            "Phone": [f"+49 30 12345{at:02}" for at in range(ROWS)],
            "Last contacted": days(),
            "Unsubscribed": of("true", "false"),
            "Emails opened": of("1", "2"),
            "Emails clicked": of("0", "1"),
        },
    ),
    "tickets": (
        "cases",
        {"Ticket ID": OWN, "Customer ID": IDS, "Opened": days(), "Channel": of("Email", "Phone"), "Status": of("open", "closed")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_CONTACTS)
def test_what_only_resembles_contacts_is_none(staging: Staging, name: str) -> None:
    grain, columns = NO_CONTACTS[name]
    assert suggested(staging, columns).mapping.tables[0].grain == grain


@pytest.mark.parametrize(
    ("column", "cells", "is_consent"),
    [
        ("unsubscribed", ["yes", "no"], True),
        ("opt-out", ["1", "0"], True),
        ("email_opt_in", ["true", "false"], True),
        ("HasOptedOutOfEmail", ["true", "false"], True),
        ("Accepts Email Marketing", ["yes", "no"], True),
        ("Email Marketing Consent", ["SUBSCRIBED", "UNSUBSCRIBED", "NEVER_SUBSCRIBED"], True),
        ("Unsubscribed at", ["2024-01-02", None], True),
        ("Werbeeinwilligung", ["erteilt", "widerrufen"], True),
        ("Abgemeldet", ["ja", "nein"], True),
        ("Согласие на рассылку", ["да", "нет"], True),
        ("Отказ от рассылки", ["да", "нет"], True),
        ("رضایت", ["بله", "خیر"], True),
        ("رضایت به تماس", ["بله", "خیر"], True),
        ("désabonné", ["oui", "non"], True),
        ("baja", ["sí", "no"], True),
        ("Status", ["subscribed", "unsubscribed"], True),
        ("Status", ["active", "inactive"], False),
        ("Status", ["yes", "no"], False),
        ("Satisfied", ["4", "5"], False),
    ],
)
def test_consent_and_its_opposite_are_recognised(staging: Staging, column: str, cells: list[str | None], is_consent: bool) -> None:
    people: Columns = {"customer_id": [f"c{at}" for at in range(ROWS)], "City": of("Bonn", "Kiel"), column: of(*cells)}
    found = suggested(staging, people | {"E-mail": [f"p{at}@shop.de" for at in range(ROWS)]}, "people.csv")
    assert (found.mapping.tables[0].fields.get("consent") == column) is is_consent


def test_a_folder_of_customers_orders_and_mailings_is_brought_together(tmp_path: Path) -> None:
    """Each file as another program writes it: German days and decimal commas, customers by number here and by address there."""
    (tmp_path / "kunden.csv").write_text(
        "Kunden-Nr;E-Mail;Newsletter abgemeldet\n" + "".join(f"{at};P{at}@Shop.de;{'ja' if at % 4 == 0 else 'nein'}\n" for at in range(20)),
        encoding="utf-8",
    )
    (tmp_path / "bestellungen.csv").write_text(
        "Bestell-Nr;Kunden-Nr;Datum;Betrag\n" + "".join(f"B{at};{at % 20};{1 + at % 28}.03.2024;{at},50\n" for at in range(60)),
        encoding="utf-8",
    )
    words = ("sent", "open", "click", "bounce", "unsub")
    (tmp_path / "mailing.csv").write_text(
        "Action,Email Address,Campaign Title,Timestamp\n"
        + "".join(f"{words[at % 5]},p{at % 20}@shop.de,Frühling,2024-04-{1 + at % 28:02}T10:00:00\n" for at in range(50)),
        encoding="utf-8",
    )
    with Staging(tmp_path) as staging:
        for name in ("mailing", "kunden", "bestellungen"):
            stage(staging, tmp_path / f"{name}.csv")
        found = suggest(staging)
        assert found.is_certain
        receipt = build(staging, found.mapping, tmp_path / "w.duckdb", name="Laden", imported_at=datetime(2024, 6, 1))
    assert receipt.counts == {"order_lines": 60, "orders": 60, "contacts": 50, "customers": 20}
    with Workspace.open(tmp_path / "w.duckdb") as ws:
        rows = ws.execute(ws.table("contacts"))
        assert sorted(set(rows["outcome"])) == ["bounced", "clicked", "delivered", "opened", "opted_out"]
        assert set(rows["customer_id"]) == {str(at) for at in range(20)}
        people = ws.execute(ws.table("customers"))
    assert dict(zip(people["customer_id"], people["consent"], strict=True)) == {str(at): at % 4 != 0 for at in range(20)}
