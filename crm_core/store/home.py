"""Where this program keeps its things on disk: one folder, its layout in one place.

    CRM_HOME (default ~/.crm-dashboard)
    ├── workspaces/<id>/pointer.json, <random>.duckdb     see workspaces.py
    ├── locks/          one lock file a workspace
    ├── staging/        files being read; emptied as imports end
    ├── inbox/          files an administrator puts there for imports too large for a browser
    └── store.sqlite    what users save (audiences, exports, contact rules, remembered mappings), see saved/

All folders belong to their owner alone (mode 0700).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crm_core.errors import WorkspaceError

DEFAULT_ROOT = Path("~/.crm-dashboard")


@dataclass(frozen=True)
class Home:
    """The folders below `root`; they exist once `prepare` ran."""

    root: Path

    @property
    def workspaces(self) -> Path:
        return self.root / "workspaces"

    @property
    def locks(self) -> Path:
        return self.root / "locks"

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def database(self) -> Path:
        return self.root / "store.sqlite"

    def prepare(self) -> Home:
        """Makes the folders where they are missing; raises WorkspaceError where the place cannot be written or used."""
        if "?" in str(self.root):  # the engine writes the log of a file elsewhere then
            raise WorkspaceError(
                "The data folder cannot be used",
                f"There is a question mark in {self.root}.",
                "Set the environment variable CRM_HOME to a folder without one in its path.",
            )
        try:
            for folder in (self.root, self.workspaces, self.locks, self.staging, self.inbox):
                make_private_folder(folder)
        except OSError as error:
            raise WorkspaceError(
                "The data folder cannot be used",
                f"{self.root} cannot be written ({error.strerror or 'unknown reason'}).",
                "Set the environment variable CRM_HOME to a folder that this user may write.",
            ) from error
        return self


def find_home(environment: Mapping[str, str] = os.environ) -> Home:
    """The home named by CRM_HOME, or the default one, with its folders made."""
    return Home(Path(os.path.expanduser(environment.get("CRM_HOME") or DEFAULT_ROOT)).resolve()).prepare()


def make_private_folder(folder: Path) -> None:
    """A folder only its owner may enter; a folder that exists already keeps its parents' and its own owner's choice of mode."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # another process may make it at the same moment
        folder.chmod(0o700)  # mkdir's mode is cut by the umask and parents do not get it
