"""Who may do what: three roles, what each of them may, and the question that is asked where data is read or changed.

    viewer  <  analyst  <  administrator          a role may all that those before it may

The rules are one table, `RULES`: for each action the least role. Whoever reads or changes data asks `user.require(action)`; hiding a button
is a courtesy, not a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType

from crm_core.errors import AccessError


class Role(IntEnum):
    """Ordered: a higher role may all that a lower one may."""

    VIEWER = 1
    ANALYST = 2
    ADMINISTRATOR = 3

    @property
    def label(self) -> str:
        """The word that stands in roles.toml and on pages: "viewer", "analyst", "administrator"."""
        return self.name.lower()


class Action(StrEnum):
    """What is asked about where data is read or changed."""

    SEE_FIGURES = "see_figures"
    SEE_CUSTOMERS = "see_customers"
    EXPORT = "export"
    UPLOAD = "upload"
    SAVE_AUDIENCE = "save_audience"
    FOLLOW_UP = "follow_up"
    MANAGE_DATA = "manage_data"
    CHANGE_RULES = "change_rules"
    ERASE_PERSON = "erase_person"
    SEE_ROLES = "see_roles"


@dataclass(frozen=True)
class Rule:
    """The least role that may, what it may (in words), and whom a page names: "Customer lists are for analysts"."""

    least: Role
    words: str
    subject: str

    @property
    def note(self) -> str:
        """The sentence that stands in the place of what a user may not see or do."""
        return f"{self.subject} for {self.least.label}s."


RULES: Mapping[Action, Rule] = MappingProxyType(
    {
        Action.SEE_FIGURES: Rule(Role.VIEWER, "see figures, charts and findings, and download them", "Figures are"),
        Action.SEE_CUSTOMERS: Rule(
            Role.ANALYST, "see customers one by one: lists, names, addresses, a customer's story", "Customer lists are"
        ),
        Action.EXPORT: Rule(Role.ANALYST, "take customers away as a file", "Files with customers are"),
        Action.UPLOAD: Rule(Role.ANALYST, "load data for oneself alone", "Loading data is"),
        Action.SAVE_AUDIENCE: Rule(Role.ANALYST, "build, save and delete audiences", "Saving audiences is"),
        Action.FOLLOW_UP: Rule(Role.ANALYST, "mark customers as followed up, and take marks back", "Following up is"),
        Action.MANAGE_DATA: Rule(
            Role.ADMINISTRATOR,
            "import, refresh, take back and erase the company's data, and use its databases and its folder",
            "The company's data is",
        ),
        Action.CHANGE_RULES: Rule(Role.ADMINISTRATOR, "change the company's contact rules and time limits", "The company's rules are"),
        Action.ERASE_PERSON: Rule(Role.ADMINISTRATOR, "erase a person everywhere", "Erasing a person is"),
        Action.SEE_ROLES: Rule(Role.ADMINISTRATOR, "see who has which role", "Who has which role is"),
    }
)


@dataclass(frozen=True)
class User:
    """Who looks: a name to show, an e-mail address ("" for the local user), and the role of this moment."""

    name: str
    email: str
    role: Role

    @property
    def who(self) -> str:
        """The text that is kept with what the user saves: the e-mail address; "" for the local user."""
        return self.email

    def may(self, action: Action) -> bool:
        return self.role >= RULES[action].least

    def require(self, action: Action) -> None:
        """Raises AccessError where the user may not."""
        if not self.may(action):
            rule = RULES[action]
            raise AccessError(
                "This is not for your role",
                f"{rule.note} Your role is {self.role.label}.",
                "Ask whoever runs this dashboard for another role.",
            )


#: Whoever sits at the machine, where no sign-in is set up.
LOCAL = User("Local user", "", Role.ADMINISTRATOR)
