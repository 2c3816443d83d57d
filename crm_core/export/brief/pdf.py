"""The brief as a PDF of one A4 page, drawn by fpdf2 without a browser: Latin, Greek, Cyrillic, Arabic and Persian.

Letters of other scripts show as an empty box (the page for the browser shows them).
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from crm_core.export.brief.model import NO_RULES, ROOMS, RULES, Brief, Room, about, fitted, group_figures, shortened
from crm_core.export.brief.sheet import ACCENT, BOTTOM, COLUMN, FAMILY, GUTTER, MARGIN, QUIET, SMALL, TITLE, WIDTH, Sheet, Widths

if TYPE_CHECKING:
    from fpdf import FPDF

FONTS = Path(__file__).parent.parent / "fonts"


def to_pdf(brief: Brief) -> bytes:
    """The brief as one A4 page; the same brief gives the same bytes. Letters shrink first, then texts are cut with an ellipsis."""
    sheet, _ = _laid_out(brief)
    return sheet.print()


def room_for(brief: Brief) -> Room:
    """The first room in which the brief fits on the page."""
    return _laid_out(brief)[1]


def _laid_out(brief: Brief) -> tuple[Sheet, Room]:
    pdf, widths = _document(brief), Widths()
    for room in ROOMS:
        sheet = Sheet(pdf, widths, room.scale)
        if _lay_out(sheet, fitted(brief, room)) <= BOTTOM:
            break
    return sheet, room


def _lay_out(sheet: Sheet, brief: Brief) -> float:
    """All parts on the sheet; the lowest line reached, in millimetres from the top."""
    y = sheet.paragraph(MARGIN, MARGIN, WIDTH, brief.title, TITLE, bold=True, colour=ACCENT)
    y = sheet.paragraph(MARGIN, y + 0.5, WIDTH, about(brief), SMALL, colour=QUIET)
    y = sheet.tiles(y + 3, brief.how_many) if brief.how_many else y + 2
    y = max(_left(sheet, y, brief), _right(sheet, y, brief))
    y = sheet.sentences(MARGIN, y, WIDTH, "How it will be judged", brief.judged)
    return sheet.command(y, brief.command) if brief.command else y


def _left(sheet: Sheet, y: float, brief: Brief) -> float:
    y = sheet.sentences(MARGIN, y, COLUMN, "Who", brief.who)
    y = sheet.sentences(MARGIN, y, COLUMN, "Why", brief.why)
    if not brief.rules:
        return sheet.sentences(MARGIN, y, COLUMN, RULES, (NO_RULES,))
    return sheet.table(MARGIN, y, COLUMN, RULES, [(rule, f"{count:,}") for rule, count in brief.rules], (0.78, 0.22))


def _right(sheet: Sheet, y: float, brief: Brief) -> float:
    x = MARGIN + COLUMN + GUTTER
    y = sheet.table(x, y, COLUMN, "What to expect", brief.expect)
    y = sheet.sentences(x, y, COLUMN, "" if brief.expect else "What to expect", brief.caveats, SMALL, QUIET)
    y = sheet.table(x, y, COLUMN, "Groups", group_figures(brief.groups) if brief.groups else [])
    return sheet.profile(x, y, COLUMN, brief.profile)


def _document(brief: Brief) -> FPDF:
    """A document without pages, with the brief's fonts, title and day."""
    from fpdf import FPDF

    pdf = FPDF(format="A4", unit="mm")
    pdf.set_auto_page_break(False)
    pdf.alias_nb_pages("\0")  # "{nb}" in a user's text is text
    pdf.add_font(FAMILY, "", FONTS / "Brief-Regular.ttf")
    pdf.add_font(FAMILY, "B", FONTS / "Brief-Bold.ttf")
    pdf.set_title(shortened(brief.title, 200))
    pdf.set_creation_date(datetime.combine(brief.day, time(), UTC))
    pdf.c_margin = 0
    return pdf
