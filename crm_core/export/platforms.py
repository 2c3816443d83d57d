"""Which people are to see the advertisements? One row a person, e-mail and phone hashed as Google and Meta compare them.

Google Customer Match takes a CSV with the columns Email and Phone ("Format your customer data file", Google Ads Help); its match by postal
address needs a postcode as well, so names and countries are of no use there and stay at home. Meta Custom Audiences takes email, phone and country
("How to format a customer list when creating a custom audience", Meta Business Help Centre). Names stay out of both: where a full name
splits into given and family name is a guess in many cultures, and a wrong hash matches nobody. All is hashed by SHA-256, in lower-case hexadecimals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO

import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.export.addresses import email_for_google, email_for_meta, has_country, phone_for_google, phone_for_meta
from crm_core.export.countries import country_code


@dataclass(frozen=True)
class Platform:
    """An ad platform's file: its name, columns, and how it normalises."""

    title: str
    header: tuple[str, ...]
    email: Callable[[str], str | None]
    phone: Callable[[str, str | None], str | None]
    with_country: bool


PLATFORMS: Mapping[str, Platform] = {
    "google": Platform("Google Customer Match", ("Email", "Phone"), email_for_google, phone_for_google, with_country=False),
    "meta": Platform("Meta Custom Audiences", ("email", "phone", "country"), email_for_meta, phone_for_meta, with_country=True),
}


@dataclass(frozen=True)
class Written:
    """What became of the customers: `count_in` is the sum of written, without address, unusable and duplicates.

    Without address: neither e-mail nor phone given. Unusable: what is given is not valid. Duplicates: every valid address stood in an earlier row.
    Beside these, of addresses: `count_emails` and `count_phones` written; not valid; phones without a country by which to read them (in the
    invalid ones as well); repeated in a customer who was written with the other address.
    """

    count_in: int = 0
    count_written: int = 0
    count_without_address: int = 0
    count_unusable: int = 0
    count_duplicates: int = 0
    count_emails: int = 0
    count_phones: int = 0
    count_invalid_emails: int = 0
    count_invalid_phones: int = 0
    count_phones_without_country: int = 0
    count_repeated: int = 0


def write_platform(batches: Iterable[pa.RecordBatch], target: BinaryIO, platform: str, default_country: str = "") -> Written:
    """Customers as a CSV that the platform takes, into an open binary file, a batch at a time.

    `batches`: columns email, phone, country (name or code), any of which may be missing but not both of the first two; others are not looked at.
    `platform`: a key of PLATFORMS. `default_country`: name or code, for phones of customers without a country.
    Each address stands in the file once. Raises CrmError where the platform or the country is not known, or no column holds an address.
    """
    if platform not in PLATFORMS:
        raise CrmError("Unknown ad platform", f"“{platform}” is none of {', '.join(PLATFORMS)}.", "Choose one of these.")
    writer = _Writer(PLATFORMS[platform], _default(default_country))
    target.write(",".join(writer.platform.header).encode() + b"\r\n")
    for batch in batches:
        target.write("".join(writer.lines(batch)).encode("ascii"))
    return Written(**writer.counts)


def _default(country: str) -> str | None:
    code = country_code(country)
    if country and code is None:
        raise CrmError(
            "Unknown country", f"“{country}” names no country, or more than one.", "Give its name or its two-letter code, such as DE."
        )
    return code


@dataclass
class _Writer:
    """One file on its way: the counts so far and the addresses that stand in it already (32 bytes each)."""

    platform: Platform
    default: str | None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Written.__dataclass_fields__, 0))
    seen: set[bytes] = field(default_factory=set)
    regions: dict[str, str | None] = field(default_factory=dict)

    def lines(self, batch: pa.RecordBatch) -> Iterator[str]:
        """The file's lines for the customers of a batch who can be reached."""
        if not {"email", "phone"} & set(batch.schema.names):
            raise CrmError("No address to match by", "The list has neither e-mail nor phone.", "Assign one of them to the customers table.")
        self.counts["count_in"] += batch.num_rows
        for email, phone, country in zip(*(_texts(batch, name) for name in ("email", "phone", "country")), strict=True):
            if not email and not phone:
                self.counts["count_without_address"] += 1
            elif cells := self._cells(email, phone, self._region(country)):
                self.counts["count_written"] += 1
                yield ",".join(cells) + "\r\n"

    def _cells(self, email: str, phone: str, region: str | None) -> list[str] | None:
        """The hashed cells of a customer; None, counted, where no address is valid and new."""
        normal = (self._email(email), self._phone(phone, region or self.default))
        digests = [sha256(address.encode()).digest() if address else None for address in normal]
        fresh = [None if digest in self.seen else digest for digest in digests]
        if not any(fresh):
            self.counts["count_duplicates" if any(digests) else "count_unusable"] += 1
            return None
        self.seen.update(digest for digest in fresh if digest)
        self.counts["count_emails"] += fresh[0] is not None
        self.counts["count_phones"] += fresh[1] is not None
        self.counts["count_repeated"] += sum(digest is not None for digest in digests) - sum(digest is not None for digest in fresh)
        cells = [digest.hex() if digest else "" for digest in fresh]
        return [*cells, _hashed(region.lower()) if region else ""] if self.platform.with_country else cells

    def _email(self, text: str) -> str | None:
        address = self.platform.email(text) if text else None
        self.counts["count_invalid_emails"] += bool(text) and address is None
        return address

    def _phone(self, text: str, region: str | None) -> str | None:
        number = self.platform.phone(text, region) if text else None
        if text and number is None:
            self.counts["count_invalid_phones"] += 1
            self.counts["count_phones_without_country"] += region is None and not has_country(text)
        return number

    def _region(self, country: str) -> str | None:
        if country not in self.regions:
            self.regions[country] = country_code(country)
        return self.regions[country]


def _texts(batch: pa.RecordBatch, name: str) -> list[str]:
    """A column as trimmed texts, empty where missing."""
    if name not in batch.schema.names:
        return [""] * batch.num_rows
    return ["" if value is None else str(value).strip() for value in batch.column(name).to_pylist()]


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()
