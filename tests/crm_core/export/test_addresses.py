"""E-mail and phone take the forms that the platforms publish, whatever they were written like."""

from __future__ import annotations

from hashlib import sha256

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from crm_core.export.addresses import email_for_google, email_for_meta, phone_for_google, phone_for_meta

LOCAL = st.text("abcXYZ019._+-' ", min_size=1, max_size=12)
DOMAIN = st.sampled_from(
    ["gmail.com", "GoogleMail.com", "web.de", "mail.example.org", "bücher.de", "xn--bcher-kva.de", "no-dot", "-bad.com", "a..b.com"]
)
EMAIL = st.builds("{}@{}".format, LOCAL, DOMAIN)


def hexadecimal(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_google_publishes_two_examples_of_an_email():
    assert email_for_google("cloudy.sanfrancisco+shopping@gmail.com") == "cloudysanfrancisco@gmail.com"
    assert email_for_google("user.name+NYC@Example.com") == "user.name+nyc@example.com"


def test_google_publishes_an_example_of_a_phone():
    assert phone_for_google("(800)555-0100", "US") == "+18005550100"


def test_meta_publishes_the_hash_of_an_email():
    assert hexadecimal(email_for_meta(" John_Smith@gmail.com ")) == "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"


def test_meta_publishes_the_hash_of_a_phone():
    assert hexadecimal(phone_for_meta("(650)555-1212", "US")) == "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"


def test_meta_keeps_the_dots_of_gmail_and_google_those_of_others():
    assert email_for_meta("A.B+c@gmail.com") == "a.b+c@gmail.com"
    assert email_for_google("A.B+c@web.de") == "a.b+c@web.de"


def test_white_space_within_goes_for_google_and_is_no_address_for_meta():
    assert email_for_google("\u200eanna @ web.de\ufeff") == "anna@web.de"
    assert email_for_meta("anna @ web.de") is None


NO_EMAILS = ["", "@", "anna", "anna@", "@web.de", "a@b", "a..b@web.de", "a@web..de", "a@-web.de", "a@web.de, b@web.de", "x" * 65 + "@web.de"]  # fmt: skip


@pytest.mark.parametrize("text", NO_EMAILS)
def test_what_is_no_address_is_left_out(text: str):
    assert (email_for_google(text), email_for_meta(text)) == (None, None)


def test_an_account_of_nothing_but_a_suffix_is_left_out():
    assert email_for_google("+shopping@gmail.com") is None


def test_letters_beyond_ascii_stay_in_one_form():
    assert email_for_google("Jürgen@Bücher.de") == email_for_google("Ju\u0308rgen@xn--bcher-kva.DE") == "jürgen@bücher.de"


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("0170 1234567", "DE", "+491701234567"),
        ("+49 (0)170 1234567", None, "+491701234567"),
        ("0049 170 1234567", None, "+491701234567"),
        ("0049 170 1234567", "AT", "+491701234567"),
        ("491701234567", "DE", "+491701234567"),
        ("04917 12345", "DE", "+49491712345"),
        ("16505551212", "US", "+16505551212"),
        ("989123456789", "IR", "+989123456789"),
        ("79123456789", "RU", "+79123456789"),
        ("۰۹۱۲ ۳۴۵ ۶۷۸۹", "IR", "+989123456789"),
        ("٠٩١٢٣٤٥٦٧٨٩", "IR", "+989123456789"),
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("020 7946 0958", "GB", "+442079460958"),
    ],
)
def test_phones_of_any_spelling_take_the_international_form(written: str, region: str | None, number: str):
    assert phone_for_google(written, region) == number
    assert phone_for_meta(written, region) == number[1:]


@pytest.mark.parametrize(
    ("text", "region"), [("0170 1234567", None), ("12", "DE"), ("", "DE"), ("none", "DE"), ("+49", None), ("0" * 40, "DE")]
)
def test_what_is_no_number_is_left_out(text: str, region: str | None):
    assert (phone_for_google(text, region), phone_for_meta(text, region)) == (None, None)


@given(EMAIL)
def test_normalising_an_email_twice_changes_nothing(text: str):
    for normal in (email_for_google, email_for_meta):
        once = normal(text)
        assert once is None or normal(once) == once


@given(EMAIL)
def test_the_short_way_answers_as_the_library_does(text: str):
    try:
        known = validate_email(text.strip().lower(), check_deliverability=False, strict=True).normalized.lower()
    except EmailNotValidError:
        known = None
    assert email_for_meta(text) == known


@given(st.integers(1_500_000_000, 1_799_999_999), st.sampled_from(["0{}", "+49{}", "0049 {}", "(0) {}", "+49 (0){}"]))
def test_a_number_is_the_same_in_all_spellings_and_twice(number: int, spelling: str):
    once = phone_for_google(spelling.format(number), "DE")
    assert once == phone_for_google(f"+49{number}", None)
    assert once is None or (phone_for_google(once, None) == once and phone_for_meta("+" + phone_for_meta(once, None), "US") == once[1:])
