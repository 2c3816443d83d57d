"""What a brief says, and how it is cut down where it says more than a page holds."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

#: A label and its figure, formatted as it is to be read.
Figure = tuple[str, str]

Direction = Literal["ltr", "rtl"]

ELLIPSIS = "…"

#: Kept though they are not seen: joiners, of which words are made, and spaces at which no line breaks. Others are dropped.
_KEPT = "\u200c\u200d\u00a0\u202f"

#: Left-to-right mark: after a right-to-left name, so that the day behind it is not drawn into the name's direction.
_LEFT_TO_RIGHT = "\u200e"


@dataclass(frozen=True)
class Groups:
    """How those chosen are divided: customers who get the campaign, customers who do not, the seed of the draw, the day the outcome is read."""

    count_treatment: int
    count_control: int
    seed: int
    end_day: date | None = None
    strata: str = ""  # by what the draw is stratified, for example "segment"


@dataclass(frozen=True)
class Brief:
    """All that the page says. Texts are the user's or the caller's, plain and of any length; figures are formatted already.

    `rules`: a rule in words and the customers it left out. `profile`: label, audience, all customers. Empty parts are left off the page.
    """

    title: str
    day: date
    data_name: str
    as_of: date
    prepared_for: str = ""
    prepared_by: str = ""
    who: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    how_many: tuple[Figure, ...] = ()
    expect: tuple[Figure, ...] = ()
    caveats: tuple[str, ...] = ()
    rules: tuple[tuple[str, int], ...] = ()
    groups: Groups | None = None
    judged: tuple[str, ...] = ()
    command: str = ""
    profile: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Room:
    """How much is shown: `scale` of the letters, at most `items` of a list, at most `letters` of a text."""

    scale: float
    items: int
    letters: int


#: From roomy to tight; the first in which a brief fits is taken. The last holds any brief (a test tries the longest).
ROOMS = (
    *(Room(scale, 16, 600) for scale in (1.0, 0.94, 0.88, 0.82, 0.77)),
    *(Room(0.77, items, letters) for items, letters in ((14, 300), (12, 200), (10, 140), (8, 100), (6, 80), (4, 80), (3, 60), (2, 60))),
)

MOST_TILES = 6

RULES = "Left out by rules"
NO_RULES = "No rules applied."


def fitted(brief: Brief, room: Room) -> Brief:
    """The brief with every text and list cut to the room, with an ellipsis or a count of what is left off."""
    cut = room.letters
    return replace(
        brief,
        title=shortened(brief.title, min(cut, 120)),
        data_name=shortened(brief.data_name, 60),
        prepared_for=shortened(brief.prepared_for, 60),
        prepared_by=shortened(brief.prepared_by, 60),
        who=_sentences(brief.who, room),
        why=_sentences(brief.why, room),
        how_many=_figures(brief.how_many, replace(room, items=MOST_TILES)),
        expect=_figures(brief.expect, room),
        caveats=_sentences(brief.caveats, room),
        rules=_rules(brief.rules, room),
        groups=brief.groups and replace(brief.groups, strata=shortened(brief.groups.strata, 60)),
        judged=_sentences(brief.judged, room),
        command=shortened(brief.command, max(2 * cut, 400)),
        profile=tuple(
            (shortened(label, 60), shortened(ours, 24), shortened(all_, 24)) for label, ours, all_ in brief.profile[: room.items]
        ),
    )


def shortened(text: str, length: int) -> str:
    """Text in one line of visible letters, at most `length` of them."""
    plain = re.sub(" +", " ", "".join(letter if letter.isprintable() or letter in _KEPT else " " for letter in text)).strip()
    return plain if len(plain) <= length else plain[: length - 1].rstrip() + ELLIPSIS


def direction(text: str) -> Direction:
    """The way a paragraph runs: that of its first letter that has one (Unicode Bidirectional Algorithm, P2 and P3), as HTML's dir="auto"."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return "rtl" if next((kind for kind in kinds if kind in {"L", "R", "AL"}), "L") != "L" else "ltr"


def about(brief: Brief) -> str:
    """The line under the title: for whom, by whom, when, from what data."""
    readers = f"prepared for {_embedded(brief.prepared_for)}" if brief.prepared_for else ""
    writer = f"by {_embedded(brief.prepared_by)}" if brief.prepared_by else ""
    data = f"data: {_embedded(brief.data_name)}, up to {day_text(brief.as_of)}"
    facts = [" ".join(filter(None, (readers, writer))), day_text(brief.day), data]
    return " · ".join(["Campaign brief", *filter(None, facts)])


def group_figures(groups: Groups) -> list[Figure]:
    """The two groups as labels and figures."""
    drawn = f"at random, seed {groups.seed}" + (f", by {_embedded(groups.strata)}" if groups.strata else "")
    figures = [("Gets the campaign", f"{groups.count_treatment:,}"), ("Control, left alone", f"{groups.count_control:,}"), ("Drawn", drawn)]
    return [*figures, *([("Outcome read on", day_text(groups.end_day))] if groups.end_day else [])]


def day_text(day: date) -> str:
    """3 March 2024, whatever the language of the server."""
    months = "January February March April May June July August September October November December".split()
    return f"{day.day} {months[day.month - 1]} {day.year}"


def _embedded(text: str) -> str:
    """A user's text inside a sentence of ours."""
    return text + _LEFT_TO_RIGHT if any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in text) else text


def _sentences(texts: tuple[str, ...], room: Room) -> tuple[str, ...]:
    kept = [shortened(text, room.letters) for text in texts[: room.items]]
    return (*kept, *([f"{ELLIPSIS} and {len(texts) - room.items} more."] if len(texts) > room.items else []))


def _figures(figures: tuple[Figure, ...], room: Room) -> tuple[Figure, ...]:
    return tuple((shortened(label, 60), shortened(value, 40)) for label, value in figures[: room.items])


def _rules(rules: tuple[tuple[str, int], ...], room: Room) -> tuple[tuple[str, int], ...]:
    """The first rules, and the others together in a last line with their sum."""
    if len(rules) <= room.items:
        return tuple((shortened(rule, room.letters), count) for rule, count in rules)
    others = rules[room.items - 1 :]
    return (*_rules(rules[: room.items - 1], room), (f"{len(others)} more rules", sum(count for _, count in others)))
