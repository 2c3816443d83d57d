"""What drivers say, in words for the user: which thing is missing, who refused, what to do.

Drivers quote URLs, statements and values in their messages, and Python keeps an error's cause beside it. So nothing of theirs goes on
but the name of the table or column that is missing, and for what is not known here one line without anything in quotation marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from crm_core.errors import CrmError, SourceError


@dataclass(frozen=True)
class Fault:
    """`codes` are SQLSTATEs (or their beginnings) and numbers of MySQL, `words` stand in messages that have no code.

    In `message` {where} is the connection as users see it and {name} what `words` caught. Transient ones are worth another try.
    """

    title: str
    message: str
    hint: str
    codes: tuple[str, ...] = ()
    words: str = ""
    is_transient: bool = False


def _named(*patterns: str) -> str:
    """One pattern of several, each with a name in place of {}."""
    return "|".join(one.replace("{}", rf"[\"'`]?(?P<name{number}>[^\n]{{1,200}}?)[\"'`]?") for number, one in enumerate(patterns))


FAULTS: tuple[Fault, ...] = (
    Fault(
        "The server is not found",
        "No machine of the name in the URL of {where} is known here.",
        "Check the spelling of the host, and the network or VPN.",
        words=r"could not translate host name|failed to resolve host|Name or service not known|nodename nor servname|"
        r"Temporary failure in name resolution|getaddrinfo",
        is_transient=True,
    ),
    Fault(
        "The server refuses connections",
        "Nothing answers at host and port of {where}.",
        "Check that the database is running, the port, and the firewall.",
        words=r"Connection refused|No such file or directory.*(accepting connections|socket)|Can't connect to local|No route to host|"
        r"Network is unreachable",
        is_transient=True,
    ),
    Fault(
        "The password is missing or wrong",
        "{where} does not let this user in with this password.",
        "Check the user in the URL and the secret that the password refers to.",
        codes=("28P01", "1045", "1698"),
        words=r"password authentication failed|no password supplied|Access denied for user .*using password|fe_sendauth|role .* does not exist",
    ),
    Fault(
        "The server does not let this user in",
        "{where} refuses the user, the place it connects from, or the way of encrypting.",
        "Ask the database's administrator; sslmode may have to be set in the options of the connection.",
        codes=("28000", "1130", "1251"),
        words=r"no pg_hba\.conf entry|SSL (is not enabled|connection is required)|server does not support SSL|certificate verify failed",
    ),
    Fault(
        "There is no such database",
        "{where} names a database that the server does not have.",
        "Check the end of the URL.",
        codes=("3D000", "1049"),
        words=r"database .* does not exist",
    ),
    Fault(
        "Too many connections",
        "The server of {where} takes no more connections at the moment.",
        "Try again in a minute.",
        codes=("53300", "1040", "1203"),
        words="too many clients|remaining connection slots",
        is_transient=True,
    ),
    Fault(
        "The server is starting or stopping",
        "{where} takes no work at the moment.",
        "Try again in a minute.",
        codes=("57P03",),
        words="the database system is (starting up|shutting down)",
        is_transient=True,
    ),
    Fault(
        "It took too long",
        "{where} had no answer within the time allowed, and the statement was stopped.",
        "Try again, choose a smaller table or query, or ask for a longer timeout_seconds.",
        codes=("1969", "3024"),
        words="statement timeout|max_statement_time exceeded|maximum statement execution time exceeded",
    ),
    Fault(
        "It was stopped",
        "The statement on {where} was stopped before its end.",
        "Start it again.",
        codes=("57014", "1317", "1927"),
        words=r"^interrupted$|canceling statement due to user request|OperationalError: interrupted",
    ),
    Fault(
        "The table is locked",
        "Somebody else holds a lock on what is read from {where}.",
        "Try again when their work is done.",
        codes=("55P03", "1205"),
        words="database is locked|database table is locked|lock timeout",
        is_transient=True,
    ),
    Fault(
        "The connection was lost",
        "{where} ended the connection, or the network did. Nothing of what was being read is kept.",
        "Start it again; if it happens often, ask the database's administrator.",
        codes=("57P01", "57P02", "57P05", "08", "2006", "2013", "4031", "25P03"),
        words=r"server closed the connection|Lost connection|connection (is closed|was closed|has been closed|not open)|Broken pipe|"
        r"Connection reset|consuming input failed|SSL SYSCALL error|EOF detected|no connection to the server|server has gone away|"
        r"the connection is (lost|closed)|Connection timed out|could not receive data|terminating connection|connection is bad|InterfaceError",
        is_transient=True,
    ),
    Fault(
        "The server does not answer",
        "No answer came from host and port of {where} in time.",
        "Check the host, the port, and the network or VPN.",
        words=r"timeout expired|timed out|connection timeout",
        is_transient=True,
    ),
    Fault(
        "There is no such table",
        "{where} has no table or view “{name}”. It may have been renamed or removed.",
        "Choose the table again.",
        codes=("42P01", "1146", "3F000"),
        words=_named("no such table: {}$", "relation {} does not exist", "Table {} doesn't exist", "schema {} does not exist"),
    ),
    Fault(
        "There is no such column",
        "{where} has no column “{name}” there. It may have been renamed or removed.",
        "Choose the columns again.",
        codes=("42703", "1054"),
        words=_named("no such column: {}$", "column {} does not exist", "Unknown column {} in"),
    ),
    Fault(
        "The rights are missing",
        "The user of {where} may not read this.",
        "Ask the database's administrator for the right to SELECT.",
        codes=("42501", "1044", "1142", "1143", "1227", "1370"),
        words="permission denied|SELECT command denied",
    ),
    Fault(
        "This connection only reads",
        "{where} was asked to change something, and refused.",
        "Ask with a SELECT that changes nothing.",
        codes=("25006", "1792", "1290"),
        words="readonly database|read-only transaction|not authorized",
    ),
    Fault(
        "The server has run out of space",
        "{where} has no more disk or memory for this.",
        "Tell the database's administrator, or read less at once.",
        codes=("53100", "53200", "1021", "1114", "1041", "1038"),
        words="No space left|disk is full|out of memory",
    ),
    Fault(
        "The standby was overtaken",
        "{where} is a copy that follows another server, and had to drop what was being read.",
        "Start it again, or read from the main server.",
        codes=("40001",),
        is_transient=True,
    ),
    Fault(
        "The statement is not understood",
        "{where} finds a fault in the statement.",
        "Check its words and names.",
        codes=("42601", "1064", "42P10", "42803", "42P18", "1055"),
        words="syntax error",
    ),
    Fault(
        "The types do not fit",
        "{where} cannot compare or convert the values in this way; a column's type may have changed.",
        "Choose the columns again, or correct the statement.",
        codes=("42883", "42804", "22", "42846"),
    ),
    Fault(
        "The database cannot be opened",
        "The file of {where} is no database, is damaged, or may not be read.",
        "Check the file and its rights.",
        words="unable to open database|file is not a database|disk image is malformed|disk I/O error|file is encrypted",
    ),
)


def fault_of(error: BaseException) -> tuple[Fault | None, str]:
    """The fault that a driver's error means, and the name it tells."""
    code, text = _code(error), _text(error)
    by_words = ((one, re.search(one.words, text, re.IGNORECASE | re.MULTILINE)) for one in FAULTS if one.words)
    matched = {id(one): found for one, found in by_words if found}
    for one in FAULTS:
        is_meant = bool(code) and any(code == known or (len(known) == 2 and code.startswith(known)) for known in one.codes)
        if is_meant and not (code == "57014" and "timeout" in text):
            found = matched.get(id(one))
            return one, _name(found)
    for one in FAULTS:
        if id(one) in matched:
            return one, _name(matched[id(one)])
    return None, ""


