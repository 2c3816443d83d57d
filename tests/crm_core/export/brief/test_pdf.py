"""The brief as PDF: one page, readable text, the same bytes each time, right-to-left where the words are."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from crm_core.export.brief import Brief, to_pdf
from crm_core.export.brief.model import ROOMS
from crm_core.export.brief.pdf import room_for
from tests.crm_core.export.brief.briefs import EMPTY, ENDLESS, EVERYDAY, PERSIAN

A4_POINTS = (595, 842)


@pytest.fixture(scope="module")
def endless() -> bytes:
    return to_pdf(ENDLESS)


def reader(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def text(brief: Brief) -> str:
    return reader(to_pdf(brief)).pages[0].extract_text()


def places(pdf: bytes) -> list[tuple[float, float, str]]:
    """Every piece of text with its place in points from the left and the bottom."""
    pieces: list[tuple[float, float, str]] = []
    reader(pdf).pages[0].extract_text(visitor_text=lambda piece, cm, tm, font, size: pieces.append((tm[4] + cm[4], tm[5] + cm[5], piece)))
    return [piece for piece in pieces if piece[2].strip()]


@pytest.mark.parametrize("brief", [EVERYDAY, PERSIAN, EMPTY], ids=["everyday", "persian", "empty"])
def test_a_brief_is_one_a4_page(brief: Brief):
    (page,) = reader(to_pdf(brief)).pages
    assert tuple(map(int, (page.mediabox.width, page.mediabox.height))) == pytest.approx(A4_POINTS, abs=1)


def test_a_brief_that_says_too_much_is_cut_to_one_page(endless: bytes):
    assert len(reader(endless).pages) == 1
    heights = [y for _, y, _ in places(endless)]
    assert min(heights) > 25  # nothing is drawn into or below the margin
    words = reader(endless).pages[0].extract_text()
    assert "…" in words
    assert "The same list again" in words


def test_letters_shrink_before_texts_are_cut():
    longer = Brief(**{**vars(EVERYDAY), "who": EVERYDAY.who * 8, "judged": EVERYDAY.judged * 8})
    assert room_for(EVERYDAY) == ROOMS[0]
    assert 0.7 < room_for(longer).scale < 1
    assert room_for(longer).letters == ROOMS[0].letters


def test_all_that_is_said_can_be_found_and_copied():
    words = " ".join(text(EVERYDAY).split())
    for said in ("Win back <script>alert(1)</script> & co", "prepared for Monday meeting by Анна Иванова", "4 March 2024", "up to 1 March 2024",
                 '=HYPERLINK("http://x") is a text', "1.82M GBP", "Break-even response", "Assumes nobody", "Rule number 12", "12,000", "1,084",
                 "at random, seed 17, by segment", "31 May 2024", "Permutation test", "4.3"):  # fmt: skip
        assert said in words


def test_the_command_can_be_copied_letter_by_letter():
    assert "".join(EVERYDAY.command.split()) in "".join(text(EVERYDAY).split())


def test_without_rules_the_page_says_so():
    assert "No rules applied." in text(EMPTY)
    assert "No rules applied." not in text(EVERYDAY)


def test_the_same_brief_is_the_same_file():
    assert to_pdf(PERSIAN) == to_pdf(PERSIAN)
    assert reader(to_pdf(PERSIAN)).metadata.creation_date.date() == PERSIAN.day


def test_persian_stands_at_the_right_and_english_at_the_left():
    found = {" ".join(piece.split()): x for x, _, piece in places(to_pdf(PERSIAN))}
    margin = 15 * 72 / 25.4
    assert found["Left out by rules"] == pytest.approx(margin, abs=0.1)
    assert found["بازگشت بهاری"] > A4_POINTS[0] / 2
    assert margin < found["شکایت باز"] < found["17"] < A4_POINTS[0] / 2  # the label is beside its figure


def test_persian_letters_are_joined():
    import uharfbuzz

    from crm_core.export.brief.pdf import FONTS

    font = uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(FONTS / "Brief-Regular.ttf"))))
    glyphs = []
    for word in ("ش", "بشب"):
        buffer = uharfbuzz.Buffer()
        buffer.add_str(word)
        buffer.guess_segment_properties()
        uharfbuzz.shape(font, buffer)
        glyphs.append([info.codepoint for info in buffer.glyph_infos])
    assert len(glyphs[1]) == 3
    assert glyphs[0][0] not in glyphs[1]  # inside a word the letter has another form


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_the_fonts_hold_the_letters_of_four_scripts(weight: str):
    from fontTools.ttLib import TTFont

    from crm_core.export.brief.pdf import FONTS

    letters = TTFont(FONTS / f"Brief-{weight}.ttf").getBestCmap()
    wanted = "azßéğşńőřđ ΑΩάώ АЯёйЇґә پچژگکیهٔ۰۹٬٫٪«»؟ءةى€₽£₺﷼…–−≤≥·№\u200c"
    assert [letter for letter in wanted if ord(letter) not in letters] == []


def test_letters_without_a_font_and_broken_ones_draw_a_page():
    strange = Brief(**{**vars(EMPTY), "title": "日本 🎉 \ud800\0\n\u202e x", "who": ("🎉" * 700, "\u0301", "\u200c")})
    assert len(reader(to_pdf(strange)).pages) == 1
