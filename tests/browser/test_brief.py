"""The brief printed from a browser is one page of paper, with nothing cut off at its foot."""

from __future__ import annotations

import io

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from crm_core.export.brief import Brief, to_html
from tests.crm_core.export.brief.briefs import EMPTY, ENDLESS, EVERYDAY, PERSIAN

#: What the last line reaches to, as a share of the room on the paper.
FILLED = """() => { const page = document.querySelector("main").getBoundingClientRect();
  return (document.querySelector("main").lastElementChild.getBoundingClientRect().bottom - page.top) / page.height; }"""

PAPER_WIDTH = 680  # pixels of 180 mm, within the margins


@pytest.mark.parametrize("brief", [EVERYDAY, PERSIAN, ENDLESS, EMPTY], ids=["everyday", "persian", "endless", "empty"])
def test_a_printed_brief_is_one_page_and_whole(page: Page, brief: Brief) -> None:
    page.set_viewport_size({"width": PAPER_WIDTH, "height": 1000})
    page.set_content(to_html(brief).decode())
    assert len(PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages) == 1
    page.emulate_media(media="print")
    assert page.evaluate(FILLED) < 1
