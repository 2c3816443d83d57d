"""The members of an export as parts that a database keeps: Parquet, in the order of the ids, each part with the ids at its ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crm_core.errors import DataError

TREATMENT, CONTROL = "treatment", "control"
SCHEMA = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("group", pa.string(), nullable=False),
        pa.field("stratum", pa.string(), nullable=False),
    ]
)
PART_ROWS = 100_000


@dataclass(frozen=True)
class Part:
    """Some members as Parquet, and the first and last id among them."""

    first_id: str
    last_id: str
    content: bytes


def checked(members: pa.Table | pa.RecordBatchReader) -> pa.Table:
    """The members by ascending id: customer_id, group, stratum ("" where it was not given).

    Raises DataError where a column is missing, an id is empty or stands twice, or a group is neither treatment nor control.
    """
    rows = members.read_all() if isinstance(members, pa.RecordBatchReader) else members
    missing = [name for name in SCHEMA.names if name not in rows.column_names]
    if missing:
        raise _useless(f"The list of members lacks {', '.join(missing)}.")
    table = pa.table({name: rows[name].cast(pa.string()) for name in SCHEMA.names})
    table = table.set_column(2, "stratum", pc.fill_null(table["stratum"], "")).sort_by("customer_id").combine_chunks()
    if table["customer_id"].null_count:
        raise _useless("A member has no customer id.")
    ids = table["customer_id"].combine_chunks() if table.num_rows else pa.array([], pa.string())
    if len(ids) > 1 and pc.any(pc.equal(ids[1:], ids[:-1])).as_py():
        raise _useless("A customer stands in the list of members twice.")
    known = pc.is_in(table["group"], value_set=pa.array([TREATMENT, CONTROL]))
    if not pc.all(known, min_count=0).as_py():
        raise _useless("A member is neither in the treatment nor in the control group.")
    return table.cast(SCHEMA)


def parts(table: pa.Table) -> Iterator[Part]:
    """Members by ascending id in parts; none of no members."""
    for start in range(0, table.num_rows, PART_ROWS):
        yield part(table.slice(start, PART_ROWS))


def part(table: pa.Table) -> Part:
    """One part of some members."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", use_dictionary=["group", "stratum"], write_statistics=False)
    ids = table["customer_id"]
    return Part(ids[0].as_py(), ids[-1].as_py(), sink.getvalue().to_pybytes())


def joined(contents: Iterable[bytes]) -> pa.Table:
    """All parts as one table."""
    return pa.concat_tables([SCHEMA.empty_table(), *map(opened, contents)])


def opened(content: bytes) -> pa.Table:
    return pq.read_table(pa.BufferReader(content)).cast(SCHEMA)


def count(table: pa.Table, group: str) -> int:
    return int(pc.sum(pc.equal(table["group"], group), min_count=0).as_py() or 0)


def without(table: pa.Table, customer_id: str) -> pa.Table:
    return table.filter(pc.not_equal(table["customer_id"], customer_id))


def _useless(why: str) -> DataError:
    return DataError("This export cannot be kept", why, "Tell whoever runs this dashboard.")
