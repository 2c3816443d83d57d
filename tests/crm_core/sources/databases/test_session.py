"""A session only reads, whatever is asked of it; what goes wrong is told in words, and no secret leaves it."""

# ruff: noqa: E501 (statements and lists of them read best unbroken)

from __future__ import annotations

import logging
import sqlite3
import time
import traceback

import pytest
import sqlalchemy as sa

from crm_core.errors import CrmError, SourceError
from crm_core.sources.databases import browse, faults, session
from crm_core.sources.databases.connections import Connection
from crm_core.sources.databases.selection import Selection
from crm_core.sources.databases.stage import stage

SECRET = "hunter2-planted"  # noqa: S105 made up here
WRITES = ("INSERT INTO sales VALUES (2)", "UPDATE sales SET id = 3", "DELETE FROM sales", "CREATE TABLE other (id int)", "DROP TABLE sales")
MAKE = "CREATE TABLE sales (id int); INSERT INTO sales VALUES (1);"


@pytest.fixture(params=["postgres", "mariadb", "sqlite"])
def on_each(request):
    """Opens a session on an empty database of each kind."""
    return request.getfixturevalue(f"on_{request.param}")


def raised(error):
    """All that could be printed of an error: its words, its traceback, and what stands behind it."""
    text, seen = "", error
    while seen is not None:
        text += repr(seen) + (seen.text() if isinstance(seen, CrmError) else "") + "".join(traceback.format_exception(seen, chain=True))
        seen = seen.__cause__ or seen.__context__
    return text


@pytest.mark.parametrize("write", WRITES)
def test_the_server_itself_refuses_to_write(on_each, write):
    opened = on_each(MAKE)
    with pytest.raises(SourceError, match="only reads"):  # noqa: SIM117
        with opened.reading() as connection:
            connection.exec_driver_sql(write)
    with opened.reading() as connection:  # and the session goes on
        assert connection.exec_driver_sql("SELECT count(*), max(id) FROM sales").fetchall() == [(1, 1)]


def test_without_the_read_only_transaction_a_write_gets_through(on_each, monkeypatch):
    monkeypatch.setattr(session, "READ_ONLY", {})
    opened = on_each(MAKE)
    if opened.dialect == "sqlite":  # whose file is opened to be read only as well
        monkeypatch.setattr(session, "_sqlite", lambda path: sqlite3.connect(path, isolation_level=None, check_same_thread=False))
        opened.drop()
    with opened.reading() as connection:
        connection.exec_driver_sql("INSERT INTO sales VALUES (2)")
        assert connection.exec_driver_sql("SELECT count(*) FROM sales").scalar() == 2


def test_adbc_only_reads_too(on_postgres, staging, monkeypatch):
    from crm_core.sources.databases import postgres, statements

    opened = on_postgres(MAKE + "CREATE FUNCTION add() RETURNS int LANGUAGE sql AS 'INSERT INTO sales VALUES (9) RETURNING id'")
    monkeypatch.setattr(statements, "_check_called", lambda *_: None)
    attack = Selection("shop", query="SELECT add() AS added")
    with pytest.raises(SourceError, match="only reads"):
        stage(staging, opened, attack)
    monkeypatch.setattr(postgres, "READ_ONLY", {"postgresql": ()})
    opened.drop()
    assert stage(staging, opened, attack).rows == 1


def test_sqlite_attaches_no_other_file(on_sqlite, tmp_path):
    opened = on_sqlite(MAKE)
    with pytest.raises(SourceError):  # noqa: SIM117
        with opened.reading() as connection:
            connection.exec_driver_sql(f"ATTACH '{tmp_path / 'rows.sqlite'}' AS other")


def test_previews_have_a_timeout(on_each):
    opened = on_each(MAKE, timeout_seconds=0.5)
    endless = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 400000000) SELECT count(*) FROM n"
    if opened.is_mariadb:
        endless = "SELECT count(*) FROM " + ", ".join(
            f"(SELECT {' UNION ALL SELECT '.join('1' * 1 for _ in range(40))}) t{n}" for n in range(7)
        )
    start = time.monotonic()
    with pytest.raises(SourceError, match=r"took too long|was stopped"):
        browse.preview(opened, Selection("shop", query=endless))
    assert time.monotonic() - start < 20
    with opened.reading() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


