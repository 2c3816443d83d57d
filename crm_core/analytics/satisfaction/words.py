"""Which words do comments hold? Comments in any script, as numbers that are quick to count.

Grain: word of a comment, in reading order. A word is letters, marks and digits with at least one letter; an apostrophe or a zero-width non-joiner
joins two parts of it. Words are the same when their keys are: without case, accents and vowel signs, Arabic letters as Persian ones, joiners
left out, and light endings (Portuguese plural, Russian cases) taken off. What a reader sees is the spelling most often met.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from crm_core.analytics.satisfaction.stop_words import NEGATIONS, OFTEN_WITHOUT_ACCENTS, STOP_WORDS

#: Between two comments, in the text and as a number.
END, END_NO = "\0", 0
#: No phrase reaches across these.
BREAKS = r".,;:!?()\[\]{}\n\r،؛؟。、।|/"
_JOINERS = "'\u200c\u200d"
_ARABIC_MARKS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]")
#: Accents of Latin, Greek and Cyrillic letters and points of Hebrew ones. Marks of Indic scripts and Thai are letters to their readers.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7]")
_TO_PERSIAN = str.maketrans("يىكةۀأإٱ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "ییکههااا01234567890123456789")
_ELIDED = re.compile("^(?:l|d|j|m|t|s|c|qu)'(?=..)|'s$")
#: As they are without accents, where “й” is “и”.
_RUSSIAN_ENDINGS = tuple(
    """
    иями ями ами ыми ими его ого ему ому иях ях ах иям ям ам ием ем ом ии ыи ои еи ая яя ое ее ые ие ую юю ых их ов ев ия ью ь а е и о у ы ю я
    """.split()
)
#: A language is found with this share of the words that are stop words of it alone, at least.
FOUND_FROM = 0.1


@dataclass(frozen=True, eq=False)
class Words:
    """The words of many comments.

    `ids`: a number a word in reading order, END_NO after each comment. By that number: `spellings` (as written, in small letters), `keys` (the
    number of what it is the same as), `is_word` (else it ends a phrase, or is a number). `numbers` finds a key by its text.
    """

    ids: np.ndarray
    spellings: tuple[str, ...]
    keys: np.ndarray
    is_word: np.ndarray
    is_break: np.ndarray
    numbers: dict[str, int]


@dataclass(frozen=True, eq=False)
class Occurrences:
    """Words that say something, in reading order: the place of their comment, their spelling, their key, and the phrase they stand in."""

    comment: np.ndarray
    spelling: np.ndarray
    key: np.ndarray
    phrase: np.ndarray


def read(pieces: Iterable[list[str]]) -> Words:
    """The words of comments, which come in pieces so that their text never stands in memory whole."""
    known: defaultdict[str, int] = defaultdict()
    known.default_factory = known.__len__
    known[END] = END_NO
    numbered = [_numbered(piece, known) for piece in pieces]
    spellings = tuple(map(spelling, known))
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    keys = np.fromiter((numbers[key(one)] for one in spellings), dtype=np.int32, count=len(spellings))
    is_break = np.fromiter((not any(letter.isalnum() for letter in one) for one in spellings), dtype=bool, count=len(spellings))
    is_word = np.fromiter((any(letter.isalpha() for letter in one) for one in spellings), dtype=bool, count=len(spellings))
    ids = np.concatenate([np.zeros(0, dtype=np.int32), *numbered])
    return Words(ids, spellings, keys, is_word, is_break, dict(numbers))


def _numbered(texts: list[str], known: defaultdict[str, int]) -> np.ndarray:
    found = _pattern().findall(_prepared(END.join([*(text.replace(END, " ") for text in texts), ""])))
    return np.fromiter(map(known.__getitem__, found), dtype=np.int32, count=len(found))


def _prepared(text: str) -> str:
    """Compatibility forms resolved, small letters, one kind of apostrophe; soft hyphens and marks of direction gone."""
    plain = unicodedata.normalize("NFKC", text).lower()
    for old, new in (("’", "'"), ("‘", "'"), ("_", " "), ("\u00ad", ""), ("\u200e", ""), ("\u200f", "")):
        plain = plain.replace(old, new)
    return plain


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """A word, a run of breaks, or the end of a comment. `\\w` alone would cut words at the vowel signs of many scripts."""
    marks = "".join(chr(code) for code in range(0x300, min(sys.maxunicode, 0xFFFF)) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
    letter = rf"[\w{marks}]"
    return re.compile(rf"{letter}+(?:[{_JOINERS}]+{letter}+)*|[{BREAKS}]+|{END}")


def tokens(text: str) -> list[str]:
    """The words and numbers of a text, as spelt."""
    found = (spelling(one) for one in _pattern().findall(_prepared(text)))
    return [one for one in found if any(letter.isalnum() for letter in one)]


def spelling(token: str) -> str:
    """A token as shown: Persian letters, no vowel signs of Arabic, no elided article."""
    plain = _ARABIC_MARKS.sub("", token).translate(_TO_PERSIAN)
    return _ELIDED.sub("", plain) if "'" in plain else plain


def key(word: str) -> str:
    """What two spellings of a word have in common."""
    return _without_ending(bare(word).replace("\u200c", "").replace("\u200d", ""))


def bare(word: str) -> str:
    """Without case and accents."""
    if word.isascii():
        return word
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word.casefold())))


def _without_ending(word: str) -> str:
    if len(word) >= 4 and "\u0400" <= word[0] <= "\u04ff":
        return next((word[: -len(one)] for one in _RUSSIAN_ENDINGS if word.endswith(one) and len(word) - len(one) >= 3), word)
    return word[:-1] if len(word) >= 5 and word.endswith(("as", "es", "os")) else word


def languages(words: Words, counts: np.ndarray) -> tuple[str, ...]:
    """The languages found, the most frequent first, by the stop words and negations that only one of them has; `counts` of each spelling."""
    lists = {name: _stop_list(name) | NEGATIONS[name] for name in STOP_WORDS}
    hits = dict.fromkeys(lists, 0)
    for one, count in zip(words.spellings, counts.tolist(), strict=True):
        speaks = [name for name, stop in lists.items() if count and one in stop]
        if len(speaks) == 1:
            hits[speaks[0]] += count
    least = FOUND_FROM * sum(hits.values())
    return tuple(sorted((name for name, count in hits.items() if count and count >= least), key=lambda name: -hits[name]))


@lru_cache(maxsize=16)
def _stop_list(language: str) -> frozenset[str]:
    stop = STOP_WORDS[language]
    return stop | frozenset(map(bare, stop)) if language in OFTEN_WITHOUT_ACCENTS else stop


def stop_words(found: Iterable[str]) -> frozenset[str]:
    """The stop words of these languages, but for the words that one of them denies with."""
    names = tuple(found)
    return frozenset[str]().union(*map(_stop_list, names)).difference(*(NEGATIONS[name] for name in names))


def occurrences(words: Words, chosen: np.ndarray, stop: frozenset[str]) -> Occurrences:
    """The words of the chosen comments (a yes or no a comment), without stop words and numbers."""
    ends = words.ids == END_NO
    comment = np.cumsum(ends) - ends
    phrase = np.cumsum(words.is_break[words.ids])
    says = words.is_word & ~np.fromiter((one in stop for one in words.spellings), dtype=bool, count=len(words.spellings))
    kept = np.flatnonzero(says[words.ids] & chosen[comment]) if len(chosen) else np.zeros(0, dtype=np.int64)
    spelt = words.ids[kept]
    return Occurrences(comment[kept], spelt, words.keys[spelt], phrase[kept])


def counts(words: Words, chosen: np.ndarray) -> np.ndarray:
    """How often each spelling stands in the chosen comments."""
    ends = words.ids == END_NO
    comment = np.cumsum(ends) - ends
    ids = words.ids[chosen[comment]] if len(chosen) else words.ids[:0]
    return np.bincount(ids, minlength=len(words.spellings))
