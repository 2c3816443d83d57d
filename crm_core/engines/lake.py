"""DuckDB over a folder of Parquet, on disk or in an object store: each file, and each folder of files, is a table.

Only that folder (and the one for results) can be read; nothing of it is copied but what an analysis keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir

from crm_core.engines.base import HINT_CHANGED, HINT_WRITE
from crm_core.engines.duck import Duck
from crm_core.errors import WorkspaceError

MEMORY_LIMIT = "2GB"
#: Kept tables of large companies lie on disk: to work out two of 40 million rows again and again, each in the other's place, takes far longer.
KEPT_ROWS = 300_000_000
REMOTE = ("s3://", "gs://", "gcs://", "r2://", "az://", "azure://", "abfss://")


class Lake(Duck):
    """DuckDB over `folder`: an absolute path, or the URL of a place in an object store, whose keys come from the environment."""

    label = "DuckDB over Parquet"
    most_rows = KEPT_ROWS

    def __init__(self, folder: str, write_folder: str = "", memory_limit: str = MEMORY_LIMIT) -> None:
        self.folder = folder.rstrip("/")
        super().__init__(lambda raw, scratch: _connect(raw, (self.folder, write_folder), scratch, memory_limit), write_folder)
        for name in self.tables():
            self._see(name)

    def tables(self) -> list[str]:
        """Names of the files (without .parquet) and folders of files there are. Raises WorkspaceError where the folder cannot be read."""
        with self.in_words():
            rows = self.raw.execute(
                "SELECT file FROM glob([?, ?])", [f"{self.folder}/*.parquet", f"{self.folder}/*/**/*.parquet"]
            ).fetchall()
        inside = (str(row[0]).removeprefix(f"{self.folder}/") for row in rows)
        return sorted({place.split("/")[0].removesuffix(".parquet") for place in inside})

    def _see(self, name: str) -> None:
        """A view of a file or a folder of files; folders named key=value become columns."""
        files = [f"{self.folder}/{name}.parquet", f"{self.folder}/{name}/**/*.parquet"]
        found = [one for one in files if self.raw.execute("SELECT count(*) FROM glob(?)", [one]).fetchone() != (0,)]
        self.backend.create_view(name, self.backend.read_parquet(found, binary_as_string=True, union_by_name=True))

    def source(self, name: str, schema: str = "") -> ir.Table:  # noqa: ARG002  (a folder has none)
        return super().source(name)

    @contextmanager
    def in_words(self) -> Iterator[None]:
        try:
            with super().in_words():
                yield
        except duckdb.BinderException as error:
            if "view were altered" not in str(error):
                raise
            raise WorkspaceError("A table has changed", "The files have other columns than before, or are gone.", HINT_CHANGED) from error

    def damaged(self) -> WorkspaceError:
        return WorkspaceError("A table has changed", "A file of it is gone or damaged.", HINT_CHANGED)

    def write_parquet(self, name: str, expr: ir.Table) -> str:
        if not self.write_folder:
            raise WorkspaceError("No place for Parquet", f"This connection to {self.label} may write none.", HINT_WRITE)
        place = f"{self.write_folder.rstrip('/')}/{name}.parquet"
        unfinished = place if place.startswith(REMOTE) else f"{place}.unfinished"
        self.backend.to_parquet(expr, unfinished)
        if unfinished != place:
            Path(unfinished).replace(place)  # whoever reads sees the former file or the whole new one
        return place


def _connect(raw: duckdb.DuckDBPyConnection, places: tuple[str, ...], scratch: Path, memory_limit: str) -> Any:
    """The Ibis backend, which may read and write below those places only."""
    backend = ibis.duckdb.from_connection(raw)
    if any(place.startswith(REMOTE) for place in places):
        raw.execute("INSTALL httpfs; LOAD httpfs")
        raw.execute("CREATE SECRET (TYPE s3, PROVIDER credential_chain)")
    raw.execute("SET temp_directory = ?", [str(scratch)])
    raw.execute("SET memory_limit = ?", [memory_limit])
    raw.execute("SET preserve_insertion_order = false")
    raw.execute("SET python_enable_replacements = false")
    allowed = ", ".join("'" + f"{place.rstrip('/')}/".replace("'", "''") + "'" for place in (*places, str(scratch)) if place)
    raw.execute(f"SET allowed_directories = [{allowed}]")
    raw.execute("SET enable_external_access = false")
    raw.execute("SET lock_configuration = true")
    return backend