def in_words(error: BaseException, where: str, secrets: Iterable[str] = ()) -> CrmError:
    """The error for the user. It is to be raised where the driver's is no longer being handled: `translated` does so."""
    if isinstance(error, CrmError):
        return error
    fault, name = fault_of(error)
    if fault is None:
        return SourceError(
            "The database reports a fault", f"{where}: {_one_line(error, secrets)}", "Try again; then ask its administrator."
        )
    message = fault.message if name or "{name}" not in fault.message else fault.message.replace(" “{name}”", " of that name")
    return SourceError(fault.title, message.format(where=where, name=_hidden(name, secrets)), fault.hint)


def raise_alone(error: CrmError) -> NoReturn:
    """Raises it with no other error beside it, also from within a context manager, where Python would keep the one that led here."""
    try:
        raise error from None
    finally:
        error.__context__ = None


@contextmanager
def translated(where: str, secrets: Iterable[str] = ()) -> Iterator[None]:
    """Raises what drivers raise in words, with nothing of theirs kept beside it: a cause would carry statements and values into logs."""
    caught: CrmError | None = None
    try:
        yield
    except DRIVER_ERRORS as error:
        caught = in_words(error, where, secrets)
    if caught is not None:
        raise_alone(caught)


def _driver_errors() -> tuple[type[BaseException], ...]:
    """The roots of what SQLAlchemy and the drivers installed here raise."""
    import sqlite3

    import pyarrow as pa
    from sqlalchemy.exc import SQLAlchemyError

    found: list[type[BaseException]] = [SQLAlchemyError, sqlite3.Error, pa.ArrowException, OSError]
    for module, name in (("psycopg", "Error"), ("pymysql", "Error"), ("adbc_driver_manager", "Error")):
        try:
            found.append(getattr(__import__(module), name))
        except ImportError:
            continue
    return tuple(found)


DRIVER_ERRORS = _driver_errors()


def _code(error: BaseException) -> str:
    """SQLSTATE or number; SQLAlchemy's errors have the driver's in `orig`."""
    driver = getattr(error, "orig", None) or error
    first = driver.args[0] if driver.args else None
    if isinstance(first, int) and type(driver).__module__.startswith("pymysql"):
        return "" if first in (2002, 2003) else str(first)  # why there is no connection stands in the words
    state = getattr(driver, "sqlstate", None)
    if isinstance(state, bytes):
        state = state.decode("ascii", "replace")
    if state and state != "00000":
        return str(state).strip("\0")
    return ""


def _text(error: BaseException) -> str:
    driver = getattr(error, "orig", None) or error
    return f"{type(driver).__name__}: {driver}".partition("\nQuery was:")[0].removeprefix("OperationalError: ")


def _name(found: re.Match[str] | None) -> str:
    if found is None:
        return ""
    return next((value for key, value in found.groupdict().items() if key.startswith("name") and value), "")


def _one_line(error: BaseException, secrets: Iterable[str]) -> str:
    """The first line of a message that nobody foresaw, without what stands in quotation marks."""
    driver = getattr(error, "orig", None) or error
    text = str(driver.args[1] if len(driver.args) > 1 and isinstance(driver.args[1], str) else driver)
    line = next((one.strip() for one in text.splitlines() if one.strip()), type(driver).__name__)
    line = re.sub(r"'[^']*'|\"[^\"]*\"|\w+://\S+", "…", line)
    return _hidden(line[:200].rstrip("."), secrets) + "."


def _hidden(text: str, secrets: Iterable[str]) -> str:
    for one in secrets:
        if one:
            text = text.replace(one, "…")
    return text
