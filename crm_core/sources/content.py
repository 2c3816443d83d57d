"""Which kind of file is this? Answered by its first bytes, never by its name: an Excel file named .csv is Excel.

What we cannot read is refused here, by a name the user knows.
"""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from pathlib import Path
from typing import Literal

from crm_core.errors import SourceError

Kind = Literal["text", "excel", "parquet", "zip", "gzip"]

KINDS_WE_READ = "CSV, TSV or text, Excel (.xlsx, .xls, .ods), Parquet, and .gz or .zip of these"

#: First bytes -> what people call such a file. Only files that nobody means as a table.
FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"SQLite format 3", "an SQLite database"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an XZ archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"ARROW1", "a Feather file"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)

#: First words of text -> what people call such a file.
FOREIGN_TEXT: tuple[tuple[str, str], ...] = (
    (r"<(!doctype\s+html|html|head|body|table|meta|div)\b", "a web page (HTML)"),
    (r"<\?xml|<[a-z]+:?workbook\b", "an XML file"),
    (r"\{\s*\"|\[\s*\{\s*\"", "a JSON file"),
)

#: Members that tell which office file a zip is; None stands for those read as Excel.
OFFICE: tuple[tuple[str, str | None], ...] = (
    ("xl/", None),
    ("word/", "a Word document"),
    ("ppt/", "a PowerPoint file"),
    ("Index/Document.iwa", "an Apple Numbers or Pages file"),
)


def kind(path: Path, name: str) -> Kind:
    """What the file of the user's `name` holds. Raises SourceError for an empty file and for what cannot be read."""
    head = _head(path, name)
    if not head:
        raise SourceError(
            "The file is empty", f"“{name}” holds no data at all.", "Export it again, and check that the export has finished."
        )
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "excel"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(path, name)
    _refuse_foreign(head, name)
    return "text"


def refuse(name: str, what: str) -> SourceError:
    hint = f"Files that can be read: {KINDS_WE_READ}."
    if what.startswith(("a web page", "an XML")):
        hint = "Open it in Excel or LibreOffice and save it as .xlsx or CSV. " + hint
    return SourceError("This kind of file cannot be read", f"“{name}” is {what}, whatever its name says, and not a table.", hint)


def _head(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError as error:
        raise SourceError(
            "The file cannot be opened", f"“{name}”: {error.strerror}.", "Check that it exists and that you may read it."
        ) from error


def _kind_of_zip(path: Path, name: str) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
            mimetype = archive.open("mimetype").read(100).decode("latin-1") if "mimetype" in members else ""
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, OSError, EOFError, ValueError) as error:
        raise SourceError(
            "The archive is damaged",
            f"“{name}” is a .zip or Excel file whose end is missing or broken, as after an interrupted download.",
            "Download or export it again.",
        ) from error
    if mimetype.startswith("application/vnd.oasis.opendocument"):
        if "spreadsheet" in mimetype:
            return "excel"
        raise refuse(name, "an OpenDocument text or presentation")
    if "[Content_Types].xml" in members or any(one.endswith(".iwa") for one in members):
        for prefix, what in OFFICE:
            if any(one.startswith(prefix) for one in members):
                if what is None:
                    return "excel"
                raise refuse(name, what)
    return "zip"


def _refuse_foreign(head: bytes, name: str) -> None:
    for start, what in FOREIGN:
        if head.startswith(start):
            raise refuse(name, what)
    text = head.removeprefix(b"\xef\xbb\xbf").decode("latin-1").lstrip().lower()
    for pattern, what in FOREIGN_TEXT:
        if re.match(pattern, text):
            raise refuse(name, what)
