"""Brings the database to the form this program knows: an empty one, one of before there were versions, one of an earlier version.

Safe when several processes open it at once: one of them does it, the others wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock

from filelock import FileLock, Timeout
from sqlalchemy import Connection, inspect, text

from crm_core.errors import WorkspaceError
from crm_core.store.saved.database import Database, found

SCRIPTS = Path(__file__).with_name("migrations")
#: The latest step in migrations/versions (a test holds it so): who finds it has nothing to do, and needs no Alembic.
HEAD = "0002"
LOCK_SECONDS = 60
#: Any number that no other program uses as an advisory lock on this database.
LOCK_NUMBER = 0x43524D31
#: Alembic knows one migration a process: those of two databases come one after the other.
ALEMBIC = Lock()


def bring_up_to_date(database: Database) -> None:
    """Raises WorkspaceError where the database is of a newer version than the program, or fails."""
    with database.reading() as session:
        if _version(session.connection()) == HEAD:
            return
    with _only_one(database):
        if database.is_sqlite:
            database.command("PRAGMA journal_mode = WAL")  # stays with the file: readers do not wait for a writer
        with database.changing() as connection:
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})
            version = _version(connection)
            if version != HEAD:
                _upgrade(connection, version)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT max(version_num) FROM alembic_version")).scalar()


def _upgrade(connection: Connection, version: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise WorkspaceError(
            "The store is of a newer version",
            "What users saved was last changed by a newer version of this program.",
            "Start that newer version, or name another database by CRM_STORE_URL.",
        )
    config.attributes["connection"] = connection
    with ALEMBIC:
        command.upgrade(config, "head")


@contextmanager
def _only_one(database: Database) -> Iterator[None]:
    """SQLite's own waiting does not cover the change to a log beside the file; PostgreSQL locks within the transaction."""
    lock = FileLock(_lock_file(Path(database.engine.url.database or "")), timeout=LOCK_SECONDS) if database.is_sqlite else nullcontext()
    try:
        with found(), lock:
            yield
    except Timeout as error:
        raise WorkspaceError("The store is busy", "Another program is bringing it up to date.", "Try again in a minute.") from error


def _lock_file(path: Path) -> Path:
    """Among the locks of the home, or beside a file that lies elsewhere."""
    folder = path.parent / "locks"
    return (folder if folder.is_dir() else path.parent) / f"{path.name}.lock"
