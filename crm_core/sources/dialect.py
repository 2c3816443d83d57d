"""How does a text file set its columns apart? Decided on the beginning of the file, read in every plausible way.

A way of reading is good when most lines have the same number of cells and the cells look like values rather than like
several values glued together (after van den Burg, Nazabal and Sutton, "Wrangling messy CSV files by detecting row and type
patterns", Data Mining and Knowledge Discovery 33, 2019).
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, replace

#: Separators tried, those most used first; a tie goes to the earlier one.
DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x01", "\x1f", "||", "::", ":", "#", "¦", "§")
SPACES = "spaces"
DELIMITER_NAMES = {
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "|": "vertical bar",
    ":": "colon",
    SPACES: "runs of blanks",
    "": "none (a single column)",
}

#: The worst score at which lines still count as set apart by a separator.
LOWEST_SCORE = 0.1

#: Stands for a separator of several characters while Python's csv module (one character only) reads the sample.
STAND_IN = "\x1e"

#: Cells that look like two values glued together by a separator that was not taken.
GLUED = re.compile(r"[;\t|^~\x01\x1f]|[^\s\d],\S|\d,(?!\d)\S|^\"|\"$")
NUMBER = re.compile(r"^[+-]?\d[\d.,/:\-]*$")


@dataclass(frozen=True)
class Dialect:
    """`delimiter` "" is a single column; `quote` "" means that quotation marks are ordinary characters;
    `escape` is what makes a quote inside quotes ordinary (a second quote, or a backslash).
    """

    delimiter: str
    quote: str = '"'
    escape: str = '"'

    def describe(self) -> str:
        name = DELIMITER_NAMES.get(self.delimiter, f"“{self.delimiter}”")
        return name if self.quote or not self.delimiter else f"{name}, quotation marks kept as text"


def detect(sample: str, delimiter: str = "") -> Dialect:
    """The dialect of a file that begins with `sample`; `delimiter` is the user's word, "" means find out."""
    quotings = _quotings(sample)
    if delimiter:
        return max((replace(one, delimiter=delimiter) for one in quotings), key=lambda one: score(sample, one))
    candidates = [replace(one, delimiter=mark) for mark in DELIMITERS if mark in sample for one in quotings]
    best = max(candidates, key=lambda one: score(sample, one), default=Dialect(""))
    if not candidates or (score(sample, best) < 0.5 and _is_set_apart_by_blanks(sample)):
        return Dialect(SPACES) if _is_set_apart_by_blanks(sample) else quotings[0]
    return best if score(sample, best) >= LOWEST_SCORE else quotings[0]


def sep_line(sample: str) -> str:
    """The separator that a first line "sep=;" (Excel) declares, or ""."""
    found = re.match(r"^\"?sep=(.+?)\"?\r?\n", sample, re.IGNORECASE)
    return found.group(1) if found else ""


def records(sample: str, dialect: Dialect) -> list[list[str]]:
    """The sample's records. A blank line is an empty record, so that positions count as in the file."""
    if dialect.delimiter == SPACES:
        apart = blanks(sample)
        return [apart.split(line.strip()) if line.strip() else [] for line in sample.splitlines()]
    return split(sample, dialect)


def split(text: str, dialect: Dialect, strict: bool = False) -> list[list[str]]:
    """The records of a text. Raises csv.Error for a cell of more than 131,072 characters and, if `strict`, for quotes that do not match."""
    mark = dialect.delimiter or STAND_IN
    if len(mark) > 1:
        text, mark = text.replace(mark, STAND_IN), STAND_IN
    reader = csv.reader(
        io.StringIO(text, newline=""),
        strict=strict,
        delimiter=mark,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        doublequote=dialect.escape != "\\",
        escapechar="\\" if dialect.escape == "\\" else None,
    )
    return list(reader)


def blanks(sample: str) -> re.Pattern[str]:
    """What sets columns apart in a file of columns set apart by blanks: one blank or more or, where values contain blanks, two or more."""
    single, double = re.compile(r"\s+"), re.compile(r"\s{2,}|\t")
    return double if _consistency(_split_lines(sample, double)) > _consistency(_split_lines(sample, single)) else single


def score(sample: str, dialect: Dialect) -> float:
    """0 to 1: the share of lines with the usual number of cells, squared, times the share of cells that look like one value."""
    try:
        lines = [record for record in records(sample, dialect) if any(record)]
    except csv.Error:
        return 0.0
    swallowed = max((cell.count("\n") for cell in lines[-1]), default=0) if lines else 0
    consistency = _consistency(lines) * len(lines) / (len(lines) + swallowed) if lines else 0.0
    if not consistency:
        return 0.0
    return consistency**2 * _clean_share(lines[:1000])


def _clean_share(lines: list[list[str]]) -> float:
    """The share of cells that look like one value, or none; a column without any value is a separator taken for two, unless all behind
    it are without values too: lines may end in separators.
    """
    filled = {number for line in lines for number, cell in enumerate(line) if cell}
    last = Counter(max((number for number, cell in enumerate(line) if cell), default=0) for line in lines).most_common(1)[0][0]
    cells = [(number, cell) for line in lines for number, cell in enumerate(line)]
    return sum(1 for number, cell in cells if (number in filled or number > last) and not GLUED.search(cell)) / len(cells)


def _quotings(sample: str) -> list[Dialect]:
    """Ways in which quotation marks may be meant; only those that the sample has reason for."""
    if '"' not in sample:
        return [Dialect("")]
    ways = [Dialect(""), Dialect("", quote="", escape="")]
    return ways if '\\"' not in sample else [*ways, Dialect("", escape="\\")]


def _consistency(lines: list[list[str]]) -> float:
    """The share of lines with the usual number of cells, two at least; lines cut short below a long header count for a part."""
    if not lines:
        return 0.0
    counts = Counter(len(record) for record in lines)
    usual = max(counts, key=lambda width: (counts[width], width))
    same = counts[usual] / len(lines) if usual > 1 else 0.0
    longest = len(lines[0])
    cut_short = sum(count for width, count in counts.items() if 2 <= width <= longest) / len(lines) if longest > 2 else 0.0
    return max(same, 0.6 * cut_short)


def _split_lines(sample: str, split: re.Pattern[str]) -> list[list[str]]:
    return [split.split(line.strip()) for line in sample.splitlines() if line.strip()]


def _is_set_apart_by_blanks(sample: str) -> bool:
    """Lines of the same number of words, two at least, of which one is a number on every line: words of a sentence are not."""
    lines = _split_lines(sample, blanks(sample))[1:]
    if _consistency(lines) < 0.95:
        return False
    usual = Counter(len(line) for line in lines).most_common(1)[0][0]
    rows = [line for line in lines if len(line) == usual]
    return any(sum(1 for row in rows if NUMBER.match(row[column])) > 0.9 * len(rows) for column in range(usual))
