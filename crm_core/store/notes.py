"""What users note on a data set: whom they followed up, and the time limits agreed for cases.

Kept in a SQLite file in the workspace's own folder, so that it stays when new data comes in, goes with the data when a private upload is saved under a
name, and is erased with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, CursorResult, Date, DateTime, Float, String, Text, create_engine, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool

from crm_core.analytics.satisfaction.follow_up import FollowUp
from crm_core.analytics.service.sla import Agreement, Limit
from crm_core.errors import WorkspaceError
from crm_core.mapping.erasing.person import ERASED, as_word, is_telling

FILE = "notes.sqlite"
LONGEST_NOTE = 500


class Base(DeclarativeBase):
    """Tables of the notes."""


class FollowUpRow(Base):
    """One row a mark: a customer was followed up on that day."""

    __tablename__ = "follow_ups"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(String, index=True)
    followed_on: Mapped[date] = mapped_column(Date)
    note: Mapped[str] = mapped_column(Text)
    marked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LimitRow(Base):
    """One row a time limit; empty texts mean all priorities, all classes."""

    __tablename__ = "limits"

    priority: Mapped[str] = mapped_column(String, primary_key=True)
    value_class: Mapped[str] = mapped_column(String, primary_key=True)
    hours: Mapped[float] = mapped_column(Float)


@dataclass(frozen=True)
class Marked:
    """A follow-up as it was noted."""

    id: int
    customer_id: str
    followed_on: date
    note: str


class Notes:
    """The notes of the workspace whose data file is `path`. Every method is one transaction and raises WorkspaceError where the file fails."""

    def __init__(self, path: Path) -> None:
        self._file = path.parent / FILE

    def marked(self) -> tuple[Marked, ...]:
        """All follow-ups, the latest mark first."""
        if not self._file.is_file():
            return ()
        with self._session() as session:
            rows = session.scalars(select(FollowUpRow).order_by(FollowUpRow.followed_on.desc(), FollowUpRow.id.desc()))
            return tuple(Marked(row.id, row.customer_id, row.followed_on, row.note) for row in rows)

    def followed(self) -> tuple[FollowUp, ...]:
        """The follow-ups as analyses take them, in an order that does not depend on when they were noted."""
        return tuple(
            sorted(
                {FollowUp(one.customer_id, one.followed_on) for one in self.marked()}, key=lambda one: (one.customer_id, one.followed_on)
            )
        )

    def mark(self, customer_ids: Sequence[str], followed_on: date, note: str, now: datetime) -> None:
        """Notes that these customers were followed up on that day."""
        text = " ".join(note.split())[:LONGEST_NOTE]
        with self._session() as session:
            session.add_all(FollowUpRow(customer_id=one, followed_on=followed_on, note=text, marked_at=now) for one in customer_ids)

    def unmark(self, ids: Sequence[int]) -> None:
        """Takes marks back."""
        with self._session() as session:
            session.execute(delete(FollowUpRow).where(FollowUpRow.id.in_(list(ids))))

    def count(self, customer_id: str) -> int:
        """How many marks there are of a customer, or name him by an id that can mean nothing else."""
        return sum(one.customer_id == customer_id or _names(one.note, customer_id) for one in self.marked())

    def forget(self, customer_id: str) -> int:
        """Removes all marks of a customer for good, also from the file's bytes, and his id from notes on others; gives how many it were."""
        if not self._file.is_file():
            return 0
        with self._session() as session:
            gone = delete(FollowUpRow).where(FollowUpRow.customer_id == customer_id)
            count = cast("CursorResult[Any]", session.execute(gone)).rowcount
            for row in session.scalars(select(FollowUpRow)):
                if _names(row.note, customer_id):
                    row.note = as_word(customer_id).sub(ERASED, row.note)
                    count += 1
        if count:
            self._rewrite()
        return count

    def _rewrite(self) -> None:
        """Writes the file anew, without what was deleted."""
        engine = create_engine(URL.create("sqlite", database=str(self._file)), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("VACUUM")
        except SQLAlchemyError as error:
            raise _unreachable() from error
        finally:
            engine.dispose()

    def agreement(self) -> Agreement:
        """The time limits agreed; none where nobody noted any."""
        if not self._file.is_file():
            return Agreement()
        with self._session() as session:
            rows = session.scalars(select(LimitRow).order_by(LimitRow.priority, LimitRow.value_class))
            return Agreement(tuple(Limit(row.hours, row.priority, row.value_class) for row in rows))

    def agree(self, agreement: Agreement) -> None:
        """Replaces all time limits."""
        with self._session() as session:
            session.execute(delete(LimitRow))
            session.add_all(LimitRow(priority=one.priority, value_class=one.value_class, hours=one.hours) for one in agreement.limits)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """A transaction on the file, which is made at the first use and closed at the end, so that erasing a workspace finds nothing open."""
        engine = create_engine(URL.create("sqlite", database=str(self._file)), poolclass=NullPool)
        try:
            Base.metadata.create_all(engine)
            self._file.chmod(0o600)
            with Session(engine) as session, session.begin():
                yield session
        except (SQLAlchemyError, OSError) as error:
            raise _unreachable() from error
        finally:
            engine.dispose()


def _names(note: str, customer_id: str) -> bool:
    return is_telling(customer_id) and as_word(customer_id).search(note) is not None


def _unreachable() -> WorkspaceError:
    return WorkspaceError(
        "The notes cannot be read or kept",
        "The file with follow-ups and time limits does not answer.",
        "Try again; if it stays, tell whoever runs this dashboard.",
    )
