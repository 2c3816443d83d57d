"""A file that is there whole or not at all, and whose ending says its kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from crm_core.errors import CrmError

ENDINGS = (".csv", ".parquet", ".json")


def check_ending(path: Path, endings: Sequence[str]) -> None:
    """Raises CrmError where the file's name has none of the endings."""
    if path.suffix.lower() not in endings:
        raise CrmError(
            "Unknown kind of output file",
            f"“{path.name}” ends in none of {', '.join(endings)}.",
            "Give a file name with one of these endings.",
        )


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A place to write the file to; it takes the place of `path` when all is written, and goes where that fails."""
    unfinished = path.with_name(path.name + ".part")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
