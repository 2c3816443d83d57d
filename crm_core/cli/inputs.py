"""From the sources that a command names to a workspace: one that is kept, or one built for as long as the command runs."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from crm_core.cli import databases
from crm_core.errors import MappingError, Problem, SourceError
from crm_core.mapping.model import ImportOptions, Mapping
from crm_core.mapping.receipt import Receipt
from crm_core.sources.files import readable
from crm_core.sources.staging import Progress, ReadOptions, Staging, no_progress
from crm_core.workspace import Workspace

if TYPE_CHECKING:
    from crm_core.store.workspaces import Workspaces

WORKSPACE_PREFIX = "workspace:"
SAMPLE = "sample"
MAPPING_HINT = "Say which column feeds which field, for example --map customer_id=COLUMN --map ordered_at=COLUMN."
ANSWER_HINT = "Answer with the options named here."


def is_kept(sources: Sequence[str]) -> bool:
    """Is the one source what the dashboard holds under a name?"""
    return len(sources) == 1 and sources[0].startswith(WORKSPACE_PREFIX)


@contextmanager
def workspace(options: argparse.Namespace) -> Iterator[Workspace]:
    """The workspace that the one source names, or one made of the sources for as long as the context lives."""
    if is_kept(options.sources):
        with Workspace.open(store().find(options.sources[0].removeprefix(WORKSPACE_PREFIX)).path) as ws:
            yield ws
        return
    with tempfile.TemporaryDirectory(prefix="crm-") as folder:
        target = Path(folder) / "workspace.duckdb"
        build_workspace(options, target, "command line", Path(folder))
        with Workspace.open(target) as ws:
            yield ws


def build_workspace(options: argparse.Namespace, target: Path, name: str, folder: Path) -> Receipt:
    """A workspace file at `target` from the sources; what is read on the way lies in `folder`."""
    progress = show_progress()
    with Staging(folder) as staging:
        if options.in_place:
            return databases.build_in_place(options, staging, target, name, progress, _mapping)
        return _build(options, staging, target, name, progress)


def _build(options: argparse.Namespace, staging: Staging, target: Path, name: str, progress: Progress) -> Receipt:
    from crm_core.mapping.build import build
    from crm_core.sources.files import stage

    files = [one for one in options.sources if not databases.is_database(one)]
    for file, path in _named(_files(files)).items() if files else ():
        stage(staging, path, file, ReadOptions(sheets=tuple(options.sheet)), progress)
    databases.stage_tables(staging, [one for one in options.sources if databases.is_database(one)], options, progress)
    mapping, remarks = _mapping(staging, options)
    return build(staging, mapping, target, name=name, imported_at=datetime.now(UTC), progress=progress, remarks=remarks)


def store() -> Workspaces:
    from crm_core.store.home import find_home
    from crm_core.store.workspaces import Workspaces

    return Workspaces(find_home())


def _files(sources: Sequence[str]) -> list[Path]:
    """The files that the sources name: themselves, or those of a folder in order of their names."""
    from crm_core.sources.sample import sample_files

    found: list[Path] = []
    for source in sources:
        path = Path(source)
        if path.is_dir():
            found += sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
        elif source == SAMPLE and not path.exists():
            found += sample_files()
        else:
            found.append(path)
    missing = [path for path in found if not path.is_file()]
    if missing:
        problems = [Problem("file_missing", "error", "there is no such file", table=str(path)) for path in missing]
        raise SourceError("File not found", hint="Check the path and the spelling.", problems=problems)
    if not found:
        raise SourceError("Nothing to read", "The folder holds no files.", "Name a folder or files with data.")
    return found


def _named(files: Sequence[Path]) -> dict[str, Path]:
    """The files by their names; by their whole paths where several folders hold a file of one name. A path given twice is read once."""
    names = Counter(readable(path.name) for path in dict.fromkeys(files))
    return {readable(path.name if names[readable(path.name)] == 1 else str(path)): path for path in files}


def _mapping(staging: Staging, options: argparse.Namespace) -> tuple[Mapping, tuple[Problem, ...]]:
    """The suggestion with the user's corrections, and the remarks that still hold; raises MappingError while a doubt is left."""
    from crm_core.mapping.overrides import answered, override, with_scale
    from crm_core.mapping.suggest import suggest
    from crm_core.mapping.validate import validate

    choices = ImportOptions(drop_duplicates=options.drop_duplicates, date_order=options.date_order or "", rates=dict(options.rate))
    suggestion = suggest(staging, choices)
    mapping = override(staging, suggestion.mapping, options.map)
    for text in options.scale:
        mapping = with_scale(mapping, text)
    asked = [one for one in answered(suggestion.problems, options.map) if one.severity == "question"]
    doubts = list(dict.fromkeys([*asked, *validate(staging, mapping)]))
    if doubts:
        hint = ANSWER_HINT if all(one.option for one in doubts) else MAPPING_HINT
        raise MappingError("The columns leave a doubt", hint=hint, problems=doubts)
    return mapping, suggestion.remarks(mapping)


def show_progress() -> Progress:
    """A line that moves on a terminal; silence in a pipe or a log."""
    if not sys.stderr.isatty():
        return no_progress

    def show(share: float, sentence: str) -> None:
        sys.stderr.write(f"\r\x1b[K{share:4.0%} {sentence}" if share < 1 else "\r\x1b[K")
        sys.stderr.flush()

    return show
