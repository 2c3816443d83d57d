from __future__ import annotations
from crm_core.mapping.work import Work
def choices(work: Work) -> dict[str, str]:
    return {}
