"""The one private call into Streamlit: it frees this session's uploads and nobody else's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from ui import uploads


def test_releasing_frees_the_uploads_of_this_session_only(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = MemoryUploadedFileManager("/upload")
    for session in ("mine", "theirs"):
        manager.add_file(session, UploadedFileRec("f1", "a.csv", "text/csv", b"bytes"))
    monkeypatch.setattr(uploads, "get_instance", lambda: SimpleNamespace(uploaded_file_mgr=manager))
    monkeypatch.setattr(uploads, "get_script_run_ctx", lambda: SimpleNamespace(session_id="mine"))
    uploads.release()
    assert manager.get_files("mine", ["f1"]) == []
    assert len(manager.get_files("theirs", ["f1"])) == 1


def test_streamlit_still_has_what_the_release_calls() -> None:
    assert isinstance(Runtime.uploaded_file_mgr, property)
    assert callable(MemoryUploadedFileManager.remove_session_files)
