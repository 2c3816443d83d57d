"""The administrator's file: who has which role, and when a sign-in is good enough.

    ask = "Dana Ray (dana@example.com)"     whom a page names that refuses somebody
    default = "none"                        role of everybody else who can sign in

    [users]
    "ada@example.com" = "administrator"
    "*@example.com" = "viewer"              everybody of that domain
    "left@example.com" = "none"             not this one

    [claim]                                 roles from groups that the provider tells
    name = "groups"
    roles = { "crm-analysts" = "analyst" }

    [sign_in]
    hours = 8                               how long a sign-in holds (without it: as long as the provider's token says)
    accept_unstated_email = false           true: an address counts where the provider does not say whether it checked it

The file is $CRM_ROLES, or roles.toml in the home. An address alone decides for its person; of a domain and groups the highest role holds.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from crm_core.access import Role, User
from crm_core.errors import AccessError, Problem, WorkspaceError

FILE = "roles.toml"
NONE = "none"
ROLES: Mapping[str, Role | None] = {NONE: None, **{role.label: role for role in Role}}
KEYS = {"ask", "default", "users", "claim", "sign_in"}
CLAIM_KEYS = {"name", "roles"}
SIGN_IN_KEYS = {"hours", "accept_unstated_email"}
#: An address as a key of the file, and the domain of "*@example.com".
ADDRESS = re.compile(r"[^\s@*]+@[^\s@*]+")
DOMAIN = re.compile(r"\*@[^\s@*]+")
MOST_HOURS = 30 * 24
SECONDS_AN_HOUR = 3600
LONGEST_NAME = 100
ASK_ANYONE = "whoever runs this dashboard"


@dataclass(frozen=True)
class SignIn:
    """When a sign-in is good enough. `hours` is how long it holds, None for as long as the provider's token says."""

    hours: float | None = None
    accept_unstated_email: bool = False


@dataclass(frozen=True)
class Roles:
    """What the file says. `users` and `domains` (without "*@") are in small letters; a role of None is none."""

    users: Mapping[str, Role | None] = field(default_factory=dict)
    domains: Mapping[str, Role | None] = field(default_factory=dict)
    default: Role | None = None
    claim: str = ""
    claim_roles: Mapping[str, Role | None] = field(default_factory=dict)
    sign_in: SignIn = SignIn()
    ask: str = ASK_ANYONE

    def admit(self, claims: Mapping[str, Any], now: float) -> User:
        """The user whom the provider's claims name, in the role of this moment; `now` in seconds since 1970.

        Raises AccessError: the sign-in has ended, the address is not sure, or the person has no role.
        """
        self._require_fresh(claims, now)
        email = self._email(claims)
        role = self.role_of(email, claims)
        if role is None:
            raise AccessError(
                "You have no access here yet",
                f"You are signed in as {email}, which has no role in this dashboard.",
                f"Ask {self.ask} for one: viewer, analyst or administrator.",
            )
        name = claims.get("name")
        shown = " ".join(name.split())[:LONGEST_NAME] if isinstance(name, str) else ""
        return User(shown or email, email, role)

    def role_of(self, email: str, claims: Mapping[str, Any]) -> Role | None:
        """The role of that address (in small letters), None without any."""
        if email in self.users:
            return self.users[email]
        given = [self.domains[domain] for domain in (email.rpartition("@")[2],) if domain in self.domains]
        given += [self.claim_roles[group] for group in _texts(claims.get(self.claim)) if group in self.claim_roles]
        return max((role for role in given if role is not None), default=None if given else self.default)

    def _require_fresh(self, claims: Mapping[str, Any], now: float) -> None:
        """The cookie lives longer than the provider's token, which does not end it: its times do."""
        hours, moment = self.sign_in.hours, claims.get("exp")
        if hours is not None:
            begun = claims.get("iat")
            moment = begun + hours * SECONDS_AN_HOUR if _is_number(begun) else None
        if not _is_number(moment):
            raise AccessError("Your sign-in cannot be used", "The provider does not tell how long it holds.", f"Tell {self.ask}.")
        if now >= moment:
            raise AccessError("Your sign-in has ended", "It holds for some time only.", "Sign in again.")

    def _email(self, claims: Mapping[str, Any]) -> str:
        """The address in small letters, if it is one and the provider has checked it."""
        email, is_checked = claims.get("email"), claims.get("email_verified")
        address = email.strip().lower() if isinstance(email, str) else ""
        if not ADDRESS.fullmatch(address):
            hint = f"Tell {self.ask}: the provider has to send it (scope “email”)."
            raise AccessError("Your e-mail address is not known", "The provider does not tell it, and roles go by it.", hint)
        if is_checked is None and self.sign_in.accept_unstated_email:
            return address
        if is_checked is True or (isinstance(is_checked, str) and is_checked.lower() == "true"):
            return address
        said = "does not say whether it checked" if is_checked is None else "has not checked"
        raise AccessError(
            "Your e-mail address is not confirmed",
            f"The provider {said} that {address} is yours.",
            f"Confirm the address with the provider and sign in again, or tell {self.ask}.",
        )


