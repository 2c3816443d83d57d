"""A user's URL reaches what the administrator allows, and nothing else, however it is spelt."""

# ruff: noqa: E501 (statements and lists of them read best unbroken)

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from crm_core.errors import SourceError
from crm_core.sources.databases import places, session
from crm_core.sources.databases.connections import Access, Connection, Connections

HOSTS = Access(hosts=("db.example.com", "127.0.0.1", "::1"))


def user(url):
    return Connections().for_url(url)


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    for place in (folder / "good.db", tmp_path / "secret.db"):
        with sqlite3.connect(place) as made:
            made.execute("CREATE TABLE t (a)")
    (folder / "link.db").symlink_to(tmp_path / "secret.db")
    (folder / "folder").symlink_to(tmp_path)
    return folder


@pytest.mark.parametrize("url", [
    "postgresql://u@db.example.com/d", "postgresql://u@DB.Example.COM./d", "postgresql+psycopg://u@db.example.com:6000/d?sslmode=require",
    "mysql+pymysql://u@127.0.0.1/d?charset=utf8mb4", "postgresql://u@[::1]/d", "postgresql://u@[0:0:0:0:0:0:0:1]/d", "postgresql:///d",
    "postgresql://u@/d?host=/var/run/postgresql", "mysql://u@/d?unix_socket=/run/mysqld/mysqld.sock", "mariadb://u@127.0.0.1/d",
    "postgresql://u@evil.com\\@db.example.com/d",  # a user of a strange name at the allowed host, which is what the driver is told
])  # fmt: skip
def test_allowed_host(url):
    assert places.reachable(user(url), HOSTS)


@pytest.mark.parametrize("url", [
    "postgresql://u@evil.com/d", "postgresql://u@db.example.com.evil.com/d", "postgresql://db.example.com@evil.com/d", "postgresql://db.example.com%40evil.com/d",
    "postgresql://u@evil.com#db.example.com/d", "postgresql://u@2130706433/d", "postgresql://u@0x7f.1/d", "postgresql://u@127.1/d",
    "postgresql://u@0177.0.0.1/d", "postgresql://u@[::ffff:127.0.0.1]/d", "postgresql://u@0.0.0.0/d", "postgresql://u@[::]/d", "postgresql://u@169.254.169.254/d",
    "postgresql://u@db.example.com,evil.com/d", "postgresql://u@db.example.com:1,evil.com:2/d", "postgresql://u@/d?host=evil.com", "postgresql://u@db.example.com/d?host=evil.com",
    "postgresql://u@/d?host=/run,evil.com", "postgresql://u@/d?host=/run/../tmp", "postgresql://u@/d?host=@abstract", "postgresql://u@/d?host=db.example.com&host=evil.com",
    "postgresql://u@db.example.com/d?hostaddr=6.6.6.6", "postgresql://u@db.example.com/d?service=x", "postgresql://u@db.example.com/d?servicefile=/x",
    "postgresql://u@db.example.com/d?passfile=/x", "postgresql://u@db.example.com/d?sslrootcert=/x", "postgresql://u@db.example.com/d?sslkey=/x",
    "postgresql://u@db.example.com/d?options=-c%20default_transaction_read_only%3Doff", "postgresql://u@db.example.com/d?port=1", "postgresql://u@db.example.com/d?dbname=x",
    "mysql://u@127.0.0.1/d?read_default_file=/x", "mysql://u@127.0.0.1/d?local_infile=1", "mysql://u@127.0.0.1/d?init_command=DROP", "mysql://u@127.0.0.1/d?ssl_ca=/x",
    "mysql://u@evil.com/d?unix_socket=/x", "mysql://u@127.0.0.1/d?host=evil.com", "postgresql://u@db.example.com%2Fx/d", "postgresql://u@ıocalhost/d", "postgresql://u@xn--x/d",
    "postgresql://u@%2Ftmp/d", "oracle://u@db.example.com/d", "mssql+pyodbc:///?odbc_connect=x", "duckdb:////etc/x.db", "snowflake://u@account/d", "spark://db.example.com:7077",
    "parquet:///etc", "local[*]", "file:///etc/passwd", "http://db.example.com/", "postgresql+nodriver://u@db.example.com/d",
])  # fmt: skip
def test_other_places_are_refused(url):
    with pytest.raises(SourceError):
        places.reachable(user(url), HOSTS)


