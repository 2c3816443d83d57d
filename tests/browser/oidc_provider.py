"""A provider of sign-in for tests (OpenID Connect): discovery, authorisation, tokens signed by its own key, and sign-out, over real HTTP.

It asks nobody anything: whoever comes is `person`. Codes work once, the secret and the proof of the code (PKCE) are checked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "crm", "the client's secret"


@dataclass
class Provider:
    """`person` are the claims of whoever comes, None for somebody who declines; `seconds` is how long a token holds."""

    person: dict[str, Any] | None = None
    seconds: int = 3600
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}))

    def start(self) -> None:
        handler = type("Handler", (_Handler,), {"provider": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def secrets_file(self) -> str:
        """What the administrator of the dashboard writes."""
        return f"""
[auth]
redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
cookie_secret = "{secrets.token_urlsafe(32)}"
client_id = "{CLIENT}"
client_secret = "{SECRET}"
server_metadata_url = "{self.address}/.well-known/openid-configuration"
"""

    def description(self) -> dict[str, Any]:
        places = {name: f"{self.address}/{name}" for name in ("authorize", "token", "jwks", "logout")}
        return {
            "issuer": self.address,
            "authorization_endpoint": places["authorize"],
            "token_endpoint": places["token"],
            "jwks_uri": places["jwks"],
            "end_session_endpoint": places["logout"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorised(self, asked: dict[str, str]) -> str:
        """Where the browser goes on to."""
        if self.person is None:
            return asked["redirect_uri"] + "?" + urlencode({"error": "access_denied", "state": asked["state"]})
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})

    def tokens(self, given: dict[str, str], credentials: str) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(given.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        is_client = credentials == f"Basic {base64.b64encode(f'{CLIENT}:{SECRET}'.encode()).decode()}"
        if asked is None or not is_client or proof != asked["code_challenge"] or given["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "sub": "1", "iat": now, "exp": now + self.seconds, "nonce": asked["nonce"]}
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims | (self.person or {}), self.key)
        return 200, {"access_token": "not used", "token_type": "Bearer", "expires_in": self.seconds, "id_token": token}


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        asked = dict(parse_qsl(place.query))
        self.provider.asked.append(place.path)
        if place.path == "/authorize":
            self._redirect(self.provider.authorised(asked))
        elif place.path == "/logout":
            self._redirect(asked["post_logout_redirect_uri"])
        elif place.path == "/jwks":
            self._answer(200, {"keys": [self.provider.key.as_dict(private=False)]})
        elif place.path == "/.well-known/openid-configuration":
            self._answer(200, self.provider.description())
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        given = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.provider.asked.append(urlsplit(self.path).path)
        self._answer(*self.provider.tokens(given, self.headers.get("Authorization", "")))

    def _redirect(self, place: str) -> None:
        self.send_response(302)
        self.send_header("Location", place)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, status: int, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *about: Any) -> None:
        """Nothing: a test reads `asked`."""
