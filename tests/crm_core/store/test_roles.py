"""Who has which role: addresses, domains, groups, and when a sign-in is good enough."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crm_core.access import Role
from crm_core.errors import AccessError, WorkspaceError
from crm_core.store.roles import Roles, SignIn, load, path_of

NOW = 1_000_000.0
FILE = """
ask = "Dana Ray (dana@example.com)"
default = "viewer"
[users]
"Ada@Example.com" = "administrator"
"*@example.com" = "analyst"
"left@example.com" = "none"
"*@rivals.example" = "none"
[claim]
name = "groups"
roles = { crm-analysts = "analyst", crm-heads = "administrator" }
[sign_in]
hours = 8
accept_unstated_email = true
"""


def claims(email: str = "ada@example.com", **others: Any) -> dict[str, Any]:
    return {"email": email, "email_verified": True, "name": "Ada  Bell", "iat": NOW - 60, "exp": NOW + 60, **others}


def read(tmp_path: Path, text: str) -> Roles:
    path = tmp_path / "roles.toml"
    path.write_text(text, "utf-8")
    return load(path)


@pytest.fixture
def roles(tmp_path: Path) -> Roles:
    return read(tmp_path, FILE)


def test_without_a_file_nobody_has_a_role(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="no role"):
        load(tmp_path / "roles.toml").admit(claims(), NOW)


def test_the_file_is_in_the_home_or_where_the_environment_says(tmp_path: Path) -> None:
    assert path_of(tmp_path, {}) == tmp_path / "roles.toml"
    assert path_of(tmp_path, {"CRM_ROLES": "/etc/crm.toml"}) == Path("/etc/crm.toml")


@pytest.mark.parametrize(
    ("email", "groups", "role"),
    [
        ("ada@example.com", [], Role.ADMINISTRATOR),
        ("ADA@EXAMPLE.COM ", [], Role.ADMINISTRATOR),
        ("bo@example.com", [], Role.ANALYST),
        ("bo@example.com", ["crm-heads"], Role.ADMINISTRATOR),
        ("bo@example.com", "crm-heads", Role.ADMINISTRATOR),
        ("bo@example.com", ["others", 7, None], Role.ANALYST),
        ("left@example.com", ["crm-heads"], None),
        ("bo@mail.example.com", [], Role.VIEWER),
        ("bo@rivals.example", [], None),
        ("bo@rivals.example", ["crm-analysts"], Role.ANALYST),
        ("bo@evil.example\nada@example.com", [], None),
        ("ada@example.com@evil.example", [], None),
        ("*@example.com", [], None),
    ],
)
def test_an_address_decides_alone_then_the_highest_of_domain_and_groups(email: str, groups: Any, role: Role | None, roles: Roles) -> None:
    told = claims(email, groups=groups)
    if role is None:
        with pytest.raises(AccessError):
            roles.admit(told, NOW)
    else:
        assert roles.admit(told, NOW).role is role


def test_the_user_is_named_as_the_provider_says_with_the_address_in_small_letters(roles: Roles) -> None:
    user = roles.admit(claims("Ada@Example.com"), NOW)
    assert (user.name, user.email, user.who) == ("Ada Bell", "ada@example.com", "ada@example.com")
    assert roles.admit(claims(name=None), NOW).name == "ada@example.com"


def test_who_has_no_role_reads_whom_to_ask(roles: Roles) -> None:
    with pytest.raises(AccessError, match=r"left@example[.]com, which has no role") as refused:
        roles.admit(claims("left@example.com"), NOW)
    assert "Dana Ray (dana@example.com)" in refused.value.hint


@pytest.mark.parametrize(
    ("checked", "if_strict", "if_unstated_is_enough"),
    [(True, True, True), ("true", True, True), (None, False, True), (False, False, False), ("false", False, False), (1, False, False)],
)
def test_an_address_counts_where_the_provider_has_checked_it(checked: object, if_strict: bool, if_unstated_is_enough: bool) -> None:
    for accepts, expected in ((False, if_strict), (True, if_unstated_is_enough)):
        roles = Roles({"ada@example.com": Role.VIEWER}, sign_in=SignIn(accept_unstated_email=accepts))
        told = claims(email_verified=checked)
        if expected:
            assert roles.admit(told, NOW).role is Role.VIEWER
        else:
            with pytest.raises(AccessError, match="not confirmed"):
                roles.admit(told, NOW)


@pytest.mark.parametrize("email", [None, "", "ada", 7, ["ada@example.com"]])
def test_without_an_address_nobody_gets_in(email: object, roles: Roles) -> None:
    with pytest.raises(AccessError, match="Your e-mail address is not known"):
        roles.admit(claims() | {"email": email}, NOW)


def test_a_sign_in_holds_as_long_as_the_token_says() -> None:
    roles = Roles({"ada@example.com": Role.VIEWER})
    assert roles.admit(claims(exp=NOW + 1), NOW)
    for ended in (NOW, NOW - 1):
        with pytest.raises(AccessError, match="Your sign-in has ended"):
            roles.admit(claims(exp=ended), NOW)
    for unclear in (None, "later", True):
        with pytest.raises(AccessError, match="does not tell how long"):
            roles.admit(claims(exp=unclear), NOW)


def test_or_for_the_hours_that_the_administrator_says(roles: Roles) -> None:
    """Providers whose tokens hold for minutes would otherwise send users away again and again."""
    eight = 8 * 3600
    assert roles.admit(claims(iat=NOW - eight + 1, exp=NOW - 1), NOW)
    with pytest.raises(AccessError, match="Your sign-in has ended"):
        roles.admit(claims(iat=NOW - eight, exp=NOW + 1), NOW)
    with pytest.raises(AccessError, match="does not tell how long"):
        roles.admit(claims(iat=None), NOW)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[users]\n\n'vi@example.com' = 'boss'", "line 3, users.vi@example.com has to be one of none, viewer, analyst, administrator"),
        ("[users]\n'vi' = 'viewer'", "line 2, users.vi is neither an e-mail address nor “*@” and a domain"),
        ("[users]\n'v*@example.com' = 'viewer'", "line 2, users.v*@example.com is neither"),
        ("[users]\n'a@b.c' = 'viewer'\n'A@b.c' = 'none'", "line 3, users.A@b.c stands there twice"),
        ("default = 3", "line 1, default has to be one of"),
        ("ask = 3", "line 1, ask has to be a text"),
        ("users = 'all'", "line 1, users has to be a section"),
        ("\n[user]\n'a@b.c' = 'viewer'", "line 2, user is not known here"),
        ("[claim]\nroles = { heads = 'analyst' }", "line 2, claim.roles needs “name”"),
        ("[claim]\nname = 'groups'\nroles = { heads = 'boss' }", "line 3, claim.roles.heads has to be one of"),
        ("[claim]\nname = 'groups'\n[claim.roles]\nheads = 'boss'", "line 4, claim.roles.heads has to be one of"),
        ("[sign_in]\nhours = 0", "line 2, sign_in.hours has to be a number above 0"),
        ("[sign_in]\nhours = true", "line 2, sign_in.hours"),
        ("[sign_in]\naccept_unstated_email = 'no'", "line 2, sign_in.accept_unstated_email has to be true or false"),
        ("[users]\n'a@b.c' = viewer\n", "line 2"),
    ],
)
def test_each_fault_is_told_with_its_line_and_key(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError) as refused:
        read(tmp_path, text)
    assert told in refused.value.text()


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError) as refused:
        read(tmp_path, "default = 'boss'\n[users]\n'a' = 'viewer'\n'b@c.d' = 'chief'")
    assert len(refused.value.problems) == 3


def test_a_file_that_is_no_text_lets_nobody_in(tmp_path: Path) -> None:
    path = tmp_path / "roles.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WorkspaceError, match="UTF-8"):
        load(path)
