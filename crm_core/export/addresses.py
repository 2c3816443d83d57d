"""How do the ad platforms compare an e-mail address or a phone number? One answer an address: its normal form, or none where it is not valid.

Google: "Format user data" (Data Manager API) and "Formatting guidelines for uploading hashed data" (Google Ads Help): white space goes,
lower case; before @gmail.com and @googlemail.com dots and all from a plus sign on go; phones in E.164 with the plus sign.
Meta: "Customer Information Parameters" (Conversions API): outer white space goes, lower case;
phones as digits with the country's code, without plus sign and leading zeros.
Neither says how letters beyond ASCII are to be written; they stay (Unicode NFC), encoded as UTF-8.
"""

from __future__ import annotations

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    country_code_for_region,
    format_number,
    is_valid_number,
    parse,
)

#: A local part of which no doubt is possible (RFC 5322 dot-atom, lower case); anything else is looked at in full.
_PLAIN = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LOCAL_MAX, _EMAIL_MAX = 64, 254  # letters, RFC 5321

_GMAIL = frozenset({"gmail.com", "googlemail.com"})

#: Invisible letters that copying leaves around an address: byte-order mark, zero-width and direction marks.
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\u00ad"
_ENDS = re.compile(rf"^[\s{_INVISIBLE}]+|[\s{_INVISIBLE}]+$")
_SPACE = re.compile(r"\s+")


def email_for_meta(text: str) -> str | None:
    """The address trimmed and in lower case; None where it is no valid address."""
    return _valid_email(_ENDS.sub("", text).lower())


def email_for_google(text: str) -> str | None:
    """The address without white space, in lower case, Gmail's without dots and suffix; None where it is no valid address."""
    address = _valid_email(_SPACE.sub("", _ENDS.sub("", text)).lower())
    if address is None:
        return None
    local, _, domain = address.rpartition("@")
    if domain not in _GMAIL:
        return address
    account = local.partition("+")[0].replace(".", "")
    return f"{account}@{domain}" if account else None


def phone_for_google(text: str, region: str | None) -> str | None:
    """The number in E.164 (+4930123456); None where it is not valid. `region`: code of the country of numbers without one."""
    written = _ENDS.sub("", text)
    marked = _international(written, region)
    number = _valid_number(marked, region) or (_valid_number(written, region) if written != marked else None)
    return format_number(number, PhoneNumberFormat.E164) if number else None


def phone_for_meta(text: str, region: str | None) -> str | None:
    """The number as digits alone, the country's code first (4930123456); else as `phone_for_google`."""
    number = phone_for_google(text, region)
    return number.removeprefix("+") if number else None


def has_country(text: str) -> bool:
    """Whether a phone number says its country itself (+49…, 0049…)."""
    return _ENDS.sub("", text).startswith(("+", "＋", "00"))


def _international(text: str, region: str | None) -> str:
    """A number that begins with the country's own code but has lost its plus sign, as spreadsheets leave it (491701234567), with a plus sign.

    In Germany the library would read it as a number of the area 04917. Numbers of a country start with another digit, mostly 0.
    """
    if region is None:
        return "+" + text[2:] if text.startswith("00") else text
    return "+" + text if text.startswith(str(country_code_for_region(region))) else text


def _valid_number(text: str, region: str | None) -> PhoneNumber | None:
    try:
        number = parse(text, region)
    except NumberParseException:
        return None
    return number if is_valid_number(number) else None


def _valid_email(address: str) -> str | None:
    local, _, domain = address.rpartition("@")
    plain = len(local) <= _LOCAL_MAX and len(address) <= _EMAIL_MAX and domain.isascii() and _PLAIN.fullmatch(local)
    return address if plain and _is_domain(domain) else _normalized(address)


@lru_cache(maxsize=50_000)
def _is_domain(domain: str) -> bool:
    """Whether a domain can receive mail, as far as its letters tell, and is in its normal form; kept, since millions of addresses share few."""
    return _normalized(f"a@{domain}") == f"a@{domain}"


def _normalized(address: str) -> str | None:
    """The address in the form of the e-mail standards (RFC 5321, 6531), without asking the network whether it exists."""
    try:
        return validate_email(address, check_deliverability=False, strict=True).normalized.lower()
    except EmailNotValidError:
        return None
