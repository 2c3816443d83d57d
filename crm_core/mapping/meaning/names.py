"""What a column's name says: its words, in whatever spelling, and the concepts they stand for.

"CustomerID", "customer_id", "Kundennummer", "Код клиента" and "شماره‌ی مشتری" all say {customer, id}.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from crm_core.mapping.meaning.vocabulary import COMPOUNDS, LEADING, NOISE, WORDS

_CAMEL = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])|(?<=[A-ZА-ЯЁ])(?=[A-ZА-ЯЁ][a-zа-яё])")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_SIGN_WORDS = {"№": " no ", "#": " no ", "%": " percent ", "N°": " no ", "Nº": " no ", "nº": " no ", "n°": " no "}
_SIGNS = re.compile("|".join(_SIGN_WORDS))
_LETTERS = str.maketrans(
    {
        "ي": "ی",
        "ى": "ی",
        "ك": "ک",
        "ة": "ه",
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ؤ": "و",
        "ё": "е",
        "\u200c": " ",
        "\u200f": "",
        "\u200e": "",
        "\u200b": "",
        "\ufeff": "",
    }
)
_LONGEST_PHRASE = 3
_SHORTEST_PART, _LONGEST_WORD = 2, 60


@dataclass(frozen=True)
class Meaning:
    """`concepts` the name's words stand for; `unknown` counts the words we do not know; `words` as read."""

    concepts: frozenset[str]
    unknown: int
    words: tuple[str, ...]


def plain(text: str) -> str:
    """Lower case, one letter for the Persian and Arabic forms, е for ё, no accents on Latin letters, no zero-width signs."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    return "".join(_without_accent(letter) for letter in text)


def words(name: str) -> tuple[str, ...]:
    """The words of a column name: split at blanks, signs, underscores, digits and camelCase. "№" and "#" read as "no"."""
    split = _CAMEL.sub(" ", _SIGNS.sub(lambda sign: _SIGN_WORDS[sign.group()], name))
    return tuple(word for word in _WORD.findall(plain(split)) if not word.isdigit())


def same(left: str, right: str) -> bool:
    """True where two names differ only in spelling: "Order ID", "order_id", "OrderId"."""
    return "".join(words(left)) == "".join(words(right)) != "" or plain(left).strip() == plain(right).strip()


@lru_cache(maxsize=4096)
def meaning(name: str) -> Meaning:
    """The concepts of a column name; phrases are looked up before words, unknown words are tried as joined known ones."""
    spoken = words(name)
    found: set[str] = set()
    unknown, at = 0, 0
    while at < len(spoken):
        length, concepts = _longest(spoken, at)
        if not concepts and spoken[at] not in NOISE:
            unknown += 1
        found |= concepts
        at += length
    return Meaning(frozenset(found), unknown, spoken)


def _longest(spoken: tuple[str, ...], at: int) -> tuple[int, frozenset[str]]:
    for length in range(min(_LONGEST_PHRASE, len(spoken) - at), 1, -1):
        phrase = " ".join(spoken[at : at + length])
        if phrase in _exact():
            return length, _exact()[phrase]
    if at == 0 and len(spoken) > 1 and spoken[0] in LEADING:
        return 1, frozenset({LEADING[spoken[0]]})
    return 1, _concepts(spoken[at])


@lru_cache(maxsize=8192)
def _concepts(word: str) -> frozenset[str]:
    """Of one word: as it stands, then without its plural, then by its stem, then cut into known words ("kundennummer")."""
    exact = _exact()
    for form in (word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ها"), word.removesuffix("های")):
        if form in exact:
            return exact[form]
    if word in NOISE:
        return frozenset()
    for stem, concepts in _stems():
        if word.startswith(stem):
            return concepts
    return _cut(word)


def _cut(word: str) -> frozenset[str]:
    """Concepts of known words that make up the whole word, the fewest parts first; empty where it cannot be cut, or is too long for a name."""
    if len(word) > _LONGEST_WORD:
        return frozenset()
    best: list[tuple[int, frozenset[str]] | None] = [(0, frozenset())] + [None] * len(word)
    for end in range(_SHORTEST_PART, len(word) + 1):
        for start in range(0, end - _SHORTEST_PART + 1):
            before, part = best[start], word[start:end]
            known = _exact().get(part) or _exact().get(part.removesuffix("s"))
            if before is None or known is None:
                continue
            if best[end] is None or before[0] + 1 < best[end][0]:  # type: ignore[index]
                best[end] = (before[0] + 1, before[1] | known)
    whole = best[len(word)]
    return whole[1] if whole is not None else frozenset()


@lru_cache(maxsize=1)
def _exact() -> dict[str, frozenset[str]]:
    found = {
        plain(word.replace("_", " ")): _implied(concept)
        for concept, line in WORDS.items()
        for word in line.split()
        if not word.endswith("*")
    }
    return found | {plain(phrase): frozenset(concepts.split()) for phrase, concepts in COMPOUNDS.items()}


@lru_cache(maxsize=1)
def _stems() -> tuple[tuple[str, frozenset[str]], ...]:
    """Stems, the longest first, so that "подкатегория" is not read as "категория"."""
    pairs = [
        (plain(word[:-1].replace("_", " ")), _implied(concept))
        for concept, line in WORDS.items()
        for word in line.split()
        if word.endswith("*")
    ]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


#: A time is a date as well, and each measure of satisfaction is a score.
_IMPLIED = {"time": "date", "nps": "score", "csat": "score", "ces": "score", "attitude": "score"}


def _implied(concept: str) -> frozenset[str]:
    """The concept with what it is besides; most stand for themselves alone."""
    return frozenset({concept, _IMPLIED.get(concept, concept)})


def _without_accent(letter: str) -> str:
    decomposed = unicodedata.normalize("NFKD", letter)
    return decomposed[0] if "a" <= decomposed[0] <= "z" else letter
