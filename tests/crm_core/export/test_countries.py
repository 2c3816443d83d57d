"""A country is known by its codes and by its name in any language, and not at all where a name is not sure."""

from __future__ import annotations

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from crm_core.export.countries import ALSO, country_code

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "uk", "tr", "fa", "ar", "zh", "ja", "ko", "hi")

NAMES = {
    "DE": [
        "Germany",
        " germany ",
        "GERMANY",
        "Deutschland",
        "Allemagne",
        "Германия",
        "آلمان",
        "ألمانيا",
        "المانيا",
        "DE",
        "de",
        "DEU",
        "276",
    ],
    "IR": ["Iran", "ایران", "إيران", "ايران", "Iran, Islamic Republic of", "IRN"],
    "GB": ["UK", "United Kingdom", "England", "Великобритания", "انگلیس", "Großbritannien", "GBR"],
    "US": ["USA", "U.S.A.", "United States", "United States of America", "США", "Vereinigte Staaten", "آمریکا", "امریکا"],
    "AT": ["Österreich", "Osterreich", "Austria"],
    "CI": ["Côte d’Ivoire", "Cote d'Ivoire", "Ivory Coast"],
    "IE": ["EIRE", "Ireland"],
    "ZA": ["RSA", "South Africa"],
    "KR": ["South Korea", "Republic of Korea", "한국", "대한민국"],
    "LV": ["Latvia", "لتونی"],
}


@pytest.mark.parametrize(("code", "names"), NAMES.items())
def test_usual_spellings_are_read(code: str, names: list[str]):
    assert {country_code(name) for name in names} == {code}


@pytest.mark.parametrize("text", ["", None, "Unspecified", "European Community", "Channel Islands", "EU", "Kongo", "=1+1", "12", "\0"])
def test_what_names_no_single_country_is_no_country(text: str | None):
    assert country_code(text) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_countries_are_known_by_their_names_in_the_large_languages(language: str):
    names = Locale(language).territories
    codes = [code for code in Locale("en").territories if len(code) == 2 and code not in {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}]
    wrong = {names[code]: country_code(names[code]) for code in codes if country_code(names[code]) != code}
    assert wrong in ({}, {"Kongo": None})


def test_names_added_by_hand_mean_what_the_list_says():
    assert {code: {country_code(name) for name in names.split(", ")} for code, names in ALSO.items()} == {code: {code} for code in ALSO}


@given(st.sampled_from(sorted(NAMES["DE"])), st.sampled_from([str.upper, str.lower, str.title, lambda text: f" {text}. "]))
def test_case_and_punctuation_do_not_matter(name: str, change):
    assert country_code(change(name)) == "DE"


@given(st.text())
def test_any_text_gets_an_answer(text: str):
    assert (code := country_code(text)) is None or (len(code) == 2 and code.isupper())
