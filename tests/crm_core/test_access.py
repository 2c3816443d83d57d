"""The rules of the roles, walked as a whole."""

from __future__ import annotations

import pytest

from crm_core.access import LOCAL, RULES, Action, Role, User
from crm_core.errors import AccessError, CrmError

VIEWERS = {Action.SEE_FIGURES}
ANALYSTS = VIEWERS | {Action.SEE_CUSTOMERS, Action.EXPORT, Action.UPLOAD, Action.SAVE_AUDIENCE, Action.FOLLOW_UP}
ALLOWED = {Role.VIEWER: VIEWERS, Role.ANALYST: ANALYSTS, Role.ADMINISTRATOR: set(Action)}


def test_each_action_has_a_rule() -> None:
    assert set(RULES) == set(Action)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_each_role_may_what_is_its_and_nothing_else(role: Role, action: Action) -> None:
    user = User("Ada", "ada@example.com", role)
    assert user.may(action) is (action in ALLOWED[role])
    if user.may(action):
        user.require(action)
        return
    with pytest.raises(AccessError) as refused:
        user.require(action)
    assert isinstance(refused.value, CrmError)
    assert refused.value.message == f"{RULES[action].note} Your role is {role.label}."


def test_a_higher_role_may_all_that_a_lower_one_may() -> None:
    assert Role.VIEWER < Role.ANALYST < Role.ADMINISTRATOR
    assert ALLOWED[Role.VIEWER] < ALLOWED[Role.ANALYST] < ALLOWED[Role.ADMINISTRATOR]


def test_notes_read_as_sentences() -> None:
    assert RULES[Action.SEE_CUSTOMERS].note == "Customer lists are for analysts."
    assert RULES[Action.MANAGE_DATA].note == "The company's data is for administrators."


def test_the_local_user_is_administrator_without_an_address() -> None:
    assert (LOCAL.role, LOCAL.who) == (Role.ADMINISTRATOR, "")
