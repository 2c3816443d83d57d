"""Scores in words and marks: "very satisfied", "★★★★☆", "4/5", "4 stars", "5 - Very satisfied", "80 %".

A list of words is a scale, the worst answer first; a line of PHRASES is one answer in all its wordings. Marks are patterns of their own.
Adding a language is adding words. Spelled in any way that `names.plain` makes equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from crm_core.mapping.meaning.names import plain
from crm_core.mapping.values import text as words


@dataclass(frozen=True)
class WordList:
    """Answers in words: the measure they are usual for, the scale, and for each score its wordings, separated by "; "."""

    name: str
    measure: str
    lowest: int
    highest: int
    phrases: dict[int, str]


#: Tried in turn: where lists know equally many words of a column, the first counts.
WORD_LISTS = (
    WordList(
        "satisfaction",
        "csat",
        1,
        5,
        {
            1: "very dissatisfied; very unsatisfied; extremely dissatisfied; completely dissatisfied; highly dissatisfied; very unhappy; "
            "sehr unzufrieden; vollig unzufrieden; tres insatisfait; pas du tout satisfait; muy insatisfecho; muy insatisfecha; "
            "muito insatisfeito; muito insatisfeita; nada satisfeito; "
            "очень недоволен; очень недовольна; совершенно не удовлетворен; полностью не удовлетворен; совсем не удовлетворен; "
            "полностью не удовлетворена; очень не удовлетворен; "
            "بسیار ناراضی; خیلی ناراضی; کاملا ناراضی",
            2: "dissatisfied; unsatisfied; not satisfied; somewhat dissatisfied; rather dissatisfied; unhappy; slightly dissatisfied; "
            "unzufrieden; eher unzufrieden; nicht zufrieden; eher nicht zufrieden; weniger zufrieden; insatisfait; insatisfaite; "
            "pas satisfait; plutot insatisfait; peu satisfait; insatisfecho; insatisfecha; algo insatisfecho; insatisfeito; insatisfeita; "
            "pouco satisfeito; "
            "недоволен; недовольна; не удовлетворен; не удовлетворена; неудовлетворен; неудовлетворена; скорее не удовлетворен; "
            "скорее недоволен; скорее недовольна; ناراضی; ناراضی هستم; راضی نیستم; نسبتا ناراضی; تا حدی ناراضی",
            3: "neutral; neither satisfied nor dissatisfied; neither; ok; okay; undecided; indifferent; mixed; teils teils; weder noch; "
            "neutre; neutro; neutra; indiferente; ni satisfecho ni insatisfecho; nem satisfeito nem insatisfeito; "
            "нейтрально; нейтрален; нейтральна; нейтральный; нейтральная; затрудняюсь ответить; ни да ни нет; "
            "خنثی; بی تفاوت; بی نظر; نظری ندارم; نه راضی نه ناراضی; متوسط; ممتنع",
            4: "satisfied; somewhat satisfied; rather satisfied; mostly satisfied; happy; zufrieden; eher zufrieden; satisfait; satisfaite; "
            "plutot satisfait; satisfecho; satisfecha; algo satisfecho; satisfeito; satisfeita; "
            "доволен; довольна; удовлетворен; удовлетворена; скорее удовлетворен; скорее удовлетворена; скорее доволен; скорее довольна; "
            "راضی; راضی هستم; نسبتا راضی; تا حدی راضی",
            5: "very satisfied; extremely satisfied; completely satisfied; highly satisfied; very happy; delighted; sehr zufrieden; "
            "vollig zufrieden; tres satisfait; tres satisfaite; muy satisfecho; muy satisfecha; muito satisfeito; muito satisfeita; "
            "очень доволен; очень довольна; полностью удовлетворен; полностью удовлетворена; очень удовлетворен; "
            "بسیار راضی; خیلی راضی; خیلی راضی هستم; کاملا راضی",
        },
    ),
    WordList(
        "degree of satisfaction",
        "csat",
        1,
        5,
        {
            1: "not at all satisfied",
            2: "not so satisfied; not very satisfied; slightly satisfied; a little satisfied",
            3: "somewhat satisfied; moderately satisfied; fairly satisfied",
            4: "very satisfied; quite satisfied",
            5: "extremely satisfied; completely satisfied; totally satisfied",
        },
    ),
    WordList(
        "quality",
        "csat",
        1,
        5,
        {
            1: "very poor; very bad; terrible; awful; horrible; worst; sehr schlecht; tres mauvais; muy malo; muito ruim; pessimo; pesimo; "
            "очень плохо; очень плохой; ужасно; ужасный; خیلی بد; بسیار بد; افتضاح; خیلی ضعیف; بسیار ضعیف",
            2: "poor; bad; below average; disappointing; schlecht; mauvais; malo; ruim; плохо; плохой; неудовлетворительно; بد; ضعیف",
            3: "average; fair; neutral; ok; okay; acceptable; medium; mediocre; so so; durchschnittlich; mittel; befriedigend; moyen; "
            "regular; средне; средний; нормально; удовлетворительно; متوسط; معمولی; قابل قبول",
            4: "good; above average; gut; bon; bueno; bom; хорошо; хороший; خوب",
            5: "excellent; very good; great; outstanding; perfect; amazing; awesome; best; sehr gut; ausgezeichnet; hervorragend; tres bon; "
            "muy bueno; excelente; muito bom; otimo; отлично; отличный; превосходно; очень хорошо; عالی; خیلی خوب; بسیار خوب; بسیار عالی",
        },
    ),
    WordList(
        "ease",
        "ces",
        1,
        5,
        {
            1: "very difficult; extremely difficult; very hard; very high effort; sehr schwierig; sehr schwer; tres difficile; muy dificil; "
            "muito dificil; очень сложно; очень трудно; خیلی سخت; بسیار سخت; بسیار دشوار; خیلی دشوار",
            2: "difficult; hard; somewhat difficult; rather difficult; high effort; schwierig; schwer; difficile; dificil; сложно; трудно; "
            "скорее сложно; скорее трудно; سخت; دشوار; نسبتا سخت",
            3: "neutral; neither easy nor difficult; neither; ok; okay; moderate; average; medium; teils teils; neutre; "
            "нейтрально; средне; خنثی; متوسط; معمولی; نه آسان نه سخت",
            4: "easy; somewhat easy; rather easy; low effort; einfach; leicht; facile; facil; легко; просто; скорее легко; "
            "آسان; راحت; نسبتا آسان; ساده",
            5: "very easy; extremely easy; effortless; very low effort; sehr einfach; sehr leicht; tres facile; muy facil; muito facil; "
            "очень легко; очень просто; خیلی آسان; بسیار آسان; خیلی راحت; بسیار راحت; خیلی ساده",
        },
    ),
    WordList(
        "agreement",
        "csat",
        1,
        5,
        {
            1: "strongly disagree; completely disagree; fully disagree; totally disagree; stimme uberhaupt nicht zu; "
            "pas du tout d'accord; totalmente en desacuerdo; discordo totalmente; "
            "полностью не согласен; совершенно не согласен; категорически не согласен; کاملا مخالف; کاملا مخالفم; خیلی مخالفم; بسیار مخالف",
            2: "disagree; somewhat disagree; rather disagree; stimme nicht zu; stimme eher nicht zu; pas d'accord; en desacuerdo; discordo; "
            "не согласен; не согласна; скорее не согласен; مخالف; مخالفم; تا حدی مخالفم",
            3: "neutral; neither agree nor disagree; neither; undecided; teils teils; neutre; нейтрально; затрудняюсь ответить; "
            "خنثی; بی نظر; نظری ندارم; ممتنع; متوسط",
            4: "agree; somewhat agree; rather agree; stimme zu; stimme eher zu; d'accord; de acuerdo; concordo; "
            "согласен; согласна; скорее согласен; موافق; موافقم; تا حدی موافقم",
            5: "strongly agree; completely agree; fully agree; totally agree; stimme voll zu; stimme voll und ganz zu; tout a fait d'accord; "
            "totalmente de acuerdo; concordo totalmente; полностью согласен; полностью согласна; совершенно согласен; "
            "کاملا موافق; کاملا موافقم; خیلی موافقم; بسیار موافق",
        },
    ),
    WordList(
        "yes or no",
        "csat",
        0,
        1,
        {0: "; ".join(word for word in words.NO if word.isalpha()), 1: "; ".join(word for word in words.YES if word.isalpha())},
    ),
    WordList(
        "comparison",
        "attitude",
        1,
        4,
        {
            1: "clearly worse; clearly worse than the competitor; worse; much worse; worse than the competitor; deutlich schlechter; "
            "schlechter; явно хуже; хуже; значительно хуже; хуже конкурента; хуже конкурентов; بدتر; آشکارا بدتر; خیلی بدتر; بدتر از رقیب",
            2: "not better; not better than the competitor; the same; same; equal; about the same; no better; nicht besser; gleich; "
            "не лучше; так же; одинаково; не лучше конкурента; не лучше конкурентов; بهتر نیست; یکسان; مثل رقیب; برابر; بهتر از رقیب نیست",
            3: "slightly better; slightly better than the competitor; somewhat better; a bit better; a little better; better; etwas besser; "
            "besser; немного лучше; чуть лучше; лучше; немного лучше конкурента; немного лучше конкурентов; "
            "کمی بهتر; اندکی بهتر; بهتر; کمی بهتر از رقیب",
            4: "clearly better; clearly better than the competitor; much better; far better; deutlich besser; viel besser; "
            "явно лучше; значительно лучше; намного лучше; явно лучше конкурента; явно лучше конкурентов; "
            "آشکارا بهتر; خیلی بهتر; بسیار بهتر; به وضوح بهتر; آشکارا بهتر از رقیب",
        },
    ),
    WordList(
        "promoters",
        "nps",
        0,
        10,
        {
            3: "detractor; detractors; kritiker; detracteur; detractor (0-6); detrator; критик; критики; детрактор; منتقد; بدگو; مخالف",
            8: "passive; passives; neutral; indifferent; passiv; passif; pasivo; passivo; neutro; neutre; indifferenter; "
            "нейтрал; нейтральный; нейтралы; пассивный; خنثی; منفعل; بی تفاوت",
            10: "promoter; promoters; promoteur; promotor; промоутер; промоутеры; сторонник; مروج; حامی; طرفدار; مبلغ",
        },
    ),
)


#: Words of those who gave no score: they speak neither for nor against a column of scores.
UNANSWERED = frozenset(
    plain(phrase)
    for phrase in (
        "offered; unoffered; not offered; don't know; dont know; do not know; no opinion; not applicable; not sure; prefer not to say; "
        "no answer; not answered; unanswered; skipped; keine angabe; weiß nicht; k.a.; ne sait pas; no sabe; não sei; não se aplica; "
        "sem resposta; не знаю; нет ответа; без ответа; не применимо; نمیدانم; نمی دانم; بدون پاسخ; پاسخ نداده"
    ).split("; ")
)


@dataclass(frozen=True)
class Marked:
    """A score read from words or marks: `highest` is the top of its scale where the text says so, `label` what stands beside a number."""

    score: Decimal
    highest: Decimal | None = None
    words: WordList | None = None
    label: str = ""


_PLAIN_SCORE = re.compile(r"\d{1,3}(?:[.,]\d{1,2})?")
_NUMBER = r"(\d{1,4}(?:[.,]\d{1,4})?)"
_STARS = r"(?:stars?|sterne?n?|etoiles?|estrellas?|estrelas?|звезд\w*|ستاره|★|⭐|☆|🌟)"
_POINTS = rf"(?:{_STARS}|points?|pts?\.?|punkte?|punti|puntos?|pontos?|балл\w*|امتیاز|نمره)"
_RATIO = re.compile(rf"{_NUMBER}\s*(?:/|out\s+of|of|von|sur|sobre|de|su|из|از)\s*{_NUMBER}\s*{_POINTS}?")
_PERCENT = re.compile(rf"{_NUMBER}\s*(?:%|٪|percent|per cent|prozent|процент\w*|درصد)|[%٪]\s*{_NUMBER}")
_COUNTED = re.compile(rf"{_NUMBER}\s*{_POINTS}")
_LABELLED = re.compile(r"(?P<score>\d{1,3})\s*(?:[-–—:=.)|]+\s*|\s+|(?=\())(?P<label>[^\d]*)")
_LABEL_FIRST = re.compile(r"(?P<label>[^\d]*)[-–—:=|(\[]\s*(?P<score>\d{1,3})\s*[)\]]?")
_FULL, _EMPTY = "★⭐🌟✭✪✰", "☆"
_DRAWN = re.compile(f"[{_FULL}{_EMPTY}\ufe0f\\s]+")
_LATIN = str.maketrans(words.EASTERN_DIGITS, words.LATIN_DIGITS, words.INVISIBLE)
_NOT = re.compile(r"\b(не)\s+(?=\w)")
#: Letters of a score as a table's cell may hold it; a longer text is a comment.
LONGEST = 80


def read(text: str, known: WordList | None = None) -> Marked | None:
    """The score that a text says by its marks, or by the words of that list; None where it says none."""
    if len(text) > LONGEST:
        return None
    spoken = _spoken(text.translate(_LATIN))
    return _drawn(text) or _marked(spoken) or _in_words(spoken, known) or _labelled(spoken)


def list_of(texts: Iterable[str]) -> WordList | None:
    """The list that knows most of the different texts of a column; None where no list knows any."""
    spoken = {_spoken(text) for text in texts if len(text) <= LONGEST}
    counts = [(sum(1 for one in spoken if one in _scores(at)), words) for at, words in enumerate(WORD_LISTS)]
    most = max(count for count, _ in counts)
    return next((words for count, words in counts if count == most), None) if most else None


def share(texts: Sequence[str]) -> float:
    """Share of these different texts, but those of no answer, that are scores: numbers, marks, or of one list of words."""
    said = [text for text in texts if _spoken(text) not in UNANSWERED]
    known = list_of(said)
    return sum(1 for text in said if _PLAIN_SCORE.fullmatch(text.strip()) or read(text, known)) / len(said) if said else 0.0


def is_reversed(labels: Iterable[tuple[Decimal | int, str]]) -> bool:
    """True where the labels of numbers say that low is good: "1 = excellent, 5 = poor", or no more than "1 = excellent"."""
    labelled = [(Decimal(number), _spoken(label)) for number, label in labels]
    known = list_of(label for _, label in labelled)
    if known is None:
        return False
    scores = _scores(WORD_LISTS.index(known))
    said = [(number, scores[label]) for number, label in labelled if label in scores]
    if len({number for number, _ in said}) == 1:
        return said[0][0] <= 1 and 2 * said[0][1] > known.lowest + known.highest
    against = [(one - other) * (meant - than) for one, meant in said for other, than in said]
    return sum(1 for product in against if product < 0) > sum(1 for product in against if product > 0)


def _drawn(text: str) -> Marked | None:
    if not _DRAWN.fullmatch(text.strip()):
        return None
    full, empty = (sum(sign in signs for sign in text) for signs in (_FULL, _EMPTY))
    if not full + empty:
        return None
    return Marked(Decimal(full), Decimal(full + empty) if empty else None)


def _marked(spoken: str) -> Marked | None:
    if found := _RATIO.fullmatch(spoken):
        return Marked(_decimal(found[1]), _decimal(found[2]))
    if found := _PERCENT.fullmatch(spoken):
        return Marked(_decimal(found[1] or found[2]), Decimal(100))
    if found := _COUNTED.fullmatch(spoken):
        return Marked(_decimal(found[1]))
    return None


def _labelled(spoken: str) -> Marked | None:
    """ "5 - Very satisfied", "5 (best)", "Very satisfied (5)": the number counts, and the label tells whether high or low is good."""
    found = _LABELLED.fullmatch(spoken) or _LABEL_FIRST.fullmatch(spoken)
    return Marked(Decimal(found["score"]), label=found["label"].strip(" ()[]-–—:=|")) if found else None


def _in_words(spoken: str, known: WordList | None) -> Marked | None:
    if known is None:
        return None
    score = _scores(WORD_LISTS.index(known)).get(spoken)
    return None if score is None else Marked(Decimal(score), Decimal(known.highest), known)


@lru_cache(maxsize=len(WORD_LISTS))
def _scores(place: int) -> dict[str, int]:
    """Wording -> score of the list at that place."""
    phrases = WORD_LISTS[place].phrases
    return {_spoken(phrase): score for score, line in phrases.items() for phrase in line.split("; ")}


def _spoken(text: str) -> str:
    """In plain letters; Russian "не доволен" and "недоволен" are one."""
    return _NOT.sub(r"\1", " ".join(plain(text).split()))


def _decimal(digits: str) -> Decimal:
    return Decimal(digits.replace(",", "."))
