"""Which Windows code page gives words that a language has? For files that are neither UTF-8 nor UTF-16.

In a code page every byte is some letter, so all of them "work"; only one gives the letters that a language uses, as often as it
uses them, in words that do not mix scripts. The table holds each language's letters above ASCII with their shares in
percent of such letters, rounded from published letter counts; a language is a line of data.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Script = Literal["latin", "own"]


@dataclass(frozen=True)
class Language:
    """`shares` are the letters above ASCII, the most used first, each with its percentage. `script` "own" means that words hold
    no Latin letters. `never` matches what no word of the language holds (it tells apart what two code pages share).
    """

    name: str
    encoding: str
    script: Script
    shares: dict[str, float]
    never: str = ""


def _shares(text: str) -> dict[str, float]:
    return {pair[0]: float(pair[1:]) for pair in text.split()}


LANGUAGES: tuple[Language, ...] = (
    Language("German", "cp1252", "latin", _shares("ü35 ä30 ö17 ß18")),
    Language("French", "cp1252", "latin", _shares("é60 è10 à12 ê5 ç3 ô2 î1.5 û1.5 ù1 â2 œ1 ë0.5 ï0.5")),
    Language("Portuguese", "cp1252", "latin", _shares("ã25 ç17 é14 á12 í8 ó8 ê6 õ4 à2 ú2 â2 ô1")),
    Language("Spanish", "cp1252", "latin", _shares("ó30 í25 á18 é14 ñ10 ú6 ü0.5"), never="ñ[^aeiouáéíóúü]|ñ$"),
    Language("Italian", "cp1252", "latin", _shares("à30 è30 ù12 ò12 ì8 é8"), never=r"[àèùòì]\w"),
    Language("Nordic", "cp1252", "latin", _shares("å28 ä26 ö20 ø14 æ14")),
    Language("Polish", "cp1250", "latin", _shares("ł23 ę15 ą13 ó12 ż11 ś9 ć6 ń4 ź1.5"), never="^ł$"),
    Language("Czech", "cp1250", "latin", _shares("í20 á17 ě11 é9 ř8 š7 ž7 č7 ý7 ů4 ú2 ň1 ť0.5 ď0.5 ó0.5")),
    Language("Slovak", "cp1250", "latin", _shares("á20 í13 é11 č11 ý11 ž11 š9 ú7 ľ5 ť4 ň1.5 ô1.5 ä1 ď1 ó1")),
    Language("Hungarian", "cp1250", "latin", _shares("á28 é28 ö9 ó9 ő8 í6 ü5 ú4 ű2")),
    Language("Romanian", "cp1250", "latin", _shares("ă33 ţ20 ş20 î17 â9"), never="ăo|ăe|ăs"),
    Language("Croatian", "cp1250", "latin", _shares("č30 š28 ž20 ć15 đ7")),
    Language(
        "Russian",
        "cp1251",
        "own",
        _shares(
            "о11 е8.5 а8 и7.4 н6.7 т6.3 с5.5 р4.7 в4.5 л4.4 к3.5 м3.2 д3 п2.8 у2.6 я2 ы1.9 ь1.7 г1.7 з1.6 б1.6 ч1.4 й1.2 х1 ж0.9 "
            "ш0.7 ю0.6 ц0.5 щ0.4 э0.3 ф0.3 ъ0.04 ё0.1"
        ),
    ),
    Language(
        "Ukrainian",
        "cp1251",
        "own",
        _shares(
            "о9.4 а8.3 н6.8 и6.1 і5.7 т5.5 в5.4 р4.5 е5 с4 к3.9 д3.4 у3.4 л3.7 п2.9 м3 я2.2 з2.2 ь1.8 г1.6 б1.7 ч1.4 х1.2 й1.4 "
            "ж0.8 ї0.7 ц0.8 ш0.8 ю0.8 є0.6 щ0.6 ф0.3 ґ0.02"
        ),
    ),
    Language(
        "Arabic",
        "cp1256",
        "own",
        _shares(
            "ا16 ل12 ي8 م6.5 ن6 و6 ر5 ت5 ب4 ه4 ع4 د4 ف3 س3 ق2.5 ك2.5 ة3 ح2 أ2 ج1.5 ش1.5 ط1 ص1 خ1 إ0.8 ى0.8 ذ0.8 ض0.6 ث0.6 ز0.6 "
            "غ0.5 ظ0.2 ئ0.4 ء0.4 ؤ0.1 آ0.1"
        ),
    ),
    Language(
        "Persian",
        "cp1256",
        "own",
        _shares(
            "ا14 ي10 ی1 ر8 ن7.5 د7 ه6 م6 و6 ت5 ب4.5 ش4 س3.5 ل3 ک2 ك2 ز2.5 ف1.5 گ1.5 خ1.5 پ1.2 ع1.3 ق1 ج1 ح1 آ1 چ0.6 ط0.5 ص0.6 ض0.3 "
            "غ0.4 ذ0.3 ث0.2 ئ0.2 ظ0.2 ژ0.1 ء0.1"
        ),
    ),
)

WORD = re.compile(r"[^\W\d_]+")
#: A sign above ASCII with the letters beside it, if any.
SIGN_BETWEEN = re.compile(r"([^\W\d_]?)([^\w\x00-\x7f])(?=([^\W\d_]?))")
#: Signs above ASCII that stand between words in every language: blanks, quotation marks, dashes, currencies, number signs.
SIGNS = frozenset("\u00a0«»„“”‚‘’–—…•€£§°©®™№\u200c\u200d\u200e\u200f\u00ad،؛؟·×½¡¿ªº")
RARE = 0.0003
SIGN = 0.02


def likeliest(snippets: Sequence[bytes]) -> str:
    """The code page in which the snippets read most like one of the languages; Windows-1252 where there is nothing to tell."""
    encodings = dict.fromkeys(language.encoding for language in LANGUAGES)
    texts = {encoding: b"\n".join(snippets).decode(encoding, "replace") for encoding in encodings}
    best = max(LANGUAGES, key=lambda language: log_likelihood(texts[language.encoding], language))
    return best.encoding


def log_likelihood(text: str, language: Language) -> float:
    """Sum of the logarithms of the shares of all signs above ASCII in `text`, were it written in `language`.

    A word counts once, and so does a sign between the same letters: a name or a € that stands in a thousand rows says no more than in
    one, and a thousand euros are no proof that they are one letter of another code page.
    """
    total = sum(_word(word, language) for word in {word.lower() for word in WORD.findall(text) if not word.isascii()})
    return total + sum(math.log(SIGN if sign in SIGNS else RARE) for _, sign, _ in set(SIGN_BETWEEN.findall(text)))


def _word(word: str, language: Language) -> float:
    special = [letter for letter in word if not letter.isascii()]
    mixes = len(special) < len(word)
    if (mixes and language.script == "own") or (language.never and re.search(language.never, word)):
        return math.log(RARE) * len(special)
    plainness = math.log(RARE) if language.script == "latin" and not mixes and len(word) > 2 else 0.0  # “Żółć” is a word, and a rare one
    return plainness + sum(math.log(max(language.shares.get(letter, 0) / 100, RARE)) for letter in special)
