"""Servers for tests, as fixtures; each starts with the first test that asks for it and skips with the reason where it is not installed.

postgres, mariadb      one for all tests of a worker: make a database of your own by `create_database`
postgres_of_its_own    one that the test may stop and break
spark_cluster          one for all tests marked `spark` (they run in one worker)
proxied                makes a proxy before a server: `proxied(postgres, delay_seconds=3)`
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from tests.servers.processes import NotInstalled

if TYPE_CHECKING:
    from tests.servers.mariadb import MariaDBServer
    from tests.servers.postgres import PostgresServer
    from tests.servers.proxy import Addressed, Proxy
    from tests.servers.spark import SparkCluster

# Spark Connect's gRPC else breaks every program that is started after it in the same process; read when gRPC is imported.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

Server = TypeVar("Server")


def _made(make: Callable[[], Server]) -> Server:
    try:
        return make()
    except NotInstalled as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server that all tests of a worker share: leave it running."""
    from tests.servers.postgres import PostgresServer

    with _made(PostgresServer) as server:
        yield server


@pytest.fixture
def postgres_of_its_own() -> Iterator[PostgresServer]:
    """A PostgreSQL server that the test may stop, kill and start."""
    from tests.servers.postgres import PostgresServer

    with _made(PostgresServer) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDBServer]:
    """A MariaDB server that all tests of a worker share: leave it running, or running again."""
    from tests.servers.mariadb import MariaDBServer

    with _made(MariaDBServer) as server:
        yield server


@pytest.fixture(scope="session")
def spark_cluster() -> Iterator[SparkCluster]:
    """A Spark cluster of two workers; this process and those it starts are set up to open sessions on it."""
    from tests.servers.spark import SparkCluster

    with _made(SparkCluster) as cluster, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("SPARK_", "PYSPARK_"))]:
            patch.delenv(name)
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        yield cluster


@pytest.fixture
def proxied() -> Iterator[Callable[..., Proxy]]:
    """Makes proxies that are closed with the test: `proxied(server, delay_seconds=3, delays="every")`."""
    from tests.servers.proxy import Proxy

    with ExitStack() as stack:

        def make(server: Addressed, **options: Any) -> Proxy:
            return stack.enter_context(Proxy(server, **options))

        yield make


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who asks for the cluster is marked `spark`, and all so marked run in one worker, first: only one starts a cluster."""
    for item in items:
        if "spark_cluster" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.spark)
        if item.get_closest_marker("spark") and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group("spark"))
    items.sort(key=lambda item: item.get_closest_marker("spark") is None)


@pytest.hookimpl(optionalhook=True)  # xdist's
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `--dist loadgroup`: tests without a group stay together by file, so what a module sets up is set up once."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling

    class ByGroupOrFile(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return super()._split_scope(nodeid).split("::")[0]

    return ByGroupOrFile(config, log)
