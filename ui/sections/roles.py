"""Who may do what: the rules of the roles, and who has which, as the administrator's file says; for administrators, to read only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from crm_core.access import RULES, Action, Role
from crm_core.store.home import find_home
from crm_core.store.roles import FILE, NONE, path_of
from ui import cache, guards, sign_in

if TYPE_CHECKING:
    from crm_core.access import User
    from crm_core.store.roles import Roles

LOCAL = """Sign-in is not set up: whoever sits at this machine is administrator, and the server answers this machine only. “Sign-in and roles” in the
README says how to let others in."""
EVERYBODY_ELSE = "everybody else who can sign in"


def panel(user: User) -> None:
    """A closed panel with both tables; nothing for others than administrators."""
    if not user.may(Action.SEE_ROLES):
        return
    with st.expander("Who may do what", icon=":material/group:"), guards.guard():
        st.dataframe(rules(), hide_index=True, alt="What each role may do")
        if not sign_in.is_set_up():
            st.caption(LOCAL)
            return
        known = cache.roles(path_of(find_home().root, os.environ))
        st.dataframe(entries(user, known), hide_index=True, alt="Who has which role")
        st.caption(_how(known))


def rules() -> pd.DataFrame:
    """One row an action, with a mark for each role that may."""
    marks = {role.label.capitalize(): ["✓" if role >= rule.least else "–" for rule in RULES.values()] for role in Role}
    return pd.DataFrame({"May …": [rule.words for rule in RULES.values()], **marks})


def entries(user: User, known: Roles) -> pd.DataFrame:
    """One row an entry of the file. Raises AccessError for others than administrators."""
    user.require(Action.SEE_ROLES)
    rows = [(address, role) for address, role in known.users.items()]
    rows += [(f"*@{domain}", role) for domain, role in known.domains.items()]
    rows += [(f"{known.claim}: {group}", role) for group, role in known.claim_roles.items()]
    rows.append((EVERYBODY_ELSE, known.default))
    return pd.DataFrame([(who, role.label if role else NONE) for who, role in rows], columns=["Who", "Role"])


def _how(known: Roles) -> str:
    hours = known.sign_in.hours
    holds = f"{hours:g} hour{'' if hours == 1 else 's'}" if hours is not None else "as long as the provider's token says"
    return f"From {FILE}, read anew in every run; changed there only. A sign-in holds {holds}."
