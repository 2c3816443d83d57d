"""The headers of every answer, and what happens before the first request."""

from __future__ import annotations

import asyncio
import gc

import pytest
import streamlit as st
from starlette.types import Message, Receive, Scope, Send
from streamlit.runtime.pages_manager import PagesManager

from ui import server, sign_in


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"page"})


def get(path: str) -> list[Message]:
    """The messages that the server sends for a request of that path."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    wrapped = server.SafeAnswers(answer, server.security_headers())
    asyncio.run(wrapped({"type": "http", "path": path}, receive, send))
    return sent


def test_every_answer_forbids_foreign_content() -> None:
    headers = dict(get("/segments")[0]["headers"])
    policy = headers[b"content-security-policy"].decode()
    assert "default-src 'self'" in policy
    assert "http:" not in policy
    assert "https:" not in policy
    assert "'unsafe-eval'" not in policy
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"content-type"] == b"text/html"


def test_scripts_in_the_page_are_allowed_by_their_hash_only() -> None:
    policy = dict(server.security_headers())[b"content-security-policy"].decode()
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "'sha256-" in scripts
    assert "unsafe-inline" not in scripts


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/below/_stcore/metrics", "/_stcore/agent/mcp", "/below/_stcore/agent/interact"])
def test_figures_about_the_server_are_closed(path: str) -> None:
    sent = get(path)
    assert sent[0]["status"] == 404
    assert sent[1]["body"] == b""


def test_the_start_freezes_imports_and_switches_the_older_pages_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PagesManager, "uses_pages_directory", None)
    monkeypatch.setattr(sign_in, "SERVER", sign_in._Server())

    async def start() -> None:
        async with server.lifespan(st.App("app.py")):
            assert PagesManager.uses_pages_directory is False
            assert gc.get_freeze_count() > 0
            assert sign_in.SERVER.has_begun

    asyncio.run(start())
    gc.unfreeze()
