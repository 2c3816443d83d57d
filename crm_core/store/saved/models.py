"""The tables of the store. Rows stay in this room: what leaves it are frozen dataclasses.

A change here needs a new file in `migrations/versions/`; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Date, DateTime, Dialect, Double, ForeignKey, Index, LargeBinary, MetaData, String, Text, TypeDecorator, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

#: Lengths of what users type and of the ids made here.
LONGEST_NAME, LONGEST_PERSON, ID_LENGTH = 100, 320, 64
#: A name without case may be longer than the name: "ß" becomes "ss".
LONGEST_KEY = 3 * LONGEST_NAME
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
}
IS_LIVE = text("deleted_at IS NULL")


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no zone, so it is put back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs a zone")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Tables of the store."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: dict[Any, Any] = {datetime: Moment, date: Date, str: Text}  # noqa: RUF012  (SQLAlchemy's own form)


class RememberedMapping(Base):
    """One row per shape of a table: the last accepted decisions on it (JSON of a TableMapping)."""

    __tablename__ = "remembered_mappings"

    shape: Mapped[str] = mapped_column(String(64), primary_key=True)
    decisions: Mapped[str]
    saved_at: Mapped[datetime]


class AudienceRow(Base):
    """One row an audience, with the number of its present version. Names differ, whatever their case, among those of a workspace not deleted."""

    __tablename__ = "audiences"
    __table_args__ = (
        Index(
            "uq_audiences_name", "workspace_id", "name_key", unique=True, sqlite_where=IS_LIVE, postgresql_where=IS_LIVE
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    workspace_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    name_key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    owner: Mapped[str] = mapped_column(String(LONGEST_PERSON))
    version: Mapped[int]
    deleted_at: Mapped[datetime | None]
    deleted_by: Mapped[str | None] = mapped_column(String(LONGEST_PERSON))


class VersionRow(Base):
    """One row a version of an audience, from 1: what was saved then, by whom."""

    __tablename__ = "audience_versions"

    audience_id: Mapped[str] = mapped_column(ForeignKey("audiences.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    note: Mapped[str]
    condition: Mapped[str]
    terms: Mapped[str]  # JSON
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(String(LONGEST_PERSON))


class ExportRow(Base):
    """One row an export: who was taken, by which version of the audience and by which rules. Its members are in `export_parts`."""

    __tablename__ = "exports"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    audience_id: Mapped[str] = mapped_column(ForeignKey("audiences.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    condition: Mapped[str]
    exported_at: Mapped[datetime]
    exported_by: Mapped[str] = mapped_column(String(LONGEST_PERSON))
    as_of: Mapped[date]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    is_random: Mapped[bool]
    seed: Mapped[str | None]  # as text: a seed may be of any size
    control_share: Mapped[float] = mapped_column(Double)
    n_treatment: Mapped[int]
    n_control: Mapped[int]
    n_erased: Mapped[int]
    rules: Mapped[str]  # JSON, as are the next two
    left_out: Mapped[str]
    plan: Mapped[str]
    fingerprint: Mapped[str]
    columns: Mapped[str]  # JSON


class PartRow(Base):
    """A part of an export's members, as Parquet: customer_id (ascending, over all parts), group, stratum.

    Compressed parts are a tenth of what rows and their index would take. The ids at their ends tell in which part a person would be.
    """

    __tablename__ = "export_parts"

    export_id: Mapped[str] = mapped_column(ForeignKey("exports.id", ondelete="CASCADE"), primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first_id: Mapped[str]
    last_id: Mapped[str]
    members: Mapped[bytes] = mapped_column(LargeBinary)


class RulesRow(Base):
    """The one row of the company's contact rules."""

    __tablename__ = "contact_rules"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[str]  # JSON
    version: Mapped[int]
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(String(LONGEST_PERSON))
