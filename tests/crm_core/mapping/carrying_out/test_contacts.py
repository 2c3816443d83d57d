"""Contacts: logs of events, outcomes in any words, customers named by e-mail, and who wants no contact."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.errors import MappingError
from tests.crm_core.mapping.imports import Given, Imported, by_column, carry_out, sales

FIELDS = {
    "id": "contact_id",
    "who": "customer_id",
    "at": "contacted_at",
    "by": "channel",
    "for": "campaign",
    "what": "outcome",
    "paid": "cost_amount",
}
SOLD = sales("s.csv", ("Ann", "7", "2021-01-01", "1", "2"))


def contacts(fields: dict[str, str], *rows: Sequence[Any], name: str = "k.csv") -> Given:
    return Given(name, "contacts", by_column([*fields], rows), fields)


def people(fields: dict[str, str], *rows: Sequence[Any]) -> Given:
    return Given("p.csv", "customers", by_column([*fields], rows), fields)


def finding(done: Imported, code: str) -> tuple[int | None, str]:
    return next((one.rows, one.example) for one in done.receipt.problems if one.code == code)


LOG = [
    ("1", "Ann", "2024-03-01 10:00", "E-mail", "May", "Sent", "0.02"),
    ("1", "Ann", "2024-03-01 10:05", "E-mail", None, "Opened Email", None),
    ("1", "Ann", "2024-03-02 08:00", None, "May", "Unsubscribed", None),
    ("1", "Ann", "2024-03-02 09:00", None, None, "Clicked", None),
    ("1", "Ben", "2024-03-01 10:00", "E-mail", "May", "Soft bounce", "0.02"),
    ("1", "Ben", "2024-03-01 11:00", "E-mail", "May", "delivered", "0.02"),
    ("2", "Ben", "2024-04-01", "Phone", None, "No answer", "4.5"),
]


@pytest.mark.parametrize("seed", [None, 1])
def test_rows_of_one_contact_become_one_with_the_most_decisive_outcome_whatever_their_order(tmp_path: Path, seed: int | None) -> None:
    rows = list(LOG)
    if seed is not None:
        random.Random(seed).shuffle(rows)
    done = carry_out(tmp_path, SOLD, contacts(FIELDS, *rows))
    assert sorted(
        done.rows("contacts", "customer_id", "contact_id", "contacted_at::text", "channel", "campaign", "outcome", "cost_amount")
    ) == [
        ("Ann", "1", "2024-03-01 10:00:00", "E-mail", "May", "opted_out", Decimal("0.02")),
        ("Ben", "1", "2024-03-01 10:00:00", "E-mail", "May", "delivered", Decimal("0.02")),
        ("Ben", "2", "2024-04-01 00:00:00", "Phone", None, "No answer", Decimal("4.5")),
    ]
    assert (done.receipt.sources[1].rows_used, done.receipt.counts["contacts"]) == (7, 3)
    assert "“Unsubscribed” means opted out" in done.receipt.choices["Outcome of contacts"]


def test_rows_without_an_id_are_contacts_of_their_own_and_customers_of_no_other_file_are_there(tmp_path: Path) -> None:
    done = carry_out(tmp_path, SOLD, contacts({"who": "customer_id", "at": "contacted_at"}, ("Cas", "2024-03-01"), ("Cas", "2024-03-01")))
    assert done.rows("contacts", "contact_id", "customer_id") == [("row 1", "Cas"), ("row 2", "Cas")]
    assert sorted(done.rows("customers", "customer_id")) == [("Ann",), ("Cas",)]


def test_contacts_without_a_day_or_a_customer_are_listed_with_the_reason(tmp_path: Path) -> None:
    rows = [("Ann", "2024-03-01", "1"), ("Ann", "soon", "1"), ("Ann", None, "1"), (None, "2024-03-01", "1"), ("Ann", "2099-01-01", "x")]
    done = carry_out(tmp_path, SOLD, contacts({"who": "customer_id", "at": "contacted_at", "paid": "cost_amount"}, *rows))
    assert sorted(done.rows("_rejected", "row", "reason", "column", "value")) == [
        (2, "the date cannot be read, or is no plausible one", "at", "soon"),
        (3, "no date", "at", None),
        (4, "no customer id", "who", None),
    ]
    assert done.receipt.counts["contacts"] == 2
    assert finding(done, "dates_to_come") == (1, "2099-01-01")
    assert finding(done, "values_unreadable") == (1, "x")


def test_days_may_be_written_in_any_way_and_keep_the_shop_s_own_hour(tmp_path: Path) -> None:
    """German days, English half days and moments with an offset, each in a file of its own."""
    written = ("15.03.2024 18:30", "03/15/2024 06:30 PM", "2024-03-15T18:30:00Z")
    files = [contacts({"who": "customer_id", "at": "contacted_at"}, ("Ann", one), name=f"{at}.csv") for at, one in enumerate(written)]
    assert carry_out(tmp_path, SOLD, *files).rows("contacts", "contacted_at::text") == [("2024-03-15 18:30:00",)] * 3


def test_words_for_outcomes_that_nobody_knows_stay_and_are_told(tmp_path: Path) -> None:
    rows = [("Ann", "2024-03-01", word) for word in ("frobnicated", "no answer", "отписался", None, "باز شده", "N/A")]
    done = carry_out(tmp_path, SOLD, contacts({"who": "customer_id", "at": "contacted_at", "what": "outcome"}, *rows))
    assert [word for (word,) in done.rows("contacts", "outcome")] == ["frobnicated", "no answer", "opted_out", None, "opened", None]
    assert finding(done, "contact_outcome_unknown")[1] == "frobnicated"


def test_marks_of_what_happened_make_the_outcome(tmp_path: Path) -> None:
    fields = {"who": "customer_id", "at": "contacted_at", "what": "outcome"} | {
        "Delivered": "delivered_mark", "Opens": "opened_mark", "Clicks": "clicked_mark", "Bounced": "bounced_mark", "Left": "opted_out_mark"
    }  # fmt: skip
    rows = [
        ("1", "2024-03-01", None, "yes", "0", "0", "no", None),
        ("2", "2024-03-01", "sent", "yes", "3", "0", "no", ""),
        ("3", "2024-03-01", None, "yes", "1", "2.0", None, "-"),
        ("4", "2024-03-01", "clicked", None, None, None, "TRUE", "false"),
        ("5", "2024-03-01", "opened", "1", "1", "0.0", "0", "2024-03-02 10:00"),
        ("6", "2024-03-01", "voicemail", "1", None, None, None, None),
        ("7", "2024-03-01", None, "0", "0", "0", "0", "0"),
    ]
    done = carry_out(tmp_path, SOLD, contacts(fields, *rows))
    found = [outcome for (outcome,) in done.rows("contacts", "outcome")]
    assert found == ["delivered", "opened", "clicked", "bounced", "opted_out", "voicemail", None]


# -- by e-mail ----------------------------------------------------------------------------------------------------------


def test_an_e_mail_finds_its_customer_in_whatever_letters(tmp_path: Path) -> None:
    known = people({"id": "customer_id", "mail": "email"}, ("a1", "Ann@Shop.de"), ("b1", "bo@shop.de "), ("b2", "BO@shop.de"), ("c1", None))
    rows = [(None, "ann@shop.de"), ("x9", "ann@shop.de"), (None, "Bo@Shop.de"), (None, "new@shop.de"), (None, None)]
    reached = contacts({"who": "customer_id", "to": "email", "at": "contacted_at"}, *((*row, "2024-03-01") for row in rows))
    done = carry_out(tmp_path, SOLD, known, reached)
    assert sorted(customer for (customer,) in done.rows("contacts", "customer_id")) == ["a1", "b1", "new@shop.de", "x9"]
    assert (finding(done, "address_of_nobody"), finding(done, "address_shared")[0]) == ((1, "new@shop.de"), 1)
    assert done.rows("_rejected", "row", "reason") == [(5, "no customer id")]


def test_an_e_mail_finds_the_person_behind_the_key_that_orders_use(tmp_path: Path) -> None:
    known = people(
        {"key": "customer_key", "id": "customer_id", "mail": "email"}, ("k1", "Ann", "ann@shop.de"), ("k2", "Ann", "ann@shop.de")
    )
    sold = sales("s.csv", ("k1", "7", "2021-01-01", "1", "2"))
    reached = contacts(
        {"to": "email", "who": "customer_id", "at": "contacted_at"}, ("ANN@shop.de", None, "2024-03-01"), (None, "k2", "2024-03-02")
    )
    done = carry_out(tmp_path, sold, known, reached)
    assert done.rows("contacts", "customer_id") == [("Ann",), ("Ann",)]


def test_sales_that_know_e_mails_tell_whose_they_are(tmp_path: Path) -> None:
    columns = {"who": "customer_id", "mail": "email", "day": "ordered_at", "sum": "net_amount"}
    sold = sales("s.csv", ("7", "ann@shop.de", "2021-01-01", "5"), ("7", "ann@shop.de", "2021-02-01", "5"), columns=columns)
    done = carry_out(tmp_path, sold, contacts({"to": "email", "at": "contacted_at"}, ("Ann@shop.de", "2024-03-01")))
    assert done.rows("contacts", "customer_id") == [("7",)]
    assert "address_shared" not in done.codes()


def test_contacts_need_somebody_and_something_beside_them(tmp_path: Path) -> None:
    nobody = contacts({"at": "contacted_at"}, ("2024-03-01",))
    undated = contacts({"who": "customer_id"}, ("Ann",))
    alone = contacts({"who": "customer_id", "at": "contacted_at"}, ("Ann", "2024-03-01"))
    for tables, code in (((SOLD, nobody), "no_customer"), ((SOLD, undated), "no_date"), ((alone,), "only_contacts")):
        with pytest.raises(MappingError) as refused:
            carry_out(tmp_path, *tables)
        assert [one.code for one in refused.value.problems] == [code]


# -- consent ------------------------------------------------------------------------------------------------------------


def test_the_receipt_says_that_a_column_of_opting_out_was_turned_round(tmp_path: Path) -> None:
    done = carry_out(tmp_path, SOLD, people({"id": "customer_id", "Opted out": "consent"}, ("Ann", "yes")))
    assert "turned round" in done.receipt.choices["p.csv › Consent to contact"]


# -- laws ---------------------------------------------------------------------------------------------------------------

ROW = st.tuples(
    st.sampled_from(["1", "2", None]),
    st.sampled_from(["Ann", "Ben", None]),
    st.sampled_from(["2021-03-01", "2021-03-02 10:00:00", "soon", None]),
    st.sampled_from(["E-mail", "Phone", None]),
    st.sampled_from(["May", None]),
    st.sampled_from(["sent", "opened", "unsubscribed", "voicemail", "hm", None]),
    st.sampled_from(["0.5", "x", None]),
)


@settings(max_examples=3)
@given(rows=st.lists(ROW, min_size=1, max_size=10), cut=st.integers(0, 10), mixer=st.randoms())
def test_neither_the_order_of_rows_nor_splitting_the_file_changes_contacts(
    rows: list[tuple[Any, ...]], cut: int, mixer: random.Random
) -> None:
    shuffled = mixer.sample(rows, len(rows))
    parts = [part for part in (shuffled[:cut], shuffled[cut:]) if part]
    found = []
    for files in ([rows], parts):
        with tempfile.TemporaryDirectory() as folder:
            done = carry_out(Path(folder), SOLD, *(contacts(FIELDS, *part, name=f"{at}.csv") for at, part in enumerate(files)))
            told = sum(one.rows_used + one.rows_rejected for one in done.receipt.sources[1:])
            made = [(id_ if id_ and id_.isdigit() else "made", *rest) for id_, *rest in done.rows("contacts")]
            found.append((told, Counter(made), Counter(done.rows("customers"))))
    assert found[0] == found[1]
    assert found[0][0] == len(rows)
