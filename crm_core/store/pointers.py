"""The pointer of a workspace: which of its data files is current, and which was before.

One small file in the workspace's folder, replaced in one step, so that whatever fails before leaves the former data in place.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from crm_core.errors import WorkspaceError

Kind = Literal["sample", "named", "private"]

FILE = "pointer.json"


@dataclass(frozen=True)
class Pointer:
    """The content of the file: names of files in the workspace's own folder, never paths."""

    name: str
    kind: Kind
    current: str
    previous: str = ""
    is_undone: bool = False  # undo goes back once: not again until new data comes
    source: str = ""  # fingerprint of the files a sample was prepared from

    def __post_init__(self) -> None:
        if not all(isinstance(text, str) for text in (self.name, self.kind, self.current, self.previous, self.source)):
            raise TypeError("a pointer holds texts")
        if any(Path(name).name != name for name in self.files()):
            raise ValueError("a pointer holds names, no paths")

    def files(self) -> frozenset[str]:
        return frozenset(name for name in (self.current, self.previous) if name)


def read(folder: Path) -> Pointer | None:
    """The pointer of the workspace in that folder, None where there is none. Raises WorkspaceError for one that cannot be read."""
    try:
        return Pointer(**json.loads((folder / FILE).read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, OSError) as error:
        raise WorkspaceError(
            "A workspace is damaged", f"Its pointer file in {folder.name} cannot be read.", "Erase it or restore the folder."
        ) from error


def write(folder: Path, pointer: Pointer, former: Pointer | None) -> None:
    """Replaces the pointer in one step, then removes the data files that only the former pointer named."""
    draft = folder / f"{secrets.token_hex(8)}.tmp"
    try:
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(pointer), file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, folder / FILE)
    finally:
        draft.unlink(missing_ok=True)
    dropped = former.files() - pointer.files() if former else frozenset()
    for name in dropped:
        (folder / name).unlink(missing_ok=True)
