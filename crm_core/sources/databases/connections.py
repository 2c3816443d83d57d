"""The administrator's file: connections by name, and what a URL that a user gives may reach.

    [access]                       what users' URLs may reach; named connections need no entry here
    dialects = ["postgresql"]
    hosts = ["db.example.com"]
    folders = ["/srv/data"]
    functions = ["my_func"]

    [connections.shop]
    url = "postgresql+psycopg://reader@db.example.com:5432/shop"
    password = "env:SHOP_DB_PASSWORD"

The file is $CRM_CONNECTIONS, or connections.toml in the home. CRM_CONNECTION_<NAME>=url and CRM_CONNECTION_<NAME>_PASSWORD add
connections from the environment alone. No password is ever held here: only references to one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from crm_core.errors import Problem, SourceError
from crm_core.sources.databases import secrets

DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
HOSTS = ("localhost", "127.0.0.1", "::1")
FILE = "connections.toml"
ENVIRONMENT_PREFIX = "CRM_CONNECTION_"
PASSWORD_SUFFIX = "_PASSWORD"  # noqa: S105 the ending of a variable's name
#: The password of a URL on the command line.
URL_PASSWORD = "CRM_DATABASE_PASSWORD"  # noqa: S105 a variable's name
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
#: Masters of a Spark in this process are written without ://.
LOCAL_SPARK = re.compile(r"local(\[(\d+|\*)\])?")
SECRET_WORDS = re.compile(r"pass(word|wd|phrase)?$|^pwd$|secret|token|private_key$|api_?key|credential", re.IGNORECASE)
URL_HINT = 'Write the URL without it, and say where the password is: password = "env:NAME" or "file:/path".'


@dataclass(frozen=True)
class Access:
    """What a user's own URL may reach, the functions that the administrator adds to the harmless ones, and the only schemas to read (all: none named)."""

    dialects: tuple[str, ...] = DIALECTS
    hosts: tuple[str, ...] = HOSTS
    folders: tuple[Path, ...] = ()
    functions: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()


@dataclass(frozen=True)
class Connection:
    """One database. `url` holds no password and `password` is a reference to one, so that all of this may be shown.

    `is_named` is true for the administrator's own, which may reach its own host or file whatever the list of places says.
    """

    name: str
    url: str
    password: str = ""
    label: str = ""
    schemas: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    timeout_seconds: float = 30.0
    in_place: bool = False
    write_schema: str = ""
    write_folder: str = ""
    is_named: bool = True

    @property
    def title(self) -> str:
        """What users see: the label, or the name."""
        return self.label or self.name

    @property
    def dialect(self) -> str:
        """The kind of database without its driver: "postgresql", "mysql", "sqlite", "parquet", "spark" ..."""
        return "spark" if LOCAL_SPARK.fullmatch(self.url) else self.url.partition(":")[0].partition("+")[0].lower()


@dataclass(frozen=True)
class Connections:
    """All connections that there are, in the order of the file."""

    named: tuple[Connection, ...] = ()
    access: Access = Access()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def find(self, name: str) -> Connection:
        """The connection of that name, whatever its case. Raises SourceError that lists the names there are."""
        for one in self.named:
            if one.name.lower() == name.strip().lower():
                return one
        names = ", ".join(one.name for one in self.named) or "none yet"
        raise SourceError(
            "There is no such connection",
            f"No connection is called “{name}”. There are: {names}.",
            f"An administrator adds connections to {FILE} in the home of this program.",
        )

    def access_to(self, connection: Connection) -> Access:
        """What may be read through that connection."""
        return replace(self.access, schemas=connection.schemas)

    def for_url(self, url: str) -> Connection:
        """A connection to a URL that a user gave; its password comes from CRM_DATABASE_PASSWORD. Raises SourceError for a URL with a password."""
        fault = url_fault(url) or ("" if "://" in url else "has no ://")
        if fault:
            raise SourceError(
                "This URL cannot be used",
                f"The URL {fault}.",
                f"Write dialect://user@host/database; the password goes into {URL_PASSWORD}.",
            )
        password = f"env:{URL_PASSWORD}" if self.environment.get(URL_PASSWORD) else ""
        parsed = make_url(url)
        return Connection(_name_of(parsed), url, password, label=_name_of(parsed), is_named=False)


def load(home_root: Path, environment: Mapping[str, str]) -> Connections:
    """Connections and access of the file and the environment. Raises SourceError with every fault: file, section and key."""
    path = Path(environment["CRM_CONNECTIONS"]).expanduser() if environment.get("CRM_CONNECTIONS") else home_root / FILE
    reader = _Reader(path)
    data = reader.file(is_required=bool(environment.get("CRM_CONNECTIONS")))
    access = reader.access(data.get("access", {}), home_root)
    named = {one.name.lower(): one for one in reader.connections(data.get("connections", {}))}
    named |= {one.name.lower(): one for one in reader.from_environment(environment)}
    if reader.problems:
        raise SourceError("The connections cannot be used", f"{path} has faults.", "Correct them there.", reader.problems)
    return Connections(tuple(named.values()), access, environment)


def url_fault(url: str) -> str:
    """What is wrong with a URL, as words after "The URL"; "" where nothing is. Never tells any part of the URL, which may be a secret."""
    if LOCAL_SPARK.fullmatch(url):
        return ""
    if "://" not in url:
        return "has no ://"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return "cannot be read as dialect://user@host:port/database"
    if parsed.password is not None:
        return "holds a password"
    if "@" in (parsed.database or "") or "@" in (parsed.host or ""):  # the rest of a password with an unescaped sign
        return "holds an @ where none belongs; it may be a part of a password"
    held = [key for key in parsed.query if SECRET_WORDS.search(key)]
    return f"holds a password or another secret (“{held[0]}”)" if held else ""


