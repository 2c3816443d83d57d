"""What users save, checked before it is kept: names, notes, texts and JSON, each of bearable size and in letters that every database takes."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from crm_core.errors import CrmError
from crm_core.store.saved.models import LONGEST_NAME, LONGEST_PERSON

LONGEST_NOTE = 2_000
#: Letters of a condition, and of JSON beside it.
LONGEST_CONDITION = LONGEST_JSON = 500_000
LOCAL_USER = "local user"


def person(who: str) -> str:
    """Who saved something, as pages say it: the name or e-mail, or that it was the one user of this machine."""
    return who or LOCAL_USER


def name_of(text: str) -> str:
    """A name on one line, without blanks at its ends. Raises CrmError where it has not 1 to 100 letters."""
    name = " ".join(_plain(text, "name").split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise CrmError("This name cannot be used", f"A name has 1 to {LONGEST_NAME} letters, this one {len(name)}.", "Choose another name.")
    return name


def key_of(name: str) -> str:
    """Equal for names that people take for the same."""
    return unicodedata.normalize("NFKC", name).casefold()[: 3 * LONGEST_NAME]


def note_of(text: str) -> str:
    """A note as it was written. Raises CrmError where it is too long."""
    return _within(_plain(text, "note").strip(), LONGEST_NOTE, "note")


def who_of(text: str) -> str:
    return _within(_plain(text, "user's name").strip(), LONGEST_PERSON, "user's name")


def condition_of(text: str) -> str:
    return _within(_plain(text, "condition"), LONGEST_CONDITION, "condition")


def json_of(value: Any, what: str) -> str:
    """The value as JSON text. Raises CrmError where it is none, or too long."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise CrmError("This cannot be kept", f"The {what} cannot be written as JSON.", "Tell whoever runs this dashboard.") from error
    return _within(_plain(text, what), LONGEST_JSON, what)


def _plain(text: str, what: str) -> str:
    """The text, unless it holds what no database takes: zero bytes and halves of letters."""
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise CrmError("This cannot be kept", f"The {what} holds a character that is none.", "Type it anew.")
    return text


def _within(text: str, longest: int, what: str) -> str:
    if len(text) > longest:
        raise CrmError("This is too long", f"The {what} has {len(text):,} letters; {longest:,} are allowed.", "Shorten it.")
    return text
