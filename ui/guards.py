"""Errors as the user sees them: what is wrong, all problems at once, what to do; never a stack trace."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from crm_core.access import RULES, Action, User
from crm_core.errors import AccessError, CrmError, Problem
from crm_core.schema import TABLES
from ui.links import link

if TYPE_CHECKING:
    from ui.frame import View

_LOG = logging.getLogger(__name__)

SEVERITIES = {"error": "must be solved", "question": "needs your answer", "warning": "please look", "info": "for information"}

#: A wide cell of the table of problems: letters that fit into a line of it, and heights in pixels.
LETTERS_A_LINE, MOST_LINES, LINE, PADDING = 52, 5, 20, 16
#: Streamlit breaks lines only in rows higher than four rem.
BREAKS_LINES = 65

#: Columns of the table of problems that hold sentences.
WIDE = ("What", "Way out")

UNEXPECTED = "Your data is untouched. Try again; if it stays, tell whoever runs this dashboard:"


@contextmanager
def guard() -> Iterator[None]:
    """Shows a CrmError where the page would have gone on; anything unexpected as a friendly message with an id that the log has too."""
    try:
        yield
    except CrmError as error:
        show(error)
    except Exception:  # the last line of defence: logged in full, told in words
        error_id = secrets.token_hex(4)
        _LOG.exception("error %s", error_id)
        st.error(f"**Something went wrong here.** {UNEXPECTED} error {error_id}.", icon=":material/error:")


def may(user: User, action: Action) -> bool:
    """Whether the user may; if not, says whose it is ("Customer lists are for analysts.").

    For the place of a list or a form. The rule itself is asked where rows are read or changed: `user.require(action)`.
    """
    if not user.may(action):
        st.info(RULES[action].note, icon=":material/lock:")
    return user.may(action)


def show(error: CrmError) -> None:
    """Title, message, problems as a table, hint. What a role does not allow is told, but is no failure."""
    if isinstance(error, AccessError):
        st.info(f"**{escape(error.title)}.** {escape(error.message)} {escape(error.hint)}", icon=":material/lock:")
        return
    st.error(f"**{escape(error.title)}.** {escape(error.message)}", icon=":material/error:")
    show_problems(error.problems)
    if error.hint:
        st.info(escape(error.hint), icon=":material/lightbulb:")


def show_problems(problems: Sequence[Problem]) -> None:
    """All findings in one table, the gravest first."""
    if not problems:
        return
    order = list(SEVERITIES)
    ranked = sorted(problems, key=lambda problem: order.index(problem.severity))
    rows = [
        {
            "": SEVERITIES[problem.severity],
            "What": problem.message,
            "Way out": problem.hint,
            "Table": problem.table,
            "Column": problem.column,
            "Rows": problem.rows or None,
            "Example": problem.example,
        }
        for problem in ranked
    ]
    frame = pd.DataFrame(rows)
    filled = [name for name in frame.columns if frame[name].astype(bool).any() and frame[name].notna().any()]
    config: dict[str, Any] = {name: st.column_config.TextColumn(width="large") for name in WIDE}
    config["Rows"] = st.column_config.NumberColumn(format="localized")
    st.dataframe(frame[filled], hide_index=True, column_config=config, row_height=_row_height(frame), alt="What was found")


def _row_height(problems: pd.DataFrame) -> int:
    """Pixels in which the longest text of the wide columns can be read."""
    lines = ceil(max(len(text) for name in WIDE for text in problems[name]) / LETTERS_A_LINE)
    return max(LINE * min(lines, MOST_LINES) + PADDING, BREAKS_LINES if lines > 1 else 0)


def has(view: View, table: str, *fields: str, what: str) -> bool:
    """Whether the data has the table and all the fields; if not, says so and links to where they are added.

    `what` is the beginning of the sentence: has(view, "order_lines", "cost_amount", what="Gross profit").
    """
    if not view.ws.has(table):
        missing = [f"the table “{TABLES[table].label}”"]
    else:
        missing = [f"“{TABLES[table].field(field).label}”" for field in fields if not view.ws.has(table, field)]
    if not missing:
        return True
    st.info(f"{what} needs {' and '.join(missing)}, which this data does not have.", icon=":material/extension:")
    link("data", "Add it on the Data page")
    return False


#: What ends a line or begins a block in Markdown, and marks that turn the direction of all that follows.
_BLANKS = re.compile(r"[ \t\r\n\v\f\x1c-\x1f\x85\u2028\u2029]+")
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
#: Streamlit looks for addresses, icons and logos once more in the text that Markdown leaves, where no backslash helps: a sign of no width does.
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=:)(?=material/|streamlit:)|(?<=www)(?=\.)|(?<=@)(?=\w)", re.IGNORECASE)
NO_WIDTH = "\u2060"


def escape(text: str) -> str:
    """A text of the user's in Markdown, on one line, as it stands: nothing in it is a link, an image, an icon, a formula or a directive."""
    plain = _ADDRESS.sub(NO_WIDTH, _TURNS.sub("", _BLANKS.sub(" ", text)))
    return "".join("\\" + letter if letter in "\\`*_{}[]()<>#+-.!|~$:&" else letter for letter in plain)