def _name_of(url: URL) -> str:
    """Database and host in a few words, for lists and receipts."""
    database = Path(url.database).name if url.get_backend_name() in ("sqlite", "duckdb") and url.database else url.database
    return f"{database or url.get_backend_name()}" + (f" on {url.host}" if url.host else "")


#: Key -> (its type, what to say where it has another).
KEYS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "url": (str, "a text"),
    "password": (str, "a reference such as env:NAME"),
    "label": (str, "a text"),
    "schemas": (list, "a list of texts"),
    "options": (dict, "a table of options"),
    "timeout_seconds": ((int, float), "a number of seconds above 0"),
    "in_place": (bool, "true or false"),
    "write_schema": (str, "a text"),
    "write_folder": (str, "a text"),
}


class _Reader:
    """Reads the file and gathers all that is wrong with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def fault(self, section: str, key: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem("connections_fault", "error", message, hint, table=f"{self.path.name} [{section}]", column=key))

    def file(self, is_required: bool) -> dict[str, Any]:
        try:
            data = tomllib.loads(self.path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            if is_required:
                raise SourceError("The connections cannot be read", f"CRM_CONNECTIONS names {self.path}, which does not exist.") from None
            return {}
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
            raise SourceError("The connections cannot be read", f"{self.path}: {why}.", "Check the file and its rights.") from None
        except tomllib.TOMLDecodeError as error:
            place = re.search(r"line \d+(, column \d+)?", str(error))  # the rest of the message may quote the file
            raise SourceError(
                "The connections cannot be read", f"{self.path} is no TOML{f' ({place[0]})' if place else ''}.", "Correct that line."
            ) from None
        for key in data.keys() - {"access", "connections"}:
            self.fault(key, "", "there is no such section", "The sections are [access] and [connections.NAME].")
        return data

    def access(self, data: Any, home_root: Path) -> Access:
        inbox = (home_root / "inbox",)
        if not isinstance(data, dict):
            self.fault("access", "", "must be a section")
            return Access(folders=inbox)
        found: dict[str, tuple[str, ...]] = {}
        for key, value in data.items():
            if key not in ("dialects", "hosts", "folders", "functions"):
                self.fault("access", key, "there is no such key")
            elif not _is_texts(value):
                self.fault("access", key, "must be a list of texts")
            else:
                found[key] = tuple(value)
        folders = tuple(Path(one).expanduser() for one in found.get("folders", ()))
        for one in folders:
            if not one.is_absolute():
                self.fault("access", "folders", f"“{one}” must be a whole path, from /")
        return Access(
            tuple(one.lower().partition("+")[0] for one in found.get("dialects", DIALECTS)),
            tuple(found.get("hosts", HOSTS)),
            folders if "folders" in found else inbox,
            tuple(found.get("functions", ())),
        )

    def connections(self, data: Any) -> list[Connection]:
        if not isinstance(data, dict):
            self.fault("connections", "", "must be sections [connections.NAME]")
            return []
        return [made for name, keys in data.items() if (made := self.connection(str(name), keys)) is not None]

    def connection(self, name: str, keys: Any) -> Connection | None:
        section = f"connections.{name}"
        if not NAME.fullmatch(name):
            self.fault(section, "", "a name has letters, digits, - and _ only")
        if not isinstance(keys, dict):
            self.fault(section, "", "must be a section")
            return None
        good = {key: value for key, value in keys.items() if self.fits(section, key, value)}
        self.check_url(section, "url", keys.get("url", ""))
        options = good.get("options", {})
        for key, value in options.items():
            if SECRET_WORDS.search(key) and not secrets.is_reference(value):
                self.fault(section, f"options.{key}", "must be a reference, not the secret itself", secrets.HINT)
        if good.get("password") and not secrets.is_reference(good["password"]):
            self.fault(section, "password", "must be a reference, not the password itself", secrets.HINT)
        if "url" not in good:
            return None
        return Connection(name, **{**good, "schemas": tuple(good.get("schemas", ())), "options": dict(options)})

    def fits(self, section: str, key: str, value: Any) -> bool:
        if key not in KEYS:
            self.fault(section, key, "there is no such key", f"The keys are {', '.join(KEYS)}.")
            return False
        kind, words = KEYS[key]
        is_right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        if is_right and key == "schemas":
            is_right = _is_texts(value)
        if is_right and key == "timeout_seconds":
            is_right = value > 0
        if not is_right:
            self.fault(section, key, f"must be {words}")
        return is_right

    def check_url(self, section: str, key: str, url: Any) -> None:
        if not isinstance(url, str) or not url:
            self.fault(section, key, "is missing", 'Write url = "dialect://user@host/database".')
        elif fault := url_fault(url):
            self.fault(section, key, f"the URL {fault}", URL_HINT if "password" in fault else "")

    def from_environment(self, environment: Mapping[str, str]) -> list[Connection]:
        found = []
        for variable, url in environment.items():
            if not variable.startswith(ENVIRONMENT_PREFIX) or variable.endswith(PASSWORD_SUFFIX) or not url:
                continue
            name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
            if not NAME.fullmatch(name):
                self.fault("environment", variable, "a name has letters, digits, - and _ only")
            self.check_url("environment", variable, url)
            password = variable + PASSWORD_SUFFIX
            found.append(Connection(name, url, f"env:{password}" if environment.get(password) else ""))
        return found


def without_secrets(connection: Connection) -> Connection:
    """The same with the names of its options only, for what is kept or shown beyond this room."""
    return replace(connection, options=dict.fromkeys(connection.options, ""))


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)