@pytest.mark.parametrize(("change", "title"), [
    ({"password": SECRET}, "password is missing or wrong"),
    ({"password": ""}, "password is missing or wrong"),
    ({"user": "nobody"}, "password is missing or wrong"),
    ({"database": "nowhere"}, "no such database"),
    ({"port": 1}, "refuses connections"),
    ({"host": "no-such-host.invalid"}, "not found"),
])  # fmt: skip
@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_why_no_connection_is_made(request, monkeypatch, kind, change, title, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(session, "PAUSES", (0.01,))
    server = request.getfixturevalue(kind)
    url = sa.make_url(server.url())
    password = change.get("password", server.password)
    url = url.set(
        username=change.get("user", url.username),
        database=change.get("database", url.database),
        port=change.get("port", url.port),
        host=change.get("host", url.host),
    )
    connection = Connection("shop", str(url), "env:P" if password else "")
    with pytest.raises(SourceError) as refused, session.open(connection, {"P": password}):
        pass
    assert title in refused.value.title.lower()
    assert refused.value.hint
    for secret in (server.password, SECRET):
        assert secret not in raised(refused.value) + caplog.text


def test_a_passing_fault_is_tried_again_and_a_wrong_password_is_not(postgres, monkeypatch):
    pauses = []
    monkeypatch.setattr(session.time, "sleep", pauses.append)
    with pytest.raises(SourceError), session.open(Connection("shop", "postgresql://u@127.0.0.1:1/d"), {}):
        pass
    assert pauses == list(session.PAUSES)
    pauses.clear()
    with pytest.raises(SourceError), session.open(Connection("shop", postgres.url(), "env:P"), {"P": SECRET}):
        pass
    assert pauses == []


def test_what_is_missing_is_named(on_each):
    opened = on_each(MAKE)
    for query, title, name in (
        ("SELECT * FROM no_table", "no such table", "no_table"),
        ("SELECT no_column FROM sales", "no such column", "no_column"),
    ):
        with pytest.raises(SourceError) as missing:
            browse.preview(opened, Selection("shop", query=query))
        assert title in missing.value.title.lower()
        assert name in missing.value.message


def test_missing_rights_are_told(postgres, mariadb, opened):
    for server in (postgres, mariadb):
        server.create_database("rights")
        if server is postgres:
            server.execute("CREATE SCHEMA hidden; CREATE TABLE hidden.sales (id int)", "rights")
        reader = server.create_reader("newcomer", "rights")  # nobody else's tests gave him rights
        one = opened(server.url(user=reader.user, database="rights"), reader.password)
        schema = "hidden" if server is postgres else "shop"
        with pytest.raises(SourceError, match="rights are missing"):
            browse.preview(one, Selection("shop", query=f"SELECT * FROM {schema}.sales"))


@pytest.mark.parametrize("query", [
    f"SELECT '{SECRET}' FROM no_table", f"SELECT '{SECRET}' AS a, no_column", f"SELECT CAST('{SECRET}' AS date)", f"SELECT 1 / (length('{SECRET}') - {len(SECRET)})",
])  # fmt: skip
def test_literals_of_a_query_are_in_no_error_and_no_log(on_each, staging, caplog, query):
    caplog.set_level(logging.DEBUG)
    opened = on_each(MAKE)
    for action in (
        lambda: browse.preview(opened, Selection("shop", query=query)),
        lambda: stage(staging, opened, Selection("shop", query=query)),
    ):
        found = None
        try:
            action()
        except SourceError as error:
            found = error
        assert SECRET not in raised(found)
    assert SECRET not in caplog.text


def test_password_is_in_nothing_that_is_shown(postgres, caplog):
    caplog.set_level(logging.DEBUG)
    connection = Connection("shop", postgres.url(), "env:P", options={"sslpassword": "env:P"})
    with session.open(connection, {"P": postgres.password}) as opened:
        with opened.reading() as raw:
            raw.exec_driver_sql("SELECT 1")
        shown = [repr(one) + str(one) for one in (opened, opened.connection, opened.url, opened.engine, opened.engine.url, raw)]
        assert postgres.password not in "".join(shown) + caplog.text


def test_unforeseen_faults_are_told_without_what_stands_in_quotation_marks():
    error = sqlite3.OperationalError(f"strange fault at 'C {SECRET}' of \"{SECRET}\" in postgresql://u:{SECRET}@h/d, {SECRET}")
    with pytest.raises(SourceError) as told, faults.translated("“Shop”", (SECRET,)):
        raise error
    assert "strange fault" in told.value.message
    assert SECRET not in raised(told.value)
    assert told.value.__context__ is None


def test_lost_connection_is_told_and_the_next_reading_works(on_postgres, postgres):
    opened = on_postgres(MAKE)
    with pytest.raises(SourceError, match="connection was lost"):  # noqa: PT012, SIM117
        with opened.reading() as connection:
            postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'rows' AND pid <> pg_backend_pid()")
            connection.exec_driver_sql("SELECT 1")
    with opened.reading() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
