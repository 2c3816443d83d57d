"""The sample company as a workspace, prepared once and again only where its files changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from crm_core.schema import FORMAT
from crm_core.sources.staging import Progress, Staging, no_progress
from crm_core.store.home import Home
from crm_core.store.workspaces import SAMPLE_ID, SAMPLE_NAME, Entry, Workspaces


def ensure_sample(home: Home, now: datetime, progress: Progress = no_progress) -> Entry:
    """The sample workspace of that home, built from the files that come with the program where it is missing or out of date.

    Raises the CrmErrors of an import; a failure leaves an older sample in place.
    """
    from crm_core.sources.sample import sample_files

    files = sample_files()
    source = _fingerprint(files)
    workspaces = Workspaces(home)
    if SAMPLE_ID in workspaces.damaged():
        workspaces.erase(SAMPLE_ID)
    present = workspaces.get(SAMPLE_ID)
    if present is not None and workspaces.source(SAMPLE_ID) == source:
        return present
    candidate = workspaces.candidate(SAMPLE_ID)
    _build(files, home, candidate, now, progress)
    return workspaces.accept(SAMPLE_ID, candidate, SAMPLE_NAME, "sample", source)


def _build(files: Sequence[Path], home: Home, target: Path, now: datetime, progress: Progress) -> None:
    from crm_core.mapping.build import build
    from crm_core.mapping.suggest import suggest
    from crm_core.sources.files import stage

    with Staging(home.staging) as staging:
        for file in files:
            stage(staging, file)
        found = suggest(staging)
        remarks = found.remarks(found.mapping)
        build(staging, found.mapping, target, name=SAMPLE_NAME, imported_at=now, progress=progress, remarks=remarks)


def _fingerprint(files: Sequence[Path]) -> str:
    """SHA-256 over names and contents (a few megabytes), and the format that workspaces are written in."""
    digest = hashlib.sha256(str(FORMAT).encode())
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
