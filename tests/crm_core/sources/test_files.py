"""Content decides what a file is; archives are unpacked within limits; a failed reading leaves everything as it was."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zipfile

import pandas as pd
import pytest

from crm_core.errors import SourceError
from crm_core.sources import archive, files
from crm_core.sources.staging import ReadOptions

CSV = "id,name\n1,a\n2,b\n"


def zipped(members: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return out.getvalue()


def damaged_inside(members: dict[str, str], compression: int) -> bytes:
    """A zip whose list of files is whole while what is packed is not."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as made:
        for name, content in members.items():
            made.writestr(name, content)
        end = made.start_dir
    whole = out.getvalue()
    return whole[:50] + bytes(byte ^ 0x5A for byte in whole[50:end]) + whole[end:]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(2000), "a PNG picture"),
        (b"%PDF-1.4 and more", "a PDF document"),
        (b"\n <html><body><table><tr><td>1</td></tr></table>", "a web page"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Workbook>", "an XML file"),
        (b'[{"a": 1}]', "a JSON file"),
        (zipped({"[Content_Types].xml": "", "word/document.xml": ""}), "a Word document"),
    ],
)
def test_what_is_no_table_is_called_by_its_name(stage_bytes, content, what):
    with pytest.raises(SourceError, match=what) as caught:
        stage_bytes(content, "orders.csv")
    assert caught.value.hint


def test_parquet_named_csv_is_parquet(read, rows):
    out = io.BytesIO()
    frame = pd.DataFrame(
        {"id": [1, 2], "at": pd.to_datetime(["2020-01-01", "2020-01-02"]), "price": pd.Series([17.85, 2.5], dtype="float32")}
    )
    frame.assign(name=["a", ""], flag=[True, False], tags=[["x"], ["y", "z"]]).to_parquet(out)
    table = read(out.getvalue(), "export.csv")
    assert [column.type for column in table.columns] == ["number", "timestamp", "number", "text", "boolean", "text"]
    assert rows(table)[0][2] == 17.85
    assert rows(table)[1][3] is None
    with pytest.raises(SourceError, match="Parquet file is damaged"):
        read(out.getvalue()[:300], "export.parquet")


def test_a_gzip_is_read_under_its_name(read, rows):
    table = read(gzip.compress(CSV.encode()), "orders.csv.gz")
    assert (table.name, rows(table)) == ("orders.csv.gz", [("1", "a"), ("2", "b")])


def test_members_of_a_zip_are_tables(stage_bytes, staging):
    tables = stage_bytes(
        zipped({"a/orders.csv": CSV, "../../items.csv": CSV, "__MACOSX/._x": "?", "logo.png": b"\x89PNG\r\n\x1a\n"}), "shop.zip"
    )
    assert [table.name for table in tables] == ["shop.zip › orders.csv", "shop.zip › items.csv"]
    assert tables[0].reading["Left out of the archive"] == "shop.zip › logo.png: this kind of file cannot be read"
    assert not list(staging.folder.glob("copy*"))


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (zipped({"inner.zip": zipped({"a.csv": CSV})}), "An archive in an archive"),
        (zipped({"a.csv": CSV})[:60], "The archive is damaged"),
        (zipped({}), "The archive is empty"),
        (gzip.compress(CSV.encode() * 1000)[:50], "The archive is damaged"),
        (zipped({"bomb.csv": bytes(60 << 20)}), "The archive grows too large"),
        (gzip.compress(b"1,2\n" * (15 << 20)), "The archive grows too large"),
        (zipped({"[Content_Types].xml": "", "xl/workbook.xml": bytes(60 << 20)}), "The archive grows too large"),
        (zipped({f"{number}.csv": CSV for number in range(600)}), "Too many files"),
        (damaged_inside({"a.csv": CSV * 50}, zipfile.ZIP_LZMA), "The archive is damaged"),
        (damaged_inside({"a.csv": CSV * 50}, zipfile.ZIP_BZIP2), "The archive is damaged"),
        (damaged_inside({"mimetype": CSV * 50}, zipfile.ZIP_DEFLATED), "The archive is damaged"),
        (damaged_inside({"mimetype": CSV * 50}, zipfile.ZIP_LZMA), "The archive is damaged"),
    ],
)
def test_archives_that_cannot_be_unpacked_are_refused_in_words(stage_bytes, staging, content, title):
    with pytest.raises(SourceError) as caught:
        stage_bytes(content, "shop.zip")
    assert caught.value.title == title
    assert staging.tables == []
    assert not list(staging.folder.glob("copy*"))


