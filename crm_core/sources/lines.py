"""Mending text files whose quotation marks do not match, and finding the numbers of lines.

An opening quotation mark that is never closed makes a CSV reader swallow everything up to the next one, thousands of rows perhaps. Here
only the line that holds it is set aside: the record it opens must end within some lines and have the cells of the table.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from crm_core.sources.dialect import Dialect, split

#: A quoted text goes over this many lines at most, in a file whose quotation marks do not match.
MOST_LINES_OF_A_RECORD = 100
MOST_CHARACTERS_OF_A_RECORD = 100_000
QUOTES_DO_NOT_MATCH = "a quotation mark that is never closed, or stands inside a quoted value"
BLOCK = 1 << 20


@dataclass(frozen=True)
class BadLine:
    """A line (the first of the file is 1) that is no row."""

    line: int
    reason: str
    text: str


def mend(source: Path, target: Path, dialect: Dialect, width: int) -> Iterator[BadLine]:
    """Copies the UTF-8 file with a blank line in the place of each line whose quotation marks do not match, and gives those lines."""
    with source.open(encoding="utf-8-sig", newline="") as lines, target.open("w", encoding="utf-8", newline="") as out:
        waiting: deque[str] = deque()
        number = 1
        while _fill(waiting, lines, 1):
            count = _record_lines(waiting, lines, dialect, width)
            if count:
                out.writelines(waiting.popleft() for _ in range(count))
            else:
                yield BadLine(number, QUOTES_DO_NOT_MATCH, waiting.popleft().rstrip("\r\n"))
                out.write("\n")
            number += max(count, 1)


def numbers(path: Path, positions: list[int]) -> list[int]:
    """The line numbers (from 1) of byte positions (from 1, ascending) in a file."""
    found: list[int] = []
    seen, lines = 0, 1
    with path.open("rb") as file:
        while len(found) < len(positions) and (block := file.read(BLOCK)):
            start = 0
            for position in islice(positions, len(found), None):
                if position - 1 > seen + len(block):
                    break
                lines += block.count(b"\n", start, position - 1 - seen)
                start = position - 1 - seen
                found.append(lines)
            lines += block.count(b"\n", start)
            seen += len(block)
    return found


def _fill(waiting: deque[str], lines: IO[str], count: int) -> bool:
    """Sees to it that `count` lines wait, as far as the file has them."""
    while len(waiting) < count:
        line = lines.readline()
        if not line:
            return False
        waiting.append(line)
    return True


def _record_lines(waiting: deque[str], lines: IO[str], dialect: Dialect, width: int) -> int:
    """How many of the waiting lines (more are read where needed) make up the next record; 0 where none do."""
    text = waiting[0]
    if dialect.quote not in text or _cells(text, dialect):
        return 1
    for count in range(2, MOST_LINES_OF_A_RECORD):
        if not _is_open(text, dialect) or len(text) > MOST_CHARACTERS_OF_A_RECORD or not _fill(waiting, lines, count):
            return 0
        text += waiting[count - 1]
        if dialect.quote in waiting[count - 1] and (cells := _cells(text, dialect)):
            return count if cells == width else 0
    return 0


def _is_open(text: str, dialect: Dialect) -> bool:
    """Whether the text is the beginning of a record that ends in the middle of a quoted value."""
    return _cells(text + dialect.quote, dialect) > 0


def _cells(text: str, dialect: Dialect) -> int:
    """Cells of the one whole record that `text` is; 0 where it is none."""
    try:
        records = split(text, dialect, strict=True)
    except csv.Error:
        return 0
    return len(records[0]) if len(records) == 1 else 0
