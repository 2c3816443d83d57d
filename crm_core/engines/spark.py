"""Spark, as a classic session or by Spark Connect: every analysis runs on the cluster; what is kept are cached data frames behind temporary views.

A cached frame lies in the executors' memory and on their disks, never in the driver, and is worked out again where an executor is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import ibis
import ibis.backends.pyspark
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.pyspark.datatypes import PySparkSchema
from ibis.expr.operations import InMemoryTable
from py4j.protocol import Py4JError, Py4JJavaError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.storagelevel import StorageLevel

from crm_core.engines.base import HINT_CHANGED, HINT_WRITE, Engine, T, typed
from crm_core.engines.spark_sql import Compiler
from crm_core.errors import WorkspaceError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: Results travel as Arrow; one partition of a few thousand groups is as quick as two hundred.
SETTINGS = {
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.ansi.enabled": "true",
}

#: How long Spark Connect tries again where its server does not answer, in milliseconds: some ten seconds together. By itself it tries for ten minutes.
PATIENCE = {"initial_backoff": 50, "backoff_multiplier": 4.0, "max_backoff": 5_000, "max_retries": 5}

#: What is in the words of an error when the session is gone.
LOST = ("UNAVAILABLE", "stopped SparkContext", "SparkContext was shut down", "session is closed", "SESSION_CLOSED", "SESSION_NOT_FOUND")


class _Backend(ibis.backends.pyspark.Backend):
    """Ibis's own, with answers equal to the embedded engine's, and frames that go in as Arrow: by way of pandas, whole numbers beside missing ones
    lose digits, and what is missing becomes NaN.
    """

    compiler = Compiler()

    def _register_in_memory_table(self, op: InMemoryTable) -> None:
        rows = op.data.to_pyarrow(op.schema)
        self._session.createDataFrame(rows, schema=PySparkSchema.from_ibis(op.schema)).createOrReplaceTempView(op.name)


class Spark(Engine):
    """One session on a cluster; the session belongs to whoever made it unless `owns` it. `again` makes another one where this one is lost."""

    label = "Spark"

    def __init__(
        self,
        session: SparkSession,
        write_schema: str = "",
        write_folder: str = "",
        owns: bool = False,
        again: Callable[[], SparkSession] | None = None,
    ) -> None:
        self._owns, self._again = owns, again
        self._cached: dict[str, DataFrame] = {}
        self._views: dict[str, ir.Table] = {}
        self._mark = token_hex(4)  # names of views are the session's, which others may use as well
        assert ibis.pyspark  # noqa: S101  (its name alone has Ibis read the options of its backend)
        super().__init__(_Backend(), write_schema, write_folder)
        try:
            self._use(session)
        except Exception:  # where nothing answers: a line that stays open would have the next one wait for its turn
            self._end()
            raise

    def _use(self, session: SparkSession) -> None:
        self._session = session
        self._close_once()
        self._wait(**PATIENCE)
        for key, value in SETTINGS.items():
            try:
                session.conf.set(key, value)
            except PySparkException as error:  # a serverless cluster sets its own
                if _is_lost(error):
                    raise
        self.backend.do_connect(session)

    @property
    def _client(self) -> Any:
        """The line to a Spark Connect server; a classic session has none."""
        session: Any = self._session
        return session.client if type(session).__module__.startswith("pyspark.sql.connect.") else None

    def _wait(self, **patience: Any) -> None:
        """How long a line that is interrupted is tried again."""
        if self._client is not None:
            from pyspark.sql.connect.client.retries import DefaultPolicy

            self._client.set_retry_policies([DefaultPolicy(**patience)])

    def _close_once(self) -> None:
        """A session that is collected closes its line once more and waits for the threads that all lines share: for ever, if it is one of them that
        collects it.
        """
        client = self._client
        if client is not None:
            close = client.close
            client.close = lambda: None if client.is_closed else close()

    def arrow(self, table: ir.Table) -> pa.Table:
        return self._rows(table).toArrow().cast(table.schema().to_pyarrow())

    def batches(self, expr: ir.Table, rows: int) -> Iterator[pa.RecordBatch]:
        """Partition by partition, so that the driver never holds more than one."""
        schema, found = expr.schema().to_pyarrow(), []
        for row in self._rows(expr).toLocalIterator(prefetchPartitions=True):
            found.append(tuple(row))
            if len(found) == rows:
                yield _batch(found, schema)
                found = []
        if found:
            yield _batch(found, schema)

    def keep(self, name: str, expr: ir.Table) -> tuple[ir.Table, int]:
        frame = self._rows(expr).persist(StorageLevel.MEMORY_AND_DISK)
        count = frame.count()
        frame.createOrReplaceTempView(self._own(name))
        self._cached[name] = frame
        return self.known(self._own(name), expr), count

    def view(self, name: str, expr: ir.Table) -> ir.Table:
        self._rows(expr).createOrReplaceTempView(self._own(name))
        self._views[name] = expr
        return self.known(self._own(name), expr)

    def drop(self, name: str) -> None:
        if name in self._cached:  # else it went with a session that is gone
            self._session.catalog.dropTempView(self._own(name))
            self._cached.pop(name).unpersist()

    def _own(self, name: str) -> str:
        return f"{name}_{self._mark}"

    def write_table(self, name: str, expr: ir.Table) -> str:
        if not self.write_schema:
            return super().write_table(name, expr)
        self._rows(expr).write.mode("overwrite").saveAsTable(f"{self.write_schema}.{name}")
        return f"{self.write_schema}.{name}"

    def write_parquet(self, name: str, expr: ir.Table) -> str:
        if not self.write_folder:
            raise WorkspaceError("No place for Parquet", f"This connection to {self.label} may write none.", HINT_WRITE)
        place = f"{self.write_folder.rstrip('/')}/{name}"
        self._rows(expr).write.mode("overwrite").parquet(place)
        return place

    def _rows(self, expr: ir.Table) -> DataFrame:
        self.backend._run_pre_execute_hooks(expr)
        return self._session.sql(typed(expr, self.backend.compiler.to_sqlglot(expr), "databricks").sql(self.backend.dialect, copy=False))

    def stoppable(self, work: Callable[[], T]) -> T:
        """The jobs bear our mark, since others may use the same session."""
        session, context = self._session, self._context
        (session.addTag if context is None else context.addJobTag)(self._mark)
        if context is not None:
            context.setInterruptOnCancel(True)
        try:
            return work()
        finally:
            (session.removeTag if context is None else context.removeJobTag)(self._mark)

    def interrupt(self) -> None:
        with suppress(PySparkException, Py4JError, OSError, *grpc_errors()):
            (self._session.interruptTag if self._context is None else self._context.cancelJobsWithTag)(self._mark)

    @property
    def _context(self) -> Any:
        """The driver of a classic session, whose tags hold for all threads: those of the session itself are known to the one that set them alone."""
        return None if self._client is not None else self._session.sparkContext

    @contextmanager
    def in_words(self) -> Iterator[None]:
        try:
            yield
        except (PySparkException, Py4JError, OSError, *grpc_errors()) as error:
            self.is_broken = _is_lost(error)
            raise _in_words(error, self.is_broken) from None  # its own text may hold a statement with customers' data

    def reconnect(self) -> None:
        """Another session for the same backend, which expressions name as their own. Raises WorkspaceError where there is none to be had."""
        if self._again is None:
            raise _in_words(None, is_lost=True)
        with suppress(Exception):  # of what is lost already
            self._wait(max_retries=0)
            self._session.stop()
        with self.in_words():
            self._cached.clear()
            self._use(self._again())
            self.backend._memtables.clear()
            for name, expr in self._views.items():
                self.view(name, expr)
        self.is_broken = False

    def close(self) -> None:
        if self.is_broken:
            self._wait(max_retries=0)
        with suppress(PySparkException, Py4JError, OSError, *grpc_errors()):
            for name in list(self._cached):
                self.drop(name)
            for name in self._views:
                self._session.catalog.dropTempView(self._own(name))
        self._end()

    def _end(self) -> None:
        """Ends the session where it is ours, and does not wait for an answer."""
        if self._owns:
            self._wait(max_retries=0)
            self._session.stop()


def _batch(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)], schema=schema
    )


def grpc_errors() -> tuple[type[Exception], ...]:
    """What Spark Connect raises of its line, where it is installed."""
    try:
        from grpc import RpcError  # type: ignore[import-untyped]
    except ImportError:
        return ()
    return (RpcError,)


def _is_lost(error: Exception) -> bool:
    """Is the session gone, and not only an answer?"""
    if isinstance(error, PySparkException):
        code = error.getCondition() or ""
        return code.startswith(("INVALID_HANDLE", "RETRIES_EXCEEDED", "SESSION", "NO_ACTIVE_SESSION")) or any(
            word in str(error) for word in LOST
        )
    return not isinstance(error, Py4JJavaError) or any(word in str(error) for word in LOST)


def _in_words(error: Exception | None, is_lost: bool) -> WorkspaceError:
    if is_lost:
        return WorkspaceError("The cluster does not answer", "The connection to Spark was lost.", "Try again when the cluster runs.")
    code = (error.getCondition() or "") if isinstance(error, PySparkException) else ""
    if code.startswith(("TABLE_OR_VIEW_NOT_FOUND", "UNRESOLVED_COLUMN", "DELTA_TABLE_NOT_FOUND")):
        return WorkspaceError("A table has changed", "A table or column that this data rests on is no longer there.", HINT_CHANGED)
    return WorkspaceError(
        "The cluster cannot answer",
        f"Spark says: {code or type(error).__name__}.",
        "Try again; if it stays, tell whoever runs the cluster.",
    )
