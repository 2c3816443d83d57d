"""The server around the pages: what happens once at its start, whom it answers (see listening.py), and the headers of every answer."""

from __future__ import annotations

import base64
import gc
import hashlib
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime.pages_manager import PagesManager

from ui import listening

#: Addresses of Streamlit that tell strangers about the server, and where programs would work the pages without a browser.
CLOSED = ("/_stcore/metrics",)
CLOSED_BELOW = ("/_stcore/agent/",)


@asynccontextmanager
async def lifespan(_app: streamlit.App) -> AsyncIterator[None]:
    """Before the first request: nobody gets in who should not, modules of pages/ are no scripts of their own, and what was imported is no garbage.

    Streamlit collects garbage after every run of a script; without freezing, it walks through all imported modules each time.
    """
    listening.check(os.environ)
    PagesManager.uses_pages_directory = False
    gc.collect()
    gc.freeze()
    yield


def middleware() -> list[Middleware]:
    """From the outside in."""
    return [
        Middleware(SafeAnswers, headers=security_headers()),
        Middleware(listening.OnlyThisMachine, is_open=os.environ.get(listening.OPEN) == "yes"),
        Middleware(listening.SignInInWords),
    ]


def security_headers() -> list[tuple[bytes, bytes]]:
    """Nothing is loaded from or sent to anyone else; the page stands in nobody's frame."""
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", "'wasm-unsafe-eval'", *_inline_scripts()]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' ws: wss:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    text = "; ".join(f"{name} {value}" for name, value in policy.items())
    return [
        (b"content-security-policy", text.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    ]


def _inline_scripts() -> list[str]:
    """Hashes of the scripts that stand in Streamlit's own index page."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text("utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return [f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts]


class SafeAnswers:
    """ASGI middleware: adds the headers to every answer and closes the addresses that are nobody's business."""

    def __init__(self, app: ASGIApp, headers: list[tuple[bytes, bytes]]) -> None:
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self.headers]
            await send(message)

        if scope["path"].endswith(CLOSED) or any(part in scope["path"] for part in CLOSED_BELOW):
            await send_safely({"type": "http.response.start", "status": 404, "headers": []})
            await send_safely({"type": "http.response.body", "body": b""})
            return
        await self.app(scope, receive, send_safely)
