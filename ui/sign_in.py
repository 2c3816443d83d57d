"""Whether sign-in is set up, with which providers, and who has signed in; draws nothing.

Sign-in is set up by a section [auth] in a secrets file of Streamlit's. Once a server has seen it, it never goes on without: secrets that are gone or
cannot be read while it runs (an editor may write them in two steps) let nobody in.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from crm_core.access import LOCAL, Action, User
from crm_core.errors import AccessError, CrmError
from crm_core.store.home import find_home
from crm_core.store.roles import path_of
from ui import cache

_LOG = logging.getLogger(__name__)

SECTION = "auth"
DEFAULT_PROVIDER = "default"
PROVIDER_KEYS = ("client_id", "client_secret", "server_metadata_url")
#: A shorter secret could be guessed, and whoever knows it signs in as anybody.
SHORTEST_SECRET = 32
TELL = "Tell whoever runs this dashboard; the server's log says more."


@dataclass
class _Server:
    """What this process serves: `has_begun` once it does (tests and commands never do), `is_required` once it saw sign-in set up."""

    has_begun: bool = False
    is_required: bool = False


SERVER = _Server()


class NotSignedIn(AccessError):
    """Nobody has signed in yet: no failure."""


def is_set_up() -> bool:
    """Whether users have to sign in. Raises AccessError where the secrets cannot be read, or are gone."""
    found = section() is not None
    if found and SERVER.has_begun:
        SERVER.is_required = True
    if SERVER.is_required and not found:
        _LOG.error("sign-in was set up while this server runs, and its section [auth] is gone: nobody gets in")
        raise AccessError("Signing in is not possible at the moment", "The settings for it are gone.", TELL)
    return found


def section() -> Mapping[str, Any] | None:
    """The settings of sign-in, None without any. Raises AccessError where a secrets file is there and cannot be read."""
    try:
        found = st.secrets.get(SECTION)
    except StreamlitSecretNotFoundError as error:
        if not any(Path(place).exists() for place in st.get_option("secrets.files")):
            return None
        _LOG.exception("the secrets cannot be read")
        raise AccessError("Signing in is not possible at the moment", "The settings for it cannot be read.", TELL) from error
    return found if isinstance(found, Mapping) else None


def providers(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the providers that the settings have: "default", or those of the sections [auth.name]."""
    named = tuple(name for name, value in found.items() if isinstance(value, Mapping) and "client_id" in value)
    return ((DEFAULT_PROVIDER,) if "client_id" in found else ()) + named


def faults(found: Mapping[str, Any]) -> list[str]:
    """What is wrong with the settings, in words that hold no secret."""
    told = []
    if len(str(found.get("cookie_secret", ""))) < SHORTEST_SECRET:
        told.append(f"cookie_secret needs at least {SHORTEST_SECRET} characters, made by chance")
    if not str(found.get("redirect_uri", "")).endswith("/oauth2callback"):
        told.append("redirect_uri has to be the dashboard's address followed by /oauth2callback")
    names = providers(found)
    if not names:
        told.append("no provider: client_id, client_secret and server_metadata_url are missing")
    for name in names:
        settings = found if name == DEFAULT_PROVIDER else found[name]
        told += [f"{name}: {key} is missing" for key in PROVIDER_KEYS if not settings.get(key)]
        if "_" in name:
            told.append(f"{name}: the name of a provider must not hold an underscore")
    return told


def user() -> User:
    """Who looks, in the role of this moment. Raises NotSignedIn, or AccessError with why not."""
    return asker()()


def asker() -> Callable[[], User]:
    """A question to ask later, also outside a run: who is it that signed in here, and in which role then. Raises as `user` does."""
    claims = _claims()
    return lambda: LOCAL if claims is None else _admitted(claims)


def still(action: Action) -> Callable[[], None]:
    """A question to ask when a file is made that the page only offers: may this user still do so? Raises AccessError where not."""
    ask = asker()
    return lambda: ask().require(action)


def _claims() -> Mapping[str, Any] | None:
    """What the provider told of the user; None where there is no sign-in. Raises NotSignedIn."""
    if not is_set_up():
        return None
    told = st.user.to_dict()
    if told.get("is_logged_in") is not True:
        raise NotSignedIn("Please sign in", "Who sees what here goes by who you are.")
    return {name: value for name, value in told.items() if name != "tokens"}


def _admitted(claims: Mapping[str, Any]) -> User:
    try:
        known = cache.roles(path_of(find_home().root, os.environ))
    except CrmError as error:
        _LOG.error("%s", error.text())  # places and lines are the administrator's business
        raise AccessError("Nobody can be let in at the moment", "Who has which role cannot be read.", TELL) from error
    return known.admit(claims, time.time())
