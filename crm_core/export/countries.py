"""Which country does a text mean? One answer a text: its two-letter code (ISO 3166-1), or none where that is not sure.

Codes of two and three letters and of three digits are read, and the names of all countries in the languages of the Unicode
Common Locale Data Repository (CLDR, as packed in Babel): Germany, Deutschland, Германия, «آلمان». A name that means different
countries in different languages («Kongo») is no answer; common names that CLDR does not list stand in `ALSO`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

#: Names people write that CLDR does not carry, by the code of their country.
ALSO = {
    "AE": "UAE, Emirates, الإمارات, امارات",
    "BA": "Bosnia, Bosnia-Herzegovina",
    "BO": "Plurinational State of Bolivia",
    "BN": "Brunei Darussalam",
    "CD": "Democratic Republic of the Congo, DR Congo, DRC",
    "CG": "Republic of the Congo",
    "CI": "Ivory Coast",
    "CV": "Cabo Verde",
    "CZ": "Czech Republic",
    "GB": "UK, Great Britain, Britain, England, Scotland, Wales, Northern Ireland, United Kingdom of Great Britain and Northern Ireland, "
    "Großbritannien, Grande-Bretagne, Gran Bretaña, Gran Bretagna, Англия, انگلیس, انگلستان",
    "HK": "Hong Kong",
    "IE": "Eire, Republic of Ireland",
    "IR": "Islamic Republic of Iran, Iran (Islamic Republic of)",
    "KP": "Democratic People's Republic of Korea",
    "KR": "Korea, Republic of Korea, Korea (Republic of), 한국",
    "LA": "Lao People's Democratic Republic",
    "MD": "Republic of Moldova",
    "MK": "Macedonia, Republic of North Macedonia",
    "MM": "Burma, Myanmar",
    "MO": "Macau, Macao",
    "NL": "Holland, The Netherlands",
    "PS": "Palestine, State of Palestine",
    "RU": "Russian Federation, РФ, Российская Федерация",
    "SA": "السعودية, العربية السعودية",
    "SY": "Syrian Arab Republic",
    "SZ": "Swaziland",
    "TR": "Turkey",
    "TZ": "United Republic of Tanzania",
    "US": "USA, United States of America, США, EE. UU., آمریکا, أمريكا",
    "VA": "Holy See",
    "VE": "Bolivarian Republic of Venezuela",
    "VN": "Viet Nam",
    "ZA": "RSA, Republic of South Africa",
}

#: Accents (over Latin, Greek and Cyrillic letters) and vowel marks and hamzas (Arabic) that some write and some leave out.
_MARKS = re.compile("[\u0300-\u036f\u064b-\u0655]")

#: Letters of Arabic keyboards beside those of Persian ones.
_PERSIAN = str.maketrans("\u064a\u0643", "\u06cc\u06a9")

_CODE_LETTERS = 2

#: Two letters that CLDR gives to unions, to the rest of the world and to tests.
NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}


def country_code(text: str | None) -> str | None:
    """The two capital letters of the country that `text` names or codes, None where it names none or more than one."""
    return _codes().get(_folded(text)) if text else None


def _folded(text: str) -> str:
    """The letters and digits of a name alone, in one form for all spellings."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text.translate(_PERSIAN))).casefold()
    return "".join(letter for letter in plain if letter.isalnum() or unicodedata.category(letter)[0] == "M")


@lru_cache(maxsize=1)
def _codes() -> Mapping[str, str]:
    """Folded name or code -> code. What stands first wins: codes, then `ALSO`, then the names of all languages."""
    from babel import Locale

    known = {str(code) for code in Locale("en").territories if len(str(code)) == _CODE_LETTERS} - NO_COUNTRIES
    named = _in_all_languages(known)
    listed = {_folded(name): code for code, names in ALSO.items() for name in names.split(", ")}
    coded = {_folded(alias): code for alias, code in _aliases(known)} | {_folded(code): code for code in known}
    return MappingProxyType(named | listed | coded)


def _aliases(known: set[str]) -> Iterator[tuple[str, str]]:
    """Three letters, three digits and former codes that stand for one country today."""
    from babel.core import get_global

    for alias, codes in get_global("territory_aliases").items():
        if len(codes) == 1 and codes[0] in known:
            yield alias, codes[0]


def _in_all_languages(known: set[str]) -> dict[str, str]:
    """The names of every country in every language. Where two languages mean different countries, the one that all others but one mean."""
    from babel import Locale
    from babel.localedata import locale_identifiers

    meanings: dict[str, Counter[str]] = {}
    for language in locale_identifiers():
        if "_" not in language:
            for code, name in Locale.parse(language).territories.items():
                if code in known:
                    meanings.setdefault(_folded(name), Counter())[str(code)] += 1
    return {name: codes.most_common(1)[0][0] for name, codes in meanings.items() if _is_clear(codes)}


def _is_clear(codes: Counter[str]) -> bool:
    """Whether at most one language means another country, and more than one this one."""
    most = max(codes.values())
    return len(codes) == 1 or (codes.total() - most <= 1 < most)
