"""In which encoding is a text file written? One pass over all bytes finds out, and gives the file's fingerprint on the way.

UTF-8 is proved or disproved on the whole file (its first special letter may come late); UTF-16 shows in its zero bytes; the Windows
code pages, in which any bytes are valid, are told apart by which one gives words that languages have (`alphabets.py`).
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crm_core.errors import SourceError
from crm_core.sources import alphabets
from crm_core.sources.staging import Progress, no_progress

BLOCK = 1 << 20
SNIPPET = 4096
MOST_SNIPPETS = 2000

#: What users read -> Python's name. Offered for correction; any other name that Python knows is taken too.
ENCODINGS = {
    "UTF-8": "utf-8",
    "UTF-16 LE": "utf-16-le",
    "UTF-16 BE": "utf-16-be",
    "Windows-1250": "cp1250",
    "Windows-1251": "cp1251",
    "Windows-1252": "cp1252",
    "Windows-1256": "cp1256",
}
LABELS = {codec: label for label, codec in ENCODINGS.items()}

BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))

#: More than this share of UTF-8 letters damaged: it is no UTF-8.
MOST_DAMAGED = 0.05

#: More than this share of zero bytes or control characters: it is no text.
MOST_NOT_TEXT = 0.001
CONTROLS = bytes(sorted(set(range(1, 32)) - set(b"\t\n\r\f\x01\x1a\x1b\x1c\x1d\x1e\x1f")))


@dataclass(frozen=True)
class Scan:
    """What one pass over a file found.

    `damaged` and `high` count broken UTF-8 sequences and bytes above 127; `zeros` the zero bytes at even and odd positions;
    `snippets` are pieces around special letters from all over the file.
    """

    sha256: str
    size: int
    mark: str
    high: int
    damaged: int
    zeros: tuple[int, int]
    controls: int
    head: bytes
    snippets: tuple[bytes, ...]

    @property
    def is_utf8(self) -> bool:
        return self.damaged == 0


def scan(path: Path, progress: Progress = no_progress) -> Scan:
    """Reads all bytes once, block by block."""
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")("replace")
    size = max(path.stat().st_size, 1)
    seen = high = damaged = controls = 0
    zeros = [0, 0]
    snippets: list[bytes] = []
    mark, head = "", b""
    for block in _blocks(path):
        digest.update(block)
        if not seen:
            head = block[: 1 << 16]
            mark = next((codec for start, codec in BYTE_ORDER_MARKS if block.startswith(start)), "")
        if b"\x00" in block:
            zeros[0] += block[::2].count(0)
            zeros[1] += block[1::2].count(0)
        if not seen:
            controls = len(block) - len(block.translate(None, CONTROLS))
        pending = bool(decoder.getstate()[0])
        if pending or not block.isascii():
            damaged += decoder.decode(block).count("\ufffd") - block.count(b"\xef\xbf\xbd")
            high += len(block) - len(block.translate(None, _HIGH))
            if len(snippets) < MOST_SNIPPETS:
                snippets.append(_snippet(block))
        seen += len(block)
        progress(min(seen / size, 1.0), "Checking the file")
    damaged += decoder.decode(b"", final=True).count("\ufffd")
    return Scan(digest.hexdigest(), seen, mark, high, max(damaged, 0), (zeros[0], zeros[1]), controls, head, tuple(snippets))


def detect(found: Scan, name: str) -> str:
    """Python's name of the encoding of the file called `name`. Raises SourceError where it is no text at all."""
    if found.mark:
        return found.mark
    even, odd = found.zeros
    if even + odd > 0.05 * found.size and max(even, odd) > 0.9 * (even + odd):
        wide = "utf-16-le" if odd > even else "utf-16-be"
        if "\n" in found.head.decode(wide, "ignore"):
            return wide
    if even + odd > MOST_NOT_TEXT * found.size or found.controls > MOST_NOT_TEXT * min(found.size, BLOCK):
        raise SourceError(
            "This is not a table",
            f"“{name}” is no text: it holds bytes that no text has. It may be damaged, or a picture or program under another name.",
            "Export the data again as CSV (UTF-8) or Excel.",
        )
    if found.is_utf8 or found.damaged <= MOST_DAMAGED * found.high:
        return "utf-8"
    return alphabets.likeliest(found.snippets)


def codec(wanted: str) -> str:
    """Python's name for the encoding a user chose by label or name. Raises SourceError for an unknown one."""
    try:
        return codecs.lookup(ENCODINGS.get(wanted, wanted)).name
    except LookupError as error:
        raise SourceError("Unknown encoding", f"“{wanted}” is no encoding.", f"Choose one of {', '.join(ENCODINGS)}.") from error


def describe(encoding: str, found: Scan) -> str:
    """The encoding in words, with what had to be mended."""
    words = LABELS.get(encoding, encoding)
    if encoding == "utf-8" and not found.high:
        words += " (plain letters only)"
    elif encoding == "utf-8" and not found.is_utf8:
        words += f", damaged letters shown as �: {found.damaged:,}"
    if sum(found.zeros) and not encoding.startswith("utf-16"):
        words += f", zero bytes left out: {sum(found.zeros):,}"
    return words


def needs_copy(encoding: str, found: Scan) -> bool:
    """Whether the file has to be rewritten as clean UTF-8 before the engine can read it."""
    return encoding not in ("utf-8", "ascii") or not found.is_utf8 or any(found.zeros)


def lines_as_utf8(path: Path, target: Path, encoding: str, progress: Progress = no_progress) -> None:
    """Writes `path` as UTF-8 with line breaks \\n to `target`, in bounded memory; zero bytes are left out."""
    size = max(path.stat().st_size, 1)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    newlines = _Newlines()
    seen = 0
    with target.open("wb") as out:
        for block in _blocks(path):
            text = decoder.decode(block)
            if not seen:
                text = text.removeprefix("\ufeff")
            out.write(newlines.unify(text.replace("\x00", "")).encode("utf-8", "replace"))
            seen += len(block)
            progress(seen / size, "Converting the file to UTF-8")
        out.write((newlines.unify(decoder.decode(b"", final=True)) + newlines.rest()).encode("utf-8", "replace"))


class _Newlines:
    """Turns \\r\\n and \\r into \\n across blocks."""

    def __init__(self) -> None:
        self._held = ""

    def unify(self, text: str) -> str:
        text = self._held + text
        self._held = "\r" if text.endswith("\r") else ""
        return text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")

    def rest(self) -> str:
        return "\n" if self._held else ""


_HIGH = bytes(range(128, 256))


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            yield block


def _snippet(block: bytes) -> bytes:
    """A piece of the block from its first special letter on."""
    first = re.search(rb"[\x80-\xff]", block)
    start = first.start() if first else 0
    return block[max(0, start - 64) : start + SNIPPET]
