"""The brief as a web page: whole in one file, escaped, and in the direction of its words."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from crm_core.export.brief import Brief, to_html
from tests.crm_core.export.brief.briefs import EMPTY, ENDLESS, EVERYDAY, PERSIAN


class Page(HTMLParser):
    """Tags with their attributes, and the text a reader sees."""

    def __init__(self, brief: Brief) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.open: list[str] = []
        self.feed(to_html(brief).decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("brief", [EVERYDAY, PERSIAN, EMPTY], ids=["everyday", "persian", "empty"])
def test_nothing_is_run_and_nothing_is_fetched(brief: Brief):
    page = Page(brief)
    assert page.open == []
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "img", "iframe", "a"})
    assert all(name not in attributes for _, attributes in page.tags for name in ("src", "href", "onload", "style"))
    assert not re.search(r"@import|url\(", to_html(brief).decode())


def test_texts_are_shown_letter_by_letter():
    words = Page(EVERYDAY).words
    for said in (EVERYDAY.title, *EVERYDAY.who, EVERYDAY.command, "12,000", "seed 17, by segment", "31 May 2024", "up to 1 March 2024"):
        assert said in words


def test_each_text_finds_its_own_direction_and_the_command_runs_left_to_right():
    page = Page(PERSIAN)
    assert all(attributes.get("dir") == "auto" for tag, attributes in page.tags if tag in {"h1", "p", "td"})
    assert [attributes["dir"] for tag, attributes in Page(EVERYDAY).tags if tag == "pre"] == ["ltr"]


def test_without_rules_the_page_says_so():
    assert "No rules applied." in Page(EMPTY).words
    assert "No rules applied." not in Page(EVERYDAY).words


def test_too_many_rules_are_summed_up():
    brief = Brief(**{**vars(EMPTY), "rules": tuple((f"Rule {number}", 10) for number in range(40))})
    words = Page(brief).words
    shown = len(re.findall(r"Rule \d", words))
    assert f"{40 - shown} more rules{(40 - shown) * 10}" in words
    assert 5 <= shown < 40


def test_the_same_brief_is_the_same_file_and_an_endless_one_is_cut():
    assert to_html(PERSIAN) == to_html(PERSIAN)
    assert "…" in Page(ENDLESS).words
    assert len(to_html(ENDLESS)) < 20_000
