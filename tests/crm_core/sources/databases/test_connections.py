"""The administrator's file: read, with every fault told at once, and without any secret in what comes of it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from crm_core.errors import SourceError
from crm_core.sources.databases import secrets
from crm_core.sources.databases.connections import Connection, Connections, load, url_fault

GOOD = """
[access]
dialects = ["postgresql+psycopg", "sqlite"]
hosts = ["db.example.com"]
folders = ["/srv/data"]
functions = ["my_func"]

[connections.shop]
url = "postgresql+psycopg://reader@db.example.com:5432/shop"
password = "env:SHOP_DB_PASSWORD"
label = "Web shop"
schemas = ["public"]
options = { sslmode = "require" }
timeout_seconds = 5
in_place = true
write_schema = "crm"
write_folder = "s3://bucket/crm"

[connections.lake]
url = "parquet:///srv/lake"
[connections.cluster]
url = "local[4]"
"""


@pytest.fixture
def written(tmp_path):
    """Loads the text as the file of a home."""

    def make(text):
        (tmp_path / "connections.toml").write_text(text, encoding="utf-8")
        return load(tmp_path, {})

    return make


def test_good_file_is_read(written, tmp_path):
    found = written(GOOD)
    assert found.find("SHOP") == Connection(
        "shop", "postgresql+psycopg://reader@db.example.com:5432/shop", "env:SHOP_DB_PASSWORD", "Web shop", ("public",), {"sslmode": "require"},
        5, True, "crm", "s3://bucket/crm",
    )  # fmt: skip
    assert [one.dialect for one in found.named] == ["postgresql", "parquet", "spark"]
    assert found.access.dialects == ("postgresql", "sqlite")
    assert found.access.hosts == ("db.example.com",)
    assert [str(one) for one in found.access.folders] == ["/srv/data"]
    assert found.access.functions == ("my_func",)


def test_without_a_file_there_are_defaults(tmp_path):
    found = load(tmp_path, {})
    assert found.named == ()
    assert found.access.hosts == ("localhost", "127.0.0.1", "::1")
    assert found.access.folders == (tmp_path / "inbox",)


def test_file_of_the_environment_must_exist(tmp_path):
    with pytest.raises(SourceError, match="does not exist"):
        load(tmp_path, {"CRM_CONNECTIONS": str(tmp_path / "none.toml")})


def test_connections_of_the_environment(tmp_path):
    found = load(tmp_path, {"CRM_CONNECTION_SHOP": "postgresql://r@h/d", "CRM_CONNECTION_SHOP_PASSWORD": "hunter2", "CRM_CONNECTIONS": ""})
    assert found.named == (Connection("shop", "postgresql://r@h/d", "env:CRM_CONNECTION_SHOP_PASSWORD"),)


def test_unknown_name_lists_those_there_are(written):
    with pytest.raises(SourceError, match=r"shop, lake, cluster"):
        written(GOOD).find("nobody")


def test_all_faults_are_told_at_once_with_file_section_and_key(written):
    with pytest.raises(SourceError) as fault:
        written(
            """
            [acess]
            [access]
            hosts = "one"
            folders = ["relative"]
            ports = [1]
            [connections.a]
            url = "postgresql://u:hunter2@h/d"
            [connections."b c"]
            url = "not a url"
            password = "hunter2"
            [connections.d]
            timeout_seconds = -1
            in_place = "yes"
            schemas = [1]
            colour = "red"
            options = { password = "hunter2", token = "hunter2" }
            """
        )
    told = {(one.table.partition("[")[2].strip("]"), one.column) for one in fault.value.problems}
    assert told == {
        ("acess", ""), ("access", "hosts"), ("access", "folders"), ("access", "ports"), ("connections.a", "url"), ("connections.b c", ""),
        ("connections.b c", "url"), ("connections.b c", "password"), ("connections.d", "url"), ("connections.d", "timeout_seconds"),
        ("connections.d", "in_place"), ("connections.d", "schemas"), ("connections.d", "colour"), ("connections.d", "options.password"),
        ("connections.d", "options.token"),
    }  # fmt: skip
    assert all("connections.toml" in one.table for one in fault.value.problems)
    assert "hunter2" not in fault.value.text()


def test_broken_toml_tells_the_line_and_nothing_of_it(written):
    with pytest.raises(SourceError) as fault:
        written('[connections.a]\nurl = "x" hunter2')
    assert "line 2" in fault.value.text()
    assert "hunter2" not in fault.value.text() + repr(fault.value.__context__)


@pytest.mark.parametrize("url", [
    "postgresql://u:hunter2@h/d", "postgresql://u:@h/d", "mysql://h/d?password=hunter2", "mysql://h/d?passwd=hunter2", "snowflake://u@a/d?token=hunter2",
    "postgresql://u:hunt@er2@h/d", "postgresql://h/d@hunter2", "postgresql://u:hunt/er2@h/d", "hunter2",
])  # fmt: skip
def test_url_with_a_password_is_refused_without_telling_it(url):
    with pytest.raises(SourceError) as refusal:
        Connections().for_url(url)
    assert "hunter2" not in refusal.value.text() + repr(refusal.value.__context__)
    assert "CRM_DATABASE_PASSWORD" in refusal.value.hint


@pytest.mark.parametrize(
    "url",
    ["postgresql://u@h/d", "sqlite:////x/y.db", "spark://host:7077", "sc://host:15002", "local", "local[*]", "parquet://s3/bucket/lake"],
)
def test_url_without_one_has_no_fault(url):
    assert url_fault(url) == ""


def test_password_of_a_url_comes_from_the_environment():
    assert (
        Connections(environment={"CRM_DATABASE_PASSWORD": "hunter2"}).for_url("postgresql://u@h/d").password == "env:CRM_DATABASE_PASSWORD"  # noqa: S105 a reference
    )
    assert Connections().for_url("postgresql://u@h/d").password == ""


def test_nothing_that_shows_a_connection_shows_a_secret(tmp_path):
    found = load(tmp_path, {"CRM_CONNECTION_SHOP": "postgresql://r@h/d", "CRM_CONNECTION_SHOP_PASSWORD": "hunter2"})
    one = replace(found.named[0], options={"sslpassword": "env:CRM_CONNECTION_SHOP_PASSWORD"})
    shown = repr(found) + str(found) + repr(one) + str(asdict(one)) + json.dumps(asdict(one))
    assert "hunter2" not in shown


def test_secrets_are_found_by_reference(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("hunter2\n", encoding="utf-8")
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('top = "hunter3"\n[shop]\npassword = "hunter4"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert secrets.resolve("env:NAME", {"NAME": "hunter1"}) == "hunter1"
    assert secrets.resolve(f"file:{tmp_path / 'secret'}", {}) == "hunter2"
    assert secrets.resolve("streamlit:top", {}) == "hunter3"
    assert secrets.resolve("streamlit:shop.password", {}) == "hunter4"


@pytest.mark.parametrize("reference", ["env:NAME", "file:/no/such/file", "streamlit:none", "streamlit:shop.none", "streamlit:shop"])
def test_missing_secret_names_its_reference(reference, tmp_path, monkeypatch):
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('[shop]\npassword = "hunter2"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError) as missing:
        secrets.resolve(reference, {"OTHER": "hunter2"})
    assert reference in missing.value.message
    assert "hunter2" not in missing.value.text()


def test_what_is_no_reference_is_not_told():
    with pytest.raises(SourceError) as missing:
        secrets.resolve("hunter2", {})
    assert "hunter2" not in missing.value.text()