def test_what_an_archive_claims_about_its_size_is_not_believed(staging, tmp_path):
    lying = bytearray(zipped({"a.csv": "1,2\n" * 5_000}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = lying.index(signature) + offset
        lying[place : place + 4] = (5_000).to_bytes(4, "little")
    path = tmp_path / "lying.zip"
    path.write_bytes(lying)
    with pytest.raises(SourceError):
        archive.unpack_zip(staging, path, "lying.zip", lambda *_: None, archive.Limits(bytes=4_000))


def test_reading_again_replaces_the_table_in_its_place(stage_bytes, staging):
    stage_bytes("id,name\n1,a\nbroken\n" + "2,b\n" * 50, "orders.csv")
    stage_bytes(CSV, "items.csv")
    stage_bytes("id,name\n1,a\nbroken\n" + "2,b\n" * 60, "orders.csv", ReadOptions(has_header=False))
    assert [(table.name, table.rows) for table in staging.tables] == [("orders.csv", 62), ("items.csv", 2)]
    assert staging.raw.execute("SELECT count(*) FROM bad_lines").fetchone() == (1,)
    tables = {row[0] for row in staging.raw.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert tables == {"bad_lines", *(table.ref for table in staging.tables)}


def test_a_failed_reading_leaves_the_former_one(stage_bytes, staging, rows):
    (former,) = stage_bytes(CSV, "orders.csv")
    with pytest.raises(SourceError):
        stage_bytes("id,name\n", "orders.csv")
    assert staging.tables == [former]
    assert len(rows(former)) == 2


def test_cancelling_stops_the_reading(staging, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(CSV)

    def cancel(share: float, sentence: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.stage(staging, path, progress=cancel)
    assert staging.tables == []


def test_the_fingerprint_is_that_of_the_file(stage_bytes, staging):
    for name, content in {"a.csv": CSV.encode(), "b.csv.gz": gzip.compress(CSV.encode())}.items():
        stage_bytes(content, name)
        assert staging.fingerprints[name] == hashlib.sha256(content).hexdigest()


def test_progress_grows_to_one(staging, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(CSV)
    shares: list[float] = []
    files.stage(staging, path, progress=lambda share, sentence: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_preview_has_the_users_names(stage_bytes, staging):
    stage_bytes(CSV, "orders.csv")
    assert files.preview(staging, "orders.csv", rows=1).to_dict("records") == [{"id": "1", "name": "a"}]


def test_a_missing_file_is_said_to_be_missing(staging, tmp_path):
    with pytest.raises(SourceError, match="cannot be opened"):
        files.stage(staging, tmp_path / "gone.csv")


@pytest.mark.parametrize("name", ["orders*.csv", "orders[1].csv", "orders?.csv", "{a,b}.csv", "orders.gz", "orders.zst", "orders.parquet"])
def test_a_name_is_a_name_whatever_stands_in_it(staging, tmp_path, name):
    """No mark in it is a wildcard, and no ending says how the content is packed."""
    (tmp_path / "orders1.csv").write_text(CSV)
    (tmp_path / "year=2024").mkdir()
    path = tmp_path / "year=2024" / name
    for one in (path, path.with_name("orders1.csv")):
        one.write_text(CSV)
    (table,) = files.stage(staging, path)
    assert (table.name, table.rows, [column.name for column in table.columns]) == (name, 2, ["id", "name"])
    assert path.read_text() == CSV


def test_a_name_that_is_no_text_is_shown_as_far_as_it_is(staging, tmp_path):
    path = tmp_path / os.fsdecode(b"orders\xff.csv")
    path.write_text(CSV)
    (table,) = files.stage(staging, path)
    assert table.name == "orders\ufffd.csv"
