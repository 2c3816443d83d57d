"""Whom the server answers: this machine alone until sign-in is set up; and what a browser reads where signing in fails on the way.

Without sign-in whoever reaches the server is its administrator, so it refuses to begin on another address or for another name, and answers no
connection that comes in elsewhere (another program may have opened the port). An administrator who means it sets CRM_OPEN_WITHOUT_SIGN_IN=yes.
"""

from __future__ import annotations

import html
import ipaddress
import logging
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

import streamlit as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.user_info import AUTH_LOGIN_ENDPOINT

from crm_core.errors import AccessError
from ui import sign_in
from ui.who import FAILED, OUTCOME

_LOG = logging.getLogger(__name__)

#: Set to "yes" by an administrator who knows that everybody who reaches the server is its administrator then.
OPEN = "CRM_OPEN_WITHOUT_SIGN_IN"
LOCAL_NAMES = ("localhost",)
CALLBACK = "/oauth2callback"
#: The cookie of whoever signed in; the server sets it where the provider confirmed that.
USER_COOKIE = b"_streamlit_user="

HINT = (
    "Set up sign-in (see “Sign-in and roles” in the README), or let the server listen on 127.0.0.1 only. "
    f"Where something else keeps strangers out, such as a container whose port is mapped to 127.0.0.1, set {OPEN}=yes."
)
NOT_HERE = f"This dashboard answers its own machine only, since sign-in is not set up. {HINT}"
PROVIDER_DOWN = (
    "The sign-in cannot begin: the provider of sign-in does not answer as it should. Try again in a moment; if it stays, tell whoever runs "
    "this dashboard, whose log says more."
)


class CannotBegin(SystemExit):
    """Why the server does not start, in words; no traceback."""


def check(environment: Mapping[str, str]) -> None:
    """Before the first request. Raises CannotBegin where strangers could get in, or sign-in is set up wrongly."""
    try:
        settings = sign_in.section()
    except AccessError as error:
        raise CannotBegin(_words("the secrets cannot be read (the log says where)", "Correct the file.")) from error
    if settings is not None:
        found = [*sign_in.faults(settings), *_trusted_headers()]
        if found:
            raise CannotBegin(_words("sign-in is set up with faults:\n  - " + "\n  - ".join(found), "Correct the section [auth]."))
        sign_in.SERVER.has_begun = sign_in.SERVER.is_required = True
        return
    sign_in.SERVER.has_begun = True
    why = reachable(st.get_option("server.address"), st.get_option("server.allowedHosts"))
    if not why:
        return
    if environment.get(OPEN) != "yes":
        raise CannotBegin(_words(f"without sign-in everybody who reaches it is administrator, and {why}", HINT))
    _LOG.warning("%s=yes: everybody who reaches this server is its administrator (%s)", OPEN, why)


def reachable(address: str | None, names: Sequence[str]) -> str:
    """How others could reach the server, in words; "" where they cannot."""
    if not is_local(address):
        return f"it would listen on {address or 'every address'} (server.address)"
    foreign = [name for name in names if not is_local(name)]
    if foreign or not names:
        return f"it would answer to the name {', '.join(foreign) or 'that anybody gives it'} (server.allowedHosts)"
    return ""


def is_local(address: str | None) -> bool:
    """Whether that address or name is this machine's alone."""
    if address in LOCAL_NAMES:
        return True
    try:
        found = ipaddress.ip_address((address or "").strip("[]"))
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def _trusted_headers() -> list[str]:
    if st.get_option("server.trustedUserHeaders"):
        return ["server.trustedUserHeaders would let a header name the user: remove it"]
    return []


def _words(why: str, hint: str) -> str:
    return f"\nThe dashboard does not start: {why}.\n{hint}\n"


class OnlyThisMachine:
    """ASGI middleware: answers connections that came in over this machine's own address only, until users have to sign in."""

    def __init__(self, app: ASGIApp, is_open: bool) -> None:
        self.app = app
        self.is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self.is_open or _came_in_locally(scope) or _is_set_up():
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _tell(send, 403, NOT_HERE)


def _came_in_locally(scope: Scope) -> bool:
    """The address on our side of the connection; of a socket in the file system there is no port."""
    host, port = scope.get("server") or ("", 0)
    return port is None or is_local(host)


def _is_set_up() -> bool:
    try:
        return sign_in.is_set_up()
    except AccessError:
        return True  # nobody gets in


class SignInInWords:
    """ASGI middleware: where a sign-in fails between browser and provider, a page says so instead of an error code or nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith(AUTH_LOGIN_ENDPOINT):
            await self._begin(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].endswith(CALLBACK):
            await self._end(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _begin(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The way to the provider: an error becomes a page with a way back."""
        has_failed = False

        async def pass_on(message: Message) -> None:
            nonlocal has_failed
            has_failed = has_failed or (message["type"] == "http.response.start" and message["status"] >= 400)
            if not has_failed:
                await send(message)

        try:
            await self.app(scope, receive, pass_on)
        except Exception:  # settings or a provider that the library cannot use
            _LOG.exception("the sign-in could not begin")
            has_failed = True
        if has_failed:
            await _tell(send, 502, PROVIDER_DOWN, way_back="..")

    async def _end(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The way back: without the cookie that a sign-in ends with, the page is told that it failed."""
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        came_from_provider = "code" in asked or "error" in asked

        async def mark(message: Message) -> None:
            if came_from_provider and message["type"] == "http.response.start" and not _is_signed_in(message):
                message["headers"] = [_marked(*header) for header in message["headers"]]
            await send(message)

        await self.app(scope, receive, mark)


def _is_signed_in(message: Message) -> bool:
    """Whether the answer sets the cookie to something: one that is taken back is empty."""
    cookies = [value for name, value in message["headers"] if name.lower() == b"set-cookie" and value.startswith(USER_COOKIE)]
    return any(value[len(USER_COOKIE) :].partition(b";")[0].strip(b'"') for value in cookies)


def _marked(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    return (name, value + f"?{OUTCOME}={FAILED}".encode()) if name.lower() == b"location" and b"?" not in value else (name, value)


async def _tell(send: Send, status: int, words: str, way_back: str = "") -> None:
    """A page of one paragraph."""
    link = f'<p><a href="{html.escape(way_back)}/">Back to the dashboard</a></p>' if way_back else ""
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>CRM Strategy Dashboard</title>'
        f'<body style="font-family:sans-serif;max-width:40em;margin:4em auto;padding:0 1em"><p>{html.escape(words)}</p>{link}</body></html>'
    )
    body = page.encode()
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
