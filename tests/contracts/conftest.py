"""Each company in each engine, put there once a session; what the embedded engine answers is asked once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from crm_core.workspace import Workspace
from tests.contracts import engines
from tests.contracts.answers import answer
from tests.contracts.catalogue import CONTRACTS
from tests.contracts.companies import MAKERS, Company
from tests.contracts.look import Look, look

#: Hundreds of small questions, each asked once: to generate and compile code for each takes longer than all the rest. The tests of Spark Connect run
#: with the settings that Spark has by itself.
INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Company]:
    """A company by name, made when first asked for."""
    found: dict[str, Company] = {}

    def find(name: str) -> Company:
        if name not in found:
            found[name] = MAKERS[name](tmp_path_factory.mktemp(name))
        return found[name]

    return find


@pytest.fixture(scope="session")
def embedded(company: Callable[[str], Company]) -> Iterator[Callable[[str], Look]]:
    """A company in the embedded engine."""
    with ExitStack() as stack:
        found: dict[str, Look] = {}

        def find(name: str) -> Look:
            if name not in found:
                ws = stack.enter_context(Workspace.open(company(name).path))
                found[name] = look(name, ws)
            return found[name]

        yield find


@pytest.fixture(scope="session")
def expected(embedded: Callable[[str], Look]) -> Callable[[str, str, str], Any]:
    """What the embedded engine answers to a question of a contract about a company."""
    known: dict[tuple[str, str, str], Any] = {}

    def find(name: str, contract: str, question: str) -> Any:
        if (name, contract, question) not in known:
            it = embedded(name)
            known[name, contract, question] = answer(it.ws, lambda: CONTRACTS[contract].questions[question](it))
        return known[name, contract, question]

    return find


@pytest.fixture(scope="session")
def in_postgres(company: Callable[[str], Company], postgres: Any) -> Iterator[Callable[[str], Look]]:
    """A company in PostgreSQL."""
    with ExitStack() as stack:
        found: dict[str, Look] = {}

        def find(name: str) -> Look:
            if name not in found:
                one = company(name)
                found[name] = look(name, stack.enter_context(engines.on_postgres(one, engines.into_postgres(one, postgres))))
            return found[name]

        yield find


@pytest.fixture(scope="session")
def in_spark(company: Callable[[str], Company], spark_cluster: Any) -> Iterator[Callable[[str, str], Look]]:
    """A company in a classic session ("spark") or one of Spark Connect ("connect"), of which there is one each."""
    with ExitStack() as stack:
        found: dict[tuple[str, str], Look] = {}
        sessions: dict[str, Any] = {}

        def session(kind: str) -> Any:
            if kind not in sessions:
                made = spark_cluster.classic_session(INTERPRETED) if kind == "spark" else spark_cluster.connect_session()
                sessions[kind] = stack.enter_context(made)
            return sessions[kind]

        def find(kind: str, name: str) -> Look:
            if (kind, name) not in found:
                ws = engines.on_spark(company(name), session(kind), spark_cluster.folder)
                found[kind, name] = look(name, stack.enter_context(ws))
            return found[kind, name]

        yield find


@pytest.fixture(scope="session")
def elsewhere(request: pytest.FixtureRequest) -> Callable[[str, str], Look]:
    """A company in another engine, by the engine's name and the company's. A server starts with the first test that needs it."""

    def find(engine: str, name: str) -> Look:
        if engine == "postgres":
            return request.getfixturevalue("in_postgres")(name)
        return request.getfixturevalue("in_spark")(engine, name)

    return find
