"""Secrets by reference: `env:NAME`, `file:/run/secrets/x`, `streamlit:key` or `streamlit:section.key`.

A reference may be shown and stored; the secret behind it is looked up when a connection is opened, and kept nowhere.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from crm_core.errors import SourceError

SCHEMES = ("env:", "file:", "streamlit:")
HINT = "Write it as env:NAME, file:/path or streamlit:key, and set what it names."
#: Where Streamlit keeps its secrets: the project's file first, as Streamlit itself does.
STREAMLIT_FILES = (Path(".streamlit/secrets.toml"), Path("~/.streamlit/secrets.toml"))


def is_reference(text: object) -> bool:
    return isinstance(text, str) and text.startswith(SCHEMES) and len(text.partition(":")[2].strip()) > 0


def resolve(reference: str, environment: Mapping[str, str]) -> str:
    """The secret that the reference names. Raises SourceError that tells the reference and never a value."""
    scheme, _, name = reference.partition(":")
    found = {"env": _from_environment, "file": _from_file, "streamlit": _from_streamlit}.get(scheme)
    if found is None or not name.strip():
        # What stands there is no reference, so it may be the password itself.
        raise SourceError("A secret cannot be found", "What stands in place of a reference to a secret is none.", HINT)
    return found(name.strip(), environment)


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    secret = environment.get(name, "")
    if not secret:
        raise _missing(f"env:{name}", f"the environment variable {name} is not set")
    return secret


def _from_file(name: str, _: Mapping[str, str]) -> str:
    try:
        secret = Path(name).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise _missing(f"file:{name}", "the file is no text in UTF-8") from None
    except OSError as error:
        raise _missing(f"file:{name}", f"the file cannot be read ({error.strerror or 'unknown reason'})") from None
    if not secret:
        raise _missing(f"file:{name}", "the file is empty")
    return secret


def _from_streamlit(name: str, _: Mapping[str, str]) -> str:
    reference = f"streamlit:{name}"
    path = next((one for file in STREAMLIT_FILES if (one := file.expanduser()).is_file()), None)
    if path is None:
        raise _missing(reference, "there is no .streamlit/secrets.toml")
    try:
        found: object = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):  # what they say may hold a part of the file
        raise _missing(reference, f"{path} cannot be read as TOML") from None
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    if not isinstance(found, str) or not found:
        raise _missing(reference, f"{path} holds no such text")
    return found


def _missing(reference: str, why: str) -> SourceError:
    return SourceError("A secret cannot be found", f"“{reference}”: {why}.", HINT)
