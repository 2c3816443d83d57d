"""Spark, as a classic session or by Spark Connect: every analysis runs on the cluster; what is kept are cached data frames behind temporary views.

A cached frame lies in the executors' memory and on their disks, never in the driver, and is worked out again where an executor is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import ibis
import ibis.backends.pyspark
import ibis.expr.types as ir
import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.storagelevel import StorageLevel

from crm_core.engines.base import HINT_WRITE, Engine, typed
from crm_core.errors import WorkspaceError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: Results travel as Arrow; one partition of a few thousand groups is as quick as two hundred.
SETTINGS = {
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.ansi.enabled": "true",
}


class Spark(Engine):
    """One session on a cluster; the session belongs to whoever made it unless `owns` it."""

    label = "Spark"

    def __init__(self, session: SparkSession, write_schema: str = "", write_folder: str = "", owns: bool = False) -> None:
        self._session = session
        self._owns = owns
        self._cached: dict[str, DataFrame] = {}
        for key, value in SETTINGS.items():
            with suppress(PySparkException):  # a serverless cluster sets its own
                session.conf.set(key, value)
        super().__init__(ibis.pyspark.connect(session), write_schema, write_folder)

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
        frame.createOrReplaceTempView(name)
        self._cached[name] = frame
        return self.known(name, expr), count

    def drop(self, name: str) -> None:
        self._session.catalog.dropTempView(name)
        self._cached.pop(name).unpersist()

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

    @contextmanager
    def in_words(self) -> Iterator[None]:
        try:
            yield
        except PySparkException as error:
            raise _in_words(error) from None  # its own text may hold a statement with customers' data

    def close(self) -> None:
        for name in list(self._cached):
            with suppress(PySparkException):
                self.drop(name)
        if self._owns:
            self._session.stop()


def _batch(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)], schema=schema
    )


def _in_words(error: PySparkException) -> WorkspaceError:
    code = error.getCondition() or ""
    if code.startswith(("TABLE_OR_VIEW_NOT_FOUND", "UNRESOLVED_COLUMN", "DELTA_TABLE_NOT_FOUND")):
        return WorkspaceError(
            "A table has changed",
            "A table or column that this data rests on is no longer there.",
            "Connect the data anew on the Data page.",
        )
    if "UNAVAILABLE" in str(error) or code.startswith("SESSION"):
        return WorkspaceError("The cluster does not answer", "The connection to Spark was lost.", "Try again when the cluster runs.")
    return WorkspaceError(
        "The cluster cannot answer",
        f"Spark says: {code or type(error).__name__}.",
        "Try again; if it stays, tell whoever runs the cluster.",
    )