def test_without_local_hosts_no_socket_is_reached():
    for url in ("postgresql:///d", "postgresql://u@/d?host=/var/run/postgresql", "mysql:///d"):
        with pytest.raises(SourceError, match="may not be reached"):
            places.reachable(user(url), Access(hosts=("db.example.com",)))


def test_named_connection_reaches_its_own_host():
    assert places.reachable(Connection("x", "postgresql://u@evil.com/d?sslrootcert=/x"), HOSTS).host == "evil.com"


def test_missing_driver_says_what_to_install():
    with pytest.raises(SourceError, match="not installed") as missing:
        places.reachable(Connection("x", "mssql+pyodbc://u@h/d"), HOSTS)
    assert "pip install pyodbc" in missing.value.hint


def test_allowed_file(inbox):
    assert places.reachable(user(f"sqlite:///{inbox / 'good.db'}"), Access(folders=(inbox,))).database == str(inbox / "good.db")


@pytest.mark.parametrize("name", [
    "{inbox}/link.db", "{inbox}/folder/secret.db", "{inbox}/../secret.db", "{home}/secret.db", "/etc/passwd", "etc/passwd", "{inbox}/none.db", "{inbox}", "",
    ":memory:", "file:{inbox}/good.db?mode=rwc", "file:{inbox}/good.db", "file:good.db?vfs=unix&uri=true", "{inbox}/good.db?uri=true", "{inbox}/good.db?mode=rwc",
    "{inbox}/good.db?cache=shared", "{inbox}-other/good.db", "{inbox}/good.db?check_same_thread=false", "~/../../etc/passwd",
])  # fmt: skip
def test_other_files_are_refused(inbox, tmp_path, name):
    (tmp_path / "inbox-other").mkdir()
    (tmp_path / "inbox-other" / "good.db").write_bytes((inbox / "good.db").read_bytes())
    url = "sqlite:///" + name.format(inbox=inbox, home=tmp_path)
    with pytest.raises(SourceError):
        places.reachable(user(url), Access(folders=(inbox,)))
    assert not (inbox / "none.db").exists()


def test_duckdb_files_need_a_folder_too(inbox, tmp_path):
    with pytest.raises(SourceError, match="may not be reached"):
        places.reachable(user(f"duckdb:///{tmp_path / 'secret.db'}"), Access(dialects=("duckdb",), folders=(inbox,)))


def test_named_file_is_reached_and_only_read(inbox, tmp_path):
    with session.open(Connection("x", f"sqlite:///{tmp_path / 'secret.db'}"), {}) as opened, pytest.raises(SourceError, match="only reads"):  # noqa: SIM117
        with opened.reading() as connection:
            connection.exec_driver_sql("INSERT INTO t VALUES (1)")


# Each guard is needed: without it the attack gets through.


@pytest.mark.parametrize(("guard", "url"), [
    ("check_host", "postgresql://u@evil.com/d"),
    ("check_options", "postgresql://u@db.example.com/d?hostaddr=6.6.6.6"),
    ("check_dialect", "postgresql://u@db.example.com/d"),
])  # fmt: skip
def test_without_its_guard_a_place_is_reached(monkeypatch, guard, url):
    access = replace(HOSTS, dialects=("sqlite",)) if guard == "check_dialect" else HOSTS
    with pytest.raises(SourceError):
        places.reachable(user(url), access)
    monkeypatch.setattr(places, guard, lambda *_: None)
    assert places.reachable(user(url), access)


@pytest.mark.parametrize("name", ["link.db", "../secret.db"])
def test_without_following_links_a_file_outside_is_reached(monkeypatch, inbox, name):
    access = Access(folders=(inbox,))
    with pytest.raises(SourceError, match="may not be reached"):
        places.reachable(user(f"sqlite:///{inbox}/{name}"), access)
    monkeypatch.setattr(places, "_real", lambda path: path)
    assert places.reachable(user(f"sqlite:///{inbox}/{name}"), access)


def test_without_the_list_of_folders_any_file_is_reached(inbox, tmp_path):
    url = f"sqlite:///{tmp_path / 'secret.db'}"
    with pytest.raises(SourceError, match="may not be reached"):
        places.reachable(user(url), Access(folders=()))
    assert places.reachable(user(url), Access(folders=(tmp_path,)))
