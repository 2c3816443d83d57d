"""What is wrong with the text of a condition, and where: the error that points at the word, and the parser's in words."""

from __future__ import annotations

import re

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from crm_core.errors import AnalysisError

#: Letters of a word that a message repeats.
MOST_LETTERS = 60
HINT = 'Write it like this: segment in ("At risk", "Can\'t lose them") and net_sales > 500 and not (country = \'Germany\').'


class ConditionError(AnalysisError):
    """A condition that cannot be understood; `at` is the place in `text` (from 0) and `length` how many letters are meant."""

    def __init__(self, text: str, at: int, length: int, message: str, hint: str = "") -> None:
        self.text_given, self.at, self.length, self.plain = text, at, length, message
        super().__init__("The condition cannot be understood", f"{message}\n{self.pointer()}", hint or HINT)

    def pointer(self) -> str:
        """The line concerned, and below it marks under the word."""
        start = self.text_given.rfind("\n", 0, self.at) + 1
        line = self.text_given[start:].split("\n", 1)[0]
        column = self.at - start
        first = max(0, column - 60)
        shown = line[first : first + 100].replace("\t", " ")
        return f"  {shown}\n  {' ' * (column - first)}{'^' * max(1, min(self.length, len(shown) - column + first))}"


_EXPECTED = (
    (frozenset({"SIGN", "IN_LIST"}), "a comparison is missing here, such as = or in (…)"),
    (frozenset({"STRING", "NUMBER", "DATE"}), "a value is missing here: a text in quotes, a number, or a day such as 2025-03-01"),
    (frozenset({"STRING"}), "a text in quotes is missing here"),
    (frozenset({"DATE"}), "a day is missing here, such as 2025-03-01"),
    (frozenset({"NUMBER"}), "a whole number is missing here"),
    (frozenset({"UNIT"}), "days, weeks, months or years is missing here"),
    (frozenset({"STATE"}), "“known” or “missing” is expected here"),
    (frozenset({"NAME", "LPAR"}), "a condition is missing here"),
    (frozenset({"LPAR"}), "a bracket ( is missing here"),
    (frozenset({"_OR", "_AND"}), "“and”, “or” or the end is expected here"),
)


#: Words that people write for a day or a number.
_WORD = re.compile(r"[\w.,/-]+")
_DAY_LIKE = re.compile(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}")
_QUOTES = "\"'“”„«‘’"


def short(word: str) -> str:
    """A word inside a sentence."""
    return word if len(word) <= MOST_LETTERS else f"{word[: MOST_LETTERS - 1]}…"


def explained(text: str, error: UnexpectedInput) -> ConditionError:
    """What the parser found, in words."""
    at, length, word = len(text.rstrip()), 1, ""
    expected = {name.removeprefix("LISTED_") for name in getattr(error, "accepts", None) or getattr(error, "expected", None) or ()}
    if isinstance(error, UnexpectedCharacters):
        at = error.pos_in_stream or 0
        word = text[at:].split(maxsplit=1)[0][:40]
        length, expected = len(word), {name.removeprefix("LISTED_") for name in error.allowed or ()}
        if text[at] in _QUOTES:
            return ConditionError(
                text,
                at,
                1,
                "The text that begins here does not end.",
                "Close the quote; a quote inside a text is doubled: 'Can''t lose them'.",
            )
    elif isinstance(error, UnexpectedToken) and error.token.type != "$END":
        at, length, word = error.token.start_pos or 0, len(error.token), str(error.token)
    elif (opened := _unclosed(text)) is not None and "RPAR" in expected:
        return ConditionError(text, opened, 1, "This bracket is not closed.", "Add a ) where it ends.")
    return _misread(text, at) or ConditionError(text, at, length, _said(expected, word))


def _misread(text: str, at: int) -> ConditionError | None:
    """Where the place lies in a day or a number as people write it."""
    for one in _WORD.finditer(text):
        if one.start() <= at < one.end():
            word = one.group()
            if _DAY_LIKE.fullmatch(word):
                return ConditionError(text, one.start(), len(word), f"“{short(word)}” is no day that can be read: write 2025-03-01.")
            if word[0].isdigit() and word[-1].isdigit() and not word.isdigit():
                message = f"“{short(word)}” is no number that can be read: write 1000.50, without marks between thousands."
                return ConditionError(text, one.start(), len(word), message)
    return None


def _unclosed(text: str) -> int | None:
    """The place of the innermost bracket that is never closed; brackets in texts and names do not count."""
    opened: list[int] = []
    for one in re.finditer(r"""(?P<skipped>"[^"]*"|'[^']*'|“[^”]*”|«[^»]*»|\[[^\]]*\])|[()]""", text):
        if one.group() == "(":
            opened.append(one.start())
        elif one.group() == ")" and opened:
            opened.pop()
    return opened[-1] if opened else None


def _said(expected: set[str], word: str) -> str:
    word = short(word)
    if word.lower().startswith("not") and "_IN" in expected:
        return "Here only things can be named, not all others: write “not bought …” instead."
    if word == ")" and "RPAR" not in expected and expected & {"_AND", "$END"}:
        return "This bracket was never opened."
    if expected & {"STRING"} and word[:1].isalpha():
        return f"“{word}” stands without quotes: write texts in single or double quotes."
    if expected >= {"NUMBER"} and word[:1].isdigit():
        return f"“{word}” is no number that can be read: write 1000.50, without marks between thousands."
    for known, words in _EXPECTED:
        if known <= expected:
            return f"Before “{word}” {words}." if word else f"{words[0].upper()}{words[1:]}."
    return f"“{word}” does not fit here." if word else "The end comes too early."
