"""A sheet of paper on which texts, tables and tiles are set, each at its place.

Lines are broken here, in the order of reading, and each is then set in its paragraph's direction: so a right-to-left text that needs two lines
is right in both. Letters are shaped by HarfBuzz.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from crm_core.export.brief.model import Direction, Figure, direction

if TYPE_CHECKING:
    from fpdf import FPDF

# Millimetres of the A4 page.
PAGE_WIDTH, PAGE_HEIGHT, MARGIN, GUTTER = 210.0, 297.0, 15.0, 8.0
WIDTH = PAGE_WIDTH - 2 * MARGIN
COLUMN = (WIDTH - GUTTER) / 2
BOTTOM = PAGE_HEIGHT - MARGIN
TILE_GAP, TILE_PADDING = 3.0, 2.5

# Points at scale 1.
TITLE, HEADING, TEXT, SMALL, TILE = 20.0, 10.5, 9.5, 8.0, 15.0
FAMILY = "Brief"
LEADING = 1.38  # height of a line in letters
MM = 25.4 / 72

# The dashboard's light theme.
INK, QUIET, ACCENT, GROUND, LINE = (28, 39, 51), (91, 103, 115), (0, 99, 156), (243, 246, 249), (213, 221, 229)

Colour = tuple[int, int, int]
Widths = dict[tuple[bool, str], float]  # of words, bold or not, in millimetres a point


@dataclass(frozen=True)
class _Type:
    """How a line is set: weight, size in points, colour, direction, side on which it stands."""

    bold: bool
    size: float
    colour: Colour
    run: Direction = "ltr"
    side: Literal["L", "R"] = "L"

    @property
    def style(self) -> Literal["", "B"]:
        return "B" if self.bold else ""

    @property
    def height(self) -> float:
        """Of a line, in millimetres."""
        return self.size * LEADING * MM


class Sheet:
    """A page on which texts are set at places given in millimetres; every method returns how far down it came.

    Nothing is drawn until `print`: what does not fit is laid out anew with less.
    """

    def __init__(self, pdf: FPDF, widths: Widths, scale: float) -> None:
        self.pdf = pdf
        self.widths = widths
        self.scale = scale
        self.marks: list[Callable[[], object]] = []

    def print(self) -> bytes:
        """The document with this page."""
        self.pdf.add_page()
        for mark in self.marks:
            mark()
        return bytes(self.pdf.output())

    def paragraph(
        self,
        x: float,
        y: float,
        width: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        colour: Colour = INK,
        at_right: bool | None = None,
    ) -> float:
        """A text in lines; where nothing else is said, a right-to-left one stands at the right."""
        run = direction(text)
        type_ = _Type(bold, size * self.scale, colour, run, "R" if (run == "rtl" if at_right is None else at_right) else "L")
        for line in self._lines(text, width, type_):
            self._text(x, y, width, line, type_)
            y += type_.height
        return y

    def heading(self, x: float, y: float, width: float, text: str) -> float:
        y = self.paragraph(x, y + 3.2 * self.scale, width, text, HEADING, bold=True, colour=ACCENT)
        self._rule(x, y, width)
        return y + 1.2 * self.scale

    def sentences(
        self, x: float, y: float, width: float, heading: str, texts: Sequence[str], size: float = TEXT, colour: Colour = INK
    ) -> float:
        """Texts under a heading, each a paragraph."""
        if not texts:
            return y
        y = self.heading(x, y, width, heading) if heading else y + 1.0 * self.scale
        for text in texts:
            y = self.paragraph(x, y, width, text, size, colour=colour) + 0.8 * self.scale
        return y

    def table(
        self, x: float, y: float, width: float, heading: str, rows: Sequence[Figure], shares: tuple[float, float] = (0.56, 0.44)
    ) -> float:
        """Labels at the left, figures at the right edge; `shares` of the width."""
        return self._rows(x, y, width, heading, rows, shares)

    def profile(self, x: float, y: float, width: float, rows: Sequence[tuple[str, str, str]]) -> float:
        """What sets the audience apart from all customers."""
        if not rows:
            return y
        return self._rows(x, y, width, "Profile", [("", "Audience", "All customers"), *rows], (0.46, 0.27, 0.27))

    def tiles(self, y: float, figures: Sequence[Figure]) -> float:
        """Figures side by side, large, over their labels."""
        width = (WIDTH - TILE_GAP * (len(figures) - 1)) / len(figures)
        inside = width - 2 * TILE_PADDING
        large, small = _Type(True, TILE * self.scale, INK), _Type(False, SMALL * self.scale, QUIET)
        size = TILE * min(1.0, *(0.98 * inside / max(self._wide(value, large), 0.1) for _, value in figures))
        tallest = max(len(self._lines(label, inside, small)) for label, _ in figures) * small.height
        height = _Type(True, size * self.scale, INK).height + tallest + 1.5 * TILE_PADDING
        for number, (label, value) in enumerate(figures):
            x = MARGIN + number * (width + TILE_GAP)
            self._box(x, y, width, height)
            at_right = direction(label) == "rtl"
            end = self.paragraph(x + TILE_PADDING, y + 0.75 * TILE_PADDING, inside, value, size, bold=True, at_right=at_right)
            self.paragraph(x + TILE_PADDING, end, inside, label, SMALL, colour=QUIET)
        return y + height

    def command(self, y: float, text: str) -> float:
        """The command that makes the same list, on grey ground, left to right."""
        y = self.heading(MARGIN, y, WIDTH, "The same list again") + 0.5
        type_ = _Type(False, SMALL * self.scale, INK)
        lines = self._lines(text, WIDTH - 2 * TILE_PADDING, type_)
        height = len(lines) * type_.height + 3
        self._box(MARGIN, y, WIDTH, height)
        for number, line in enumerate(lines):
            x = MARGIN + TILE_PADDING
            for word in line.split(" "):  # each by itself, so that right-to-left words keep their places
                self._text(x, y + 1.5 + number * type_.height, WIDTH, word + " ", type_)
                x += self._wide(word, type_) + self._wide(" ", type_)
        return y + height

    def _rows(self, x: float, y: float, width: float, heading: str, rows: Sequence[tuple[str, ...]], shares: tuple[float, ...]) -> float:
        if not rows:
            return y
        y = self.heading(x, y, width, heading)
        for row in rows:
            left, bottom, last = x, y, len(row) - 1
            quiet = heading == "Profile" and row is rows[0]
            size, colour = (SMALL, QUIET) if quiet else (TEXT, INK)
            for place, (cell, share) in enumerate(zip(row, shares, strict=True)):
                room = share * width - (0 if place == last else 2)
                end = self.paragraph(
                    left, y, room, cell, size, bold=place > 0 and not quiet, colour=colour, at_right=True if place else None
                )
                left, bottom = left + share * width, max(bottom, end)
            y = bottom + 0.5 * self.scale
            self._rule(x, y, width)
            y += 0.5 * self.scale
        return y

    def _lines(self, text: str, width: float, type_: _Type) -> list[str]:
        """The text in lines of at most the width, broken at spaces, and inside words longer than a line."""
        lines, room = [""], width
        space = self._wide(" ", type_)
        for word in text.split(" "):
            wide = self._wide(word, type_)
            if lines[-1] and wide + space <= room:
                lines[-1] += " " + word
                room -= wide + space
                continue
            pieces = [word] if wide <= width else self._pieces(word, width, type_)
            lines += pieces
            room = width - self._wide(pieces[-1], type_)
        return [line for line in lines if line]

    def _pieces(self, word: str, width: float, type_: _Type) -> list[str]:
        """A word in parts that fit, by the widths of its letters (joined ones are no wider)."""
        pieces, room = [""], width
        for letter in word:
            wide = self._wide(letter, type_)
            if pieces[-1] and wide > room:
                pieces.append("")
                room = width
            pieces[-1] += letter
            room -= wide
        return pieces

    def _wide(self, word: str, type_: _Type) -> float:
        """Millimetres of a word; shaped once, since widths grow with the size of the letters."""
        key = (type_.bold, word)
        if key not in self.widths:
            self.pdf.set_font(FAMILY, type_.style, TITLE)
            self.pdf.set_text_shaping(True, direction=direction(word))
            self.widths[key] = self.pdf.get_string_width(word) / TITLE
        return self.widths[key] * type_.size

    def _text(self, x: float, y: float, width: float, line: str, type_: _Type) -> None:
        def mark() -> None:
            self.pdf.set_font(FAMILY, type_.style, type_.size)
            self.pdf.set_text_color(*type_.colour)
            self.pdf.set_text_shaping(True, direction=type_.run)
            self.pdf.set_xy(x, y)
            self.pdf.cell(width, type_.height, line, align=type_.side)

        self.marks.append(mark)

    def _rule(self, x: float, y: float, width: float) -> None:
        def mark() -> None:
            self.pdf.set_draw_color(*LINE)
            self.pdf.set_line_width(0.2)
            self.pdf.line(x, y, x + width, y)

        self.marks.append(mark)

    def _box(self, x: float, y: float, width: float, height: float) -> None:
        def mark() -> None:
            self.pdf.set_fill_color(*GROUND)
            self.pdf.rect(x, y, width, height, style="F", round_corners=True, corner_radius=1.2)

        self.marks.append(mark)
