"""The shop of the tests of audiences, opened once, and what conditions on it can name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.fields import catalogue, measures
from crm_core.analytics.audience.language import parse
from crm_core.analytics.audience.members import members
from crm_core.workspace import Workspace
from tests.crm_core.analytics.audience.judge import Judge
from tests.crm_core.analytics.audience.shop import AS_OF, frames, opened


class Asked:
    """A workspace, asked in the language of conditions."""

    def __init__(self, ws: Workspace, basis: Basis) -> None:
        self.ws, self.basis = ws, basis

    def parse(self, text: str) -> c.Condition:
        return parse(text, catalogue(self.ws, self.basis), measures(self.ws))

    def who(self, condition: str | c.Condition) -> list[str]:
        """Ids of the members, in order."""
        told = self.parse(condition) if isinstance(condition, str) else condition
        return sorted(self.ws.execute(members(self.ws, told, self.basis))["customer_id"])


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """The random shop of shop.py, seen from AS_OF."""
    with opened(tmp_path_factory.mktemp("shop") / "shop.duckdb") as ws:
        yield Asked(ws, Basis(AS_OF))


@pytest.fixture(scope="session")
def judge() -> Judge:
    """The same shop, judged by pandas."""
    return Judge(frames(), AS_OF)
