"""What the contacts made with a customer tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from crm_core.analytics.contacts import contacts, customers, opted_out
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

Make = Callable[..., Workspace]
AS_OF = date(2024, 7, 1)


@pytest.fixture
def ws(made: Make) -> Workspace:
    rows = [
        ("a", "2024-06-01 08:00", "E-mail", "delivered"), ("a", "2024-06-30 23:59", "SMS", "bounced"), ("a", "2024-06-30 23:59:30", "SMS", None),
        ("a", "2024-07-01", "SMS", "opted_out"), ("b", "2024-05-01", None, None), ("c", "2024-05-01", "SMS", "opted_out"),
        ("c", "2024-05-01", "SMS", "bounced"), (None, "2024-05-01", "SMS", "delivered"),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["customer_id", "contacted_at", "channel", "outcome"]).assign(contact_id=range(len(rows)))
    return made(contacts=frame)


def told(ws: Workspace, as_of: date = AS_OF, channel: str | None = None) -> dict[str, tuple[int, date, bool, bool]]:
    rows = ws.execute(customers(ws, as_of, channel))
    assert list(rows.columns) == ["customer_id", "count_contacts", "last_contact_on", "opted_out", "is_unreachable"]
    days = pd.to_datetime(rows["last_contact_on"]).dt.date
    columns = (rows["customer_id"], rows["count_contacts"], days, rows["opted_out"], rows["is_unreachable"])
    return {one: (int(n), day, bool(out), bool(dead)) for one, n, day, out, dead in zip(*columns, strict=True)}


def test_each_customer_is_summed_up_before_the_day(ws: Workspace) -> None:
    """b's outcome is not known; c was bounced and opted out at one moment."""
    day = date(2024, 5, 1)
    assert told(ws) == {"a": (3, date(2024, 6, 30), False, True), "b": (1, day, False, False), "c": (2, day, True, True)}
    assert told(ws, date(2024, 7, 2))["a"] == (4, date(2024, 7, 1), True, False)
    assert told(ws, date(2024, 5, 1)) == {}


def test_a_channel_is_looked_at_alone(ws: Workspace) -> None:
    assert told(ws, channel="E-mail") == {"a": (1, date(2024, 6, 1), False, False)}
    assert set(told(ws, channel="SMS")) == {"a", "c"}


def test_who_opted_out_is_who_is_told_to_have(ws: Workspace) -> None:
    for as_of, channel in ((AS_OF, None), (date(2024, 7, 2), None), (date(2024, 7, 2), "E-mail")):
        rows = ws.execute(opted_out(ws, as_of, channel))
        assert sorted(rows["customer_id"]) == [one for one, (_, _, out, _) in sorted(told(ws, as_of, channel).items()) if out]
        assert rows["opted_out"].all()


def test_contacts_are_those_of_customers_from_a_day_on(ws: Workspace) -> None:
    assert ws.execute(contacts(ws, AS_OF).count()) == 6
    assert ws.execute(contacts(ws, AS_OF, date(2024, 6, 30)).count()) == 2
    assert ws.execute(contacts(ws, AS_OF, date(2024, 6, 1), "E-mail").count()) == 1


def test_without_contacts_nothing_can_be_told(six: Workspace) -> None:
    with pytest.raises(AnalysisError, match="Contacts"):
        customers(six, AS_OF)
