"""Every name a page may keep in a session or in the URL, in one place.

Members of `Url` are keys of widgets bound to the query parameters: what stands there travels with a link and never
tells anything of a private upload. Members of `Session` stay on the server and end with the session.
"""

from __future__ import annotations

from enum import StrEnum


class Url(StrEnum):
    """Query parameters shared by all pages; a split field has the parameter `split_key(field)`."""

    WORKSPACE = "data"
    AS_OF = "as_of"
    PERIOD = "period"
    DATES = "dates"
    SEGMENTS = "segment"
    F_RULE = "frequency"
    CUTS_R = "cuts_r"
    CUTS_F = "cuts_f"
    CUTS_M = "cuts_m"
    HORIZON = "horizon"
    MARGIN = "margin"
    COSTS = "costs"
    DISCOUNT = "discount"
    MODEL = "model"
    UNIT = "unit"
    ENGINE = "engine"
    MEASURE = "measure"
    BY = "by"
    WINDOW = "window"
    STAKE = "stake"
    SATISFACTION_TAB = "satisfaction_tab"
    SATISFACTION_SPLIT = "satisfaction_split"
    WHOSE = "whose"
    LOYALTY = "loyalty"
    SERVICE_TAB = "service_tab"
    SERVICE_SPLIT = "service_split"
    TOPIC_DAYS = "topic_days"
    SLOW_MEASURE = "slow_measure"
    WATCH_TAB = "watch_tab"
    WHERE = "where"  # the condition of the page Audience, in its language
    AUDIENCE = "audience"  # id of a saved audience
    CAMPAIGN = "campaign"  # id of an export, whose outcome is shown
    AUDIENCE_TAB = "audience_tab"
    CONTROL = "control"  # percent of an audience that is not addressed
    SEED = "seed"
    RESPECT = "respect"


class Session(StrEnum):
    """What one session keeps; none of it is a widget's key."""

    OWNER = "_owner"  # random token that owns this session's private workspace
    USER = "_user"  # crm_core.access.User of this run: who looks, and in which role
    PERSON = "_person"  # e-mail address that this session began with; another one begins with nothing
    REFUSED = "_refused"  # why this session was refused, told in the log once
    PAGES = "_pages"  # url path -> st.Page of this run
    VIEW = "_view"  # frame.View of this run, or None without data
    DATA_FILE = "_data_file"  # the data file of the last run: filters by date start anew when it changes
    WIZARD = "_wizard"  # ui.wizard.Wizard: files staged and not yet accepted
    SEGMENT_TABLE = "_segment_table"  # a SegmentTable the user made her own, in place of the usual names and moves
    FAILED = "_failed"  # Entry of the data that was chosen and could not be opened in this run
    REFRESHED = "_refreshed"  # data file that the last refresh made, and its outcome in words
    PROFILED = "_profiled"  # content of tables that lie elsewhere whose profile she asked for
    NOTICE = "_notice"  # one sentence to show after a rerun
    SECTION = "_section"  # the Data page is to show what is loaded, after an accept
    MISSED = "_missed"  # name of data that the link asked for and that is not here, until it is told
    CHECKED = "_checked"  # the forecast that the user had checked against lifetimes
    AUDIENCE_STEPS = "_audience_steps"  # conditions before the last changes, to be brought back
    AUDIENCE_OPEN = "_audience_open"  # id and version of the saved audience that the page's widgets were filled from
    AUDIENCE_CONFLICT = "_audience_conflict"  # what somebody else saved of the open audience meanwhile
    RULES_CONFLICT = "_rules_conflict"  # contact rules of one's own, and what somebody else saved meanwhile
    AUDIENCE_RESCORED = "_audience_rescored"  # whether a saved audience takes the scoring of the sidebar
    EXPORTED = "_exported"  # id of the export just made, whose files are shown next
    PLATFORM_FILE = "_platform_file"  # what a prepared file for an ad platform was made of, its bytes and what became of the rows
    CHOOSE = "_choose"  # name of the workspace to show next: set where widgets exist already, obeyed before they are drawn


def split_key(field: str) -> str:
    """URL parameter of the filter on a split field ("country", "attr_2")."""
    return f"in_{field}"
