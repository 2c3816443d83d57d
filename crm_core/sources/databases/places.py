"""May this URL be reached? Asked before anything is opened; the answer is silence or a SourceError.

What is checked is what is used: host, file and options are taken from the parsed URL and handed to the driver one by one, and
nothing that could name another place (a second host, a service file, a file's options) passes.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from crm_core.errors import SourceError
from crm_core.sources.databases.connections import Access, Connection, url_fault

#: Dialects whose database is a file on this machine.
FILES = ("sqlite", "duckdb")
#: Engines that are worked on in place and have no rows to import through SQLAlchemy.
IN_PLACE_ONLY = ("parquet", "spark", "sc")
#: What may stand behind the ? of a user's URL: nothing that names a place, a file or a statement.
URL_OPTIONS = ("sslmode", "connect_timeout", "application_name", "charset")
#: ... and the one that names a socket of this machine, by its folder or file.
SOCKETS = {"postgresql": "host", "mysql": "unix_socket", "mariadb": "unix_socket"}
HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
LOCAL = ("localhost", "127.0.0.1", "::1")

#: Dialect -> what to install where its driver is missing.
PACKAGES = {
    "postgresql": '"psycopg[binary]"',
    "mysql": "pymysql",
    "mariadb": "pymysql",
    "mssql": "pyodbc",
    "oracle": "oracledb",
    "snowflake": "snowflake-sqlalchemy",
    "bigquery": "sqlalchemy-bigquery",
    "duckdb": "duckdb-engine",
    "trino": '"trino[sqlalchemy]"',
    "clickhouse": "clickhouse-connect",
    "databricks": "databricks-sqlalchemy",
}
#: Dialects -> the driver to take where the URL names none: what is installed by default.
DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}


def reachable(connection: Connection, access: Access) -> URL:
    """The parsed URL with its driver, where it may be reached. Raises SourceError that names what is not allowed."""
    fault = url_fault(connection.url)
    if fault:
        raise SourceError("This URL cannot be used", f"The URL of {connection.title} {fault}.", "Write it without the password.")
    if connection.dialect in IN_PLACE_ONLY:
        raise SourceError(
            "This connection has nothing to import",
            f"“{connection.title}” is worked on in place, where its data lies.",
            "Choose “in place” for it, or import from a database.",
        )
    url = make_url(connection.url)
    if not connection.is_named:
        check_dialect(url, access)
        check_options(url)
        if url.get_backend_name() not in FILES:
            check_host(url, access)
    if url.get_backend_name() in FILES:
        url = check_file(url, connection, access)
    url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
    check_driver(url)
    return url


def check_dialect(url: URL, access: Access) -> None:
    dialect = url.get_backend_name()
    if dialect not in access.dialects:
        raise _not_allowed(f"databases of the kind “{dialect}”", f"Allowed are: {', '.join(access.dialects) or 'none'}.", "dialects")


def check_options(url: URL) -> None:
    """Only options that cannot lead elsewhere."""
    if url.get_backend_name() in FILES:
        allowed: tuple[str, ...] = ()
    else:
        allowed = (*URL_OPTIONS, SOCKETS.get(url.get_backend_name(), ""))
    for key, value in url.query.items():
        if key not in allowed or not isinstance(value, str):
            raise SourceError(
                "This URL cannot be used",
                f"Its option “{key}” is not allowed" + (" more than once." if key in allowed else "."),
                f"Allowed behind the ? are: {', '.join(one for one in allowed if one) or 'none'}. An administrator can name a connection with more.",
            )


def check_host(url: URL, access: Access) -> None:
    """The host, or this machine where the URL names none or a socket of it."""
    hosts = {_plain(one) for one in access.hosts}
    socket = url.query.get(SOCKETS.get(url.get_backend_name(), ""), "")
    if socket:
        is_path = isinstance(socket, str) and socket.startswith("/") and "," not in socket and ".." not in socket
        if not is_path or url.host:
            raise _not_allowed(f"the host “{url.host or socket}”", "A socket is named by its whole path, and alone.", "hosts")
    elif url.host and (not HOST.fullmatch(url.host) or _plain(url.host) not in hosts):
        raise _not_allowed(f"the host “{url.host}”", f"Allowed are: {', '.join(access.hosts) or 'none'}.", "hosts")
    if not url.host and not hosts.intersection(LOCAL):
        raise _not_allowed("databases of this machine", f"Allowed hosts are: {', '.join(access.hosts) or 'none'}.", "hosts")


def _plain(host: str) -> str:
    """One spelling a host: lower case, no dot at its end, IPv6 in its short form. Other forms of an address are other hosts."""
    host = host.strip().lower().strip("[]")
    host = host[:-1] if host.endswith(".") else host
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host


def check_file(url: URL, connection: Connection, access: Access) -> URL:
    """The URL with the file's real path. The file exists, and lies in an allowed folder unless an administrator named it."""
    name = url.database or ""
    if not name or name.startswith((":", "file:")) or "\0" in name or url.query or url.host:
        raise SourceError(
            "This file cannot be used",
            "A database in memory, and a file given with options, cannot be opened.",
            f"Write {url.get_backend_name()}:////whole/path/of/the/file.",
        )
    path = _real(Path(name).expanduser())
    if not connection.is_named and not any(path.is_relative_to(_real(folder)) for folder in access.folders):
        folders = ", ".join(str(one) for one in access.folders) or "none"
        raise _not_allowed(f"the file “{name}”", f"Files may lie in: {folders}.", "folders")
    if not path.is_file():
        raise SourceError("There is no such file", f"“{name}” does not exist or is no file.", "Check the path and the spelling.")
    return url.set(database=str(path))


def _real(path: Path) -> Path:
    """Where the path leads in truth, links followed."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # links in a circle
        return path.absolute()


def check_driver(url: URL) -> None:
    """The driver is installed. Raises SourceError that says what to install."""
    package = PACKAGES.get(url.get_backend_name(), "")
    try:
        url.get_dialect().import_dbapi()
    except (NoSuchModuleError, ImportError, ArgumentError, AttributeError):
        hint = f"Install it: pip install {package}" if package else "Install the SQLAlchemy dialect and the driver of this database."
        raise SourceError("A driver is missing", f"The driver of “{url.drivername}” is not installed.", hint) from None


def _not_allowed(what: str, allowed: str, key: str) -> SourceError:
    return SourceError(
        "This place is not allowed",
        f"{what[0].upper()}{what[1:]} may not be reached. {allowed}",
        f"An administrator can add it to “{key}” in [access] of connections.toml, or name a connection.",
    )
