"""Whom the server answers, when it refuses to begin, and what is read where signing in fails."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import streamlit as st
from starlette.types import Message, Receive, Scope, Send

from crm_core.errors import AccessError
from tests.apptest import SIGN_IN
from ui import listening, sign_in

EVERYWHERE = "0.0.0.0"  # noqa: S104 (nothing listens there)
LOCAL_OPTIONS = {"server.address": "127.0.0.1", "server.allowedHosts": ["localhost", "127.0.0.1"], "server.trustedUserHeaders": {}}


@pytest.fixture(autouse=True)
def begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of what a test's server found at its start stays."""
    monkeypatch.setattr(sign_in, "SERVER", sign_in._Server())


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Settings of the server, without sign-in."""
    settings: dict[str, Any] = dict(LOCAL_OPTIONS)
    monkeypatch.setattr(st, "get_option", settings.__getitem__)
    monkeypatch.setattr(sign_in, "section", lambda: None)
    return settings


def with_section(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    monkeypatch.setattr(sign_in, "section", lambda: {**SIGN_IN, **changes})


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "::ffff:127.0.0.1"])
def test_addresses_of_this_machine_alone(address: str) -> None:
    assert listening.is_local(address)


@pytest.mark.parametrize(
    "address", [None, "", EVERYWHERE, "::", "192.168.1.5", "crm.example.com", "127.0.0.1.example.com", "::ffff:10.0.0.1"]
)
def test_addresses_that_others_reach(address: str | None) -> None:
    assert not listening.is_local(address)


def test_for_this_machine_alone_no_sign_in_is_needed(options: dict[str, Any]) -> None:
    listening.check({})
    assert not sign_in.SERVER.is_required


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("server.address", EVERYWHERE, "it would listen on 0.0.0.0"),
        ("server.address", None, "it would listen on every address"),
        ("server.allowedHosts", ["localhost", "crm.example.com"], "it would answer to the name crm.example.com"),
        ("server.allowedHosts", [], "it would answer to the name that anybody gives it"),
    ],
)
def test_where_others_get_in_it_does_not_begin_without_sign_in(option: str, value: Any, told: str, options: dict[str, Any]) -> None:
    options[option] = value
    with pytest.raises(listening.CannotBegin, match=told):
        listening.check({})
    with pytest.raises(listening.CannotBegin):
        listening.check({listening.OPEN: "1"})
    listening.check({listening.OPEN: "yes"})


def test_with_sign_in_it_begins_everywhere_and_never_goes_on_without(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    options["server.address"] = EVERYWHERE
    with_section(monkeypatch)
    listening.check({})
    assert sign_in.is_set_up()
    monkeypatch.setattr(sign_in, "section", lambda: None)
    with pytest.raises(AccessError, match="Signing in is not possible"):
        sign_in.user()


def test_sign_in_that_is_set_up_while_it_runs_stays_so_too(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    listening.check({})
    assert not sign_in.is_set_up()
    with_section(monkeypatch)
    assert sign_in.is_set_up()
    monkeypatch.setattr(sign_in, "section", lambda: None)
    with pytest.raises(AccessError, match="Signing in is not possible"):
        sign_in.is_set_up()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"cookie_secret": "short"}, "cookie_secret needs at least 32 characters"),
        ({"redirect_uri": "https://crm.example.com/"}, "redirect_uri has to be"),
        ({"client_secret": ""}, "default: client_secret is missing"),
        ({"client_id": ""}, "default: client_id is missing"),
        ({"my_idp": {"client_id": "x"}}, "my_idp: the name of a provider must not hold an underscore"),
        ({"okta": {"client_id": "x"}}, "okta: server_metadata_url is missing"),
    ],
)
def test_sign_in_with_faults_does_not_begin(
    change: dict[str, Any], told: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_section(monkeypatch, **change)
    with pytest.raises(listening.CannotBegin, match=told) as refused:
        listening.check({listening.OPEN: "yes"})
    assert SIGN_IN["client_secret"] not in str(refused.value)


def test_one_provider_or_several_by_name() -> None:
    shared = {name: SIGN_IN[name] for name in ("redirect_uri", "cookie_secret")}
    own = {name: SIGN_IN[name] for name in sign_in.PROVIDER_KEYS}
    assert sign_in.providers(SIGN_IN) == ("default",)
    assert sign_in.providers({**shared, "keycloak": own, "google": own}) == ("keycloak", "google")
    assert sign_in.faults({**shared, "keycloak": own, "google": own}) == []
    assert sign_in.providers(shared) == ()
    assert sign_in.faults(shared) == ["no provider: client_id, client_secret and server_metadata_url are missing"]


def test_headers_that_name_a_user_do_not_go_with_sign_in(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    options["server.trustedUserHeaders"] = {"X-Email": "email"}
    with_section(monkeypatch)
    with pytest.raises(listening.CannotBegin, match="trustedUserHeaders"):
        listening.check({})


def asked(app: Any, scope: Scope) -> list[Message]:
    """What the app sends."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(app(scope, receive, send))
    return sent


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