def path_of(home_root: Path, environment: Mapping[str, str]) -> Path:
    """The file's place, whether it is there or not."""
    return Path(environment["CRM_ROLES"]).expanduser() if environment.get("CRM_ROLES") else home_root / FILE


def load(path: Path) -> Roles:
    """What the file says; without a file nobody has a role. Raises WorkspaceError with every fault: line, key, what is wrong."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Roles()
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error.strerror)
        raise WorkspaceError("The roles cannot be read", f"{path}: {why}.", "Until then nobody gets in.") from error
    reader = _Reader(text)
    found = reader.roles()
    if reader.problems:
        raise WorkspaceError("The roles cannot be used", f"{path} has faults; until they are gone, nobody gets in.", "", reader.problems)
    return found


class _Reader:
    """Reads the text and notes each fault with its line."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        self.problems: list[Problem] = []
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self.data = {}
            self.problems.append(Problem("toml", "error", f"This is not TOML: {error}"))

    def roles(self) -> Roles:
        self._unknown("", self.data, KEYS)
        users = self._users()
        claim, sign_in = self._table("claim"), self._table("sign_in")
        self._unknown("claim", claim, CLAIM_KEYS)
        self._unknown("sign_in", sign_in, SIGN_IN_KEYS)
        for key, (written, _) in users.items():
            if not ADDRESS.fullmatch(key) and not DOMAIN.fullmatch(key):
                self._fault(written, "users", "is neither an e-mail address nor “*@” and a domain")
        return Roles(
            {key: self._role("users", *entry) for key, entry in users.items() if not DOMAIN.fullmatch(key)},
            {key[2:]: self._role("users", *entry) for key, entry in users.items() if DOMAIN.fullmatch(key)},
            self._role("", "default", self.data.get("default", NONE)),
            self._text("claim", "name", claim.get("name", "")),
            self._claim_roles(claim),
            self._sign_in(sign_in),
            self._text("", "ask", self.data.get("ask", ASK_ANYONE)),
        )

    def _users(self) -> dict[str, tuple[str, Any]]:
        """Address in small letters -> as it is written, and its role."""
        found: dict[str, tuple[str, Any]] = {}
        for written, role in self._table("users").items():
            if written.strip().lower() in found:
                self._fault(written, "users", "stands there twice, since capitals do not count")
            found[written.strip().lower()] = (written, role)
        return found

    def _claim_roles(self, claim: Mapping[str, Any]) -> dict[str, Role | None]:
        roles = claim.get("roles", {})
        if not isinstance(roles, dict):
            self._fault("roles", "claim", "has to be a table of groups and roles")
            return {}
        if roles and not claim.get("name"):
            self._fault("roles", "claim", "needs “name”, the claim that tells the groups")
        return {group: self._role("claim.roles", group, role) for group, role in roles.items()}

    def _sign_in(self, found: Mapping[str, Any]) -> SignIn:
        hours, accepts = found.get("hours"), found.get("accept_unstated_email", False)
        if hours is not None and not (_is_number(hours) and 0 < hours <= MOST_HOURS):
            self._fault("hours", "sign_in", f"has to be a number above 0 and up to {MOST_HOURS}")
            hours = None
        if not isinstance(accepts, bool):
            self._fault("accept_unstated_email", "sign_in", "has to be true or false")
            accepts = False
        return SignIn(hours, accepts)

    def _role(self, section: str, key: str, value: object) -> Role | None:
        if not isinstance(value, str) or value.strip().lower() not in ROLES:
            self._fault(key, section, f"has to be one of {', '.join(ROLES)}", value)
            return None
        return ROLES[value.strip().lower()]

    def _text(self, section: str, key: str, value: object) -> str:
        if not isinstance(value, str):
            self._fault(key, section, "has to be a text in quotes", value)
            return ""
        return " ".join(value.split())

    def _table(self, name: str) -> dict[str, Any]:
        found = self.data.get(name, {})
        if not isinstance(found, dict):
            self._fault(name, "", f"has to be a section: [{name}]")
            return {}
        return found

    def _unknown(self, section: str, found: Mapping[str, Any], known: set[str]) -> None:
        for key in found:
            if key not in known:
                self._fault(key, section, f"is not known here; known are: {', '.join(sorted(known))}")

    def _fault(self, key: str, section: str, what: str, value: object = "") -> None:
        place = f"{section}.{key}" if section else key
        number = self._line_of(key)
        message = f"{f'line {number}, ' if number else ''}{place} {what}"
        self.problems.append(Problem("roles", "error", message, example=str(value)[:LONGEST_NAME] if value != "" else ""))

    def _line_of(self, key: str) -> int:
        """Number of the first line that sets the key or opens its section; 0 where none does."""
        pattern = re.compile(rf"""(^|[{{,.\[])\s*["']?{re.escape(key)}["']?\s*[=\].]""")
        return next((number for number, line in enumerate(self.lines, 1) if pattern.search(line)), 0)


def _texts(value: object) -> list[str]:
    """What a claim tells: one text, or a list of them."""
    return [value] if isinstance(value, str) else [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple) else []


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
