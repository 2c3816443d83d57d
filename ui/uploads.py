"""Letting go of uploaded files: Streamlit keeps their bytes in memory as long as the session lives.

There is no public way to release them; the one private call needed stands here alone, with a test.
"""

from __future__ import annotations

from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx


def release() -> None:
    """Frees the memory of all uploads of this session; their widget needs a new key afterwards."""
    context = get_script_run_ctx()
    if context is not None:
        get_instance().uploaded_file_mgr.remove_session_files(context.session_id)