def over(host: str | None, kind: str = "http", port: int | None = 8501) -> Scope:
    return {"type": kind, "path": "/", "server": (host, port)}


@pytest.mark.parametrize(
    ("scope", "status"), [(over("127.0.0.1"), 200), (over("/run/crm.sock", port=None), 200), (over("10.0.0.5"), 403), (over(""), 403)]
)
def test_connections_from_elsewhere_are_refused_without_sign_in(scope: Scope, status: int, options: dict[str, Any]) -> None:
    """Also where a program beside Streamlit opened the port, which knows nothing of Streamlit's address."""
    sent = asked(listening.OnlyThisMachine(page, is_open=False), scope)
    assert sent[0]["status"] == status
    assert asked(listening.OnlyThisMachine(page, is_open=True), scope)[0]["status"] == 200


def test_a_session_from_elsewhere_is_not_begun(options: dict[str, Any]) -> None:
    sent = asked(listening.OnlyThisMachine(page, is_open=False), over("10.0.0.5", "websocket"))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_with_sign_in_connections_come_from_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with_section(monkeypatch)
    assert asked(listening.OnlyThisMachine(page, is_open=False), over("10.0.0.5"))[0]["status"] == 200


def answering(status: int, *headers: tuple[bytes, bytes]) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": b"Authentication error"})

    return app


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("client_secret=kept")


@pytest.mark.parametrize("app", [answering(400), answering(500), failing])
def test_a_sign_in_that_cannot_begin_is_told_in_words(app: Any) -> None:
    sent = asked(listening.SignInInWords(app), {"type": "http", "path": "/auth/login"})
    assert sent[0]["status"] == 502
    assert b"the provider of sign-in does not answer" in sent[1]["body"]
    assert b"kept" not in sent[1]["body"]
    assert len(sent) == 2


def test_one_that_begins_is_passed_on() -> None:
    sent = asked(listening.SignInInWords(answering(302, (b"location", b"https://id.example.com"))), {"type": "http", "path": "/auth/login"})
    assert sent[0]["headers"] == [(b"location", b"https://id.example.com")]


@pytest.mark.parametrize(
    ("query", "cookie", "marked"),
    [
        (b"code=1&state=2", b'_streamlit_user="abc"; HttpOnly', False),
        (b"code=1&state=2", b'_streamlit_user=""; Max-Age=0', True),
        (b"error=access_denied&state=2", b"other=1", True),
        (b"", b"other=1", False),
    ],
)
def test_a_sign_in_that_was_not_confirmed_is_told_to_the_page(query: bytes, cookie: bytes, marked: bool) -> None:
    app = listening.SignInInWords(answering(302, (b"location", b"/"), (b"set-cookie", cookie)))
    sent = asked(app, {"type": "http", "path": "/oauth2callback", "query_string": query})
    assert dict(sent[0]["headers"])[b"location"] == (b"/?sign_in=failed" if marked else b"/")
