"""Archives: .gz and .zip are unpacked into the staging folder, under names of ours, within limits that a bomb cannot pass.

Limits hold for the bytes that actually come out, not for what the archive claims; the names inside are shown and never used as paths.
"""

from __future__ import annotations

import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from crm_core.errors import SourceError
from crm_core.sources.layout import unique_names
from crm_core.sources.staging import Progress, Staging

BLOCK = 1 << 20


@dataclass(frozen=True)
class Limits:
    """How much may come out of an archive. Tables shrink to a tenth as a rule and to a fiftieth at best; bombs to a thousandth."""

    bytes: int = 20 << 30
    ratio: int = 250
    ratio_from_bytes: int = 50 << 20  # small files may shrink as they like
    members: int = 500


LIMITS = Limits()


class Readable(Protocol):
    """What unpacks block by block."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Member:
    """An unpacked file: what the user sees as its name, and where it lies now."""

    title: str
    path: Path


def unpack_gzip(staging: Staging, path: Path, name: str, progress: Progress, limits: Limits = LIMITS) -> list[Member]:
    """The one file in a .gz, called as the archive. Raises SourceError for a damaged or bursting one."""
    target = staging.new_file()
    gauge = _Gauge(name, path.stat().st_size, limits)
    with _in_words(name), gzip.open(path, "rb") as source:
        _copy(source, target, gauge, progress)
    return [Member(name, target)]


def unpack_zip(staging: Staging, path: Path, name: str, progress: Progress, limits: Limits = LIMITS) -> list[Member]:
    """The files in a .zip, called "archive › file", without what file managers add. Raises SourceError for a damaged, protected, empty or bursting one."""
    with _in_words(name), zipfile.ZipFile(path) as archive:
        wanted = [one for one in archive.infolist() if not _is_clutter(one)]
        if not wanted:
            raise SourceError("The archive is empty", f"“{name}” holds no files.", "Check what was packed into it.")
        if len(wanted) > limits.members:
            raise SourceError(
                "Too many files", f"“{name}” holds {len(wanted):,} files; the most is {limits.members}.", "Pack only the files you need."
            )
        gauge = _Gauge(name, path.stat().st_size, limits)
        members = []
        for one, title in zip(wanted, _titles(wanted), strict=True):
            target = staging.new_file()
            with archive.open(one) as source:
                _copy(source, target, gauge, progress)
            members.append(Member(f"{name} › {title}", target))
    return members


def _titles(members: list[zipfile.ZipInfo]) -> list[str]:
    """The files' names without their folders, or with them where names repeat."""
    names = [PurePosixPath(one.filename).name for one in members]
    return names if len(set(names)) == len(names) else list(unique_names([one.filename for one in members]))


def check_workbook(path: Path, name: str, progress: Progress, limits: Limits = LIMITS) -> None:
    """Refuses an .xlsx or .ods (a zip inside) that would burst; nothing is kept of what comes out."""
    gauge = _Gauge(name, path.stat().st_size, limits)
    with _in_words(name), zipfile.ZipFile(path) as archive:
        for one in archive.infolist():
            with archive.open(one) as source:
                while block := source.read(BLOCK):
                    gauge.add(len(block))
                    progress(gauge.share, f"Checking {name}")


class _Gauge:
    """Counts the bytes that come out, and refuses to go on past the limits."""

    def __init__(self, name: str, packed: int, limits: Limits) -> None:
        self.name, self.packed, self.limits, self.count = name, max(packed, 1), limits, 0

    @property
    def share(self) -> float:
        """Roughly how much is unpacked, tables shrinking to an eighth."""
        return min(self.count / (8 * self.packed), 1.0)

    def add(self, count: int) -> None:
        self.count += count
        bursts = self.count > self.limits.ratio_from_bytes and self.count > self.limits.ratio * self.packed
        if bursts or self.count > self.limits.bytes:
            raise SourceError(
                "The archive grows too large",
                f"“{self.name}” ({self.packed:,} bytes) had grown to {self.count:,} bytes when unpacking was stopped.",
                "If it is a real export, unpack it yourself and load the file in it.",
            )


def _copy(source: Readable, target: Path, gauge: _Gauge, progress: Progress) -> None:
    with target.open("wb") as out:
        while block := source.read(BLOCK):
            gauge.add(len(block))
            out.write(block)
            progress(gauge.share, f"Unpacking {gauge.name}")


def _is_clutter(one: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(one.filename)
    return one.is_dir() or "__MACOSX" in path.parts or path.name.startswith(".") or path.name in ("Thumbs.db", "desktop.ini")


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    """Turns what the archive libraries raise into words."""
    try:
        yield
    except RuntimeError as error:  # what zipfile raises for a password
        if isinstance(error, NotImplementedError):
            raise _damaged(name) from error
        raise SourceError(
            "The archive is protected", f"“{name}” opens with a password only.", "Pack it again without a password."
        ) from error
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise _damaged(name) from error
    except OSError as error:  # what bz2 raises has no number; a full disk has one
        if error.errno is not None:
            raise
        raise _damaged(name) from error


def _damaged(name: str) -> SourceError:
    return SourceError(
        "The archive is damaged",
        f"“{name}” cannot be unpacked to its end, as after an interrupted download.",
        "Download or export it again.",
    )
