"""One import on its way in one session: files and tables read, mapping, checked data; nothing of it touches the data in use before `accept`.

No Streamlit here: the widgets are in load.py, database_form.py, reading_form.py and mapping_form.py. What is staged lies in a folder of its own that
goes with `close`, or with the session at the latest.

Tables of a database are read, or left where they are (`is_in_place`): then only their first rows are staged, to decide by, and the check asks the
engine about all of them.
"""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, BinaryIO

from crm_core.errors import CrmError, MappingError, Problem, SourceError
from crm_core.mapping.model import DateFormat, Grain, ImportOptions, Mapping, TableMapping, fields_for
from crm_core.sources.staging import Progress, ReadOptions, Staging, no_progress, partly
from crm_core.store.workspaces import Entry, Workspaces

if TYPE_CHECKING:
    from crm_core.mapping.receipt import Receipt
    from crm_core.mapping.suggest import Reason, Suggestion
    from crm_core.sources.databases.connections import Connections
    from crm_core.sources.databases.selection import Origin, Selection
    from crm_core.store.mappings import RememberedMappings
    from ui.look import Look

BLOCK = 1 << 20  # bytes copied at once
MOST_WORDS = 60  # a column with more different values is no column of status words or currencies
#: Ends the name of a table that is being read, so that it stands beside a former one of its name until all are read.
UNFINISHED = "\u2060"
#: Types of columns that tell which rows are newer.
RISING = ("date", "timestamp", "number")
MIXED = "Data that stays where it lies cannot be mixed with files, with tables that are read, or with another database"


@dataclass(frozen=True)
class Checked:
    """Data built and waiting: its file, its receipt, and the mapping it was made by."""

    path: Path
    receipt: Receipt
    mapping: Mapping


class Wizard:
    """Files staged so far (`staging.tables`), the decisions on them (`mapping`), and the checked data if there is any.

    `generation` grows whenever the decisions were made anew by the program, so that widgets start from them again.
    """

    def __init__(self, store: Workspaces, target: str, remembered: RememberedMappings | None = None) -> None:
        self.lock = RLock()  # held by the run of the page that works with it
        self.store = store
        self.target = target
        self.staging = Staging(store.home.staging)
        self.files: dict[str, Path] = {}
        self.read_options: dict[str, ReadOptions] = {}
        self.tables: dict[str, str] = {}  # tables and queries of databases -> title of their connection
        self.place: Look | None = None  # where the rows stay, if they do
        self.readings = 0  # from databases so far: what was ticked is forgotten after each
        self.mapping = Mapping(())
        self.suggestion: Suggestion | None = None
        self.checked: Checked | None = None
        self.generation = 0
        self.uploads = 0  # received so far: their widget starts empty after each
        self.waiting: list[tuple[str, Path]] = []  # received and not yet read: name and our copy
        self.errors: list[CrmError] = []  # of the last step, to be shown above the steps
        self.replaced: list[str] = []  # files of the last step that took the place of one of the same name
        self.currencies: frozenset[str] = frozenset()  # that the last check wanted rates for
        self.is_closed = False
        self.recalled: frozenset[str] = frozenset()
        self._decided_here: set[str] = set()
        self._scales: dict[tuple[object, ...], str] = {}
        self._remembered = remembered
        self._looks: dict[str, Look] = {}
        self._finalizer = weakref.finalize(self, self.staging.close)

    @property
    def is_empty(self) -> bool:
        return not self.staging.tables

    @property
    def is_in_place(self) -> bool:
        return self.place is not None

    def receive(self, stream: BinaryIO) -> Path:
        """Copies an upload in blocks to a file named by us; what kind it is shows in its content."""
        self.uploads += 1
        path = self.staging.folder / f"upload{self.uploads}"
        with path.open("wb") as target:
            shutil.copyfileobj(stream, target, BLOCK)
        return path

    def add(self, name: str, path: Path, options: ReadOptions = ReadOptions(), progress: Progress = no_progress) -> None:
        """Reads a file (again, with other options). Raises SourceError; what was read before stays."""
        from crm_core.sources.files import stage

        if self.is_in_place:
            raise SourceError("This does not go together", f"{MIXED}.", "Start over to load files instead.")
        stage(self.staging, path, name, options, progress)
        self.files[name], self.read_options[name] = path, options

    def take(self, name: str, path: Path, progress: Progress = no_progress) -> None:
        """Reads a file that comes in; where it takes the place of one of the same name, `replaced` has it. Raises SourceError."""
        is_known = name in self.files
        self.add(name, path, progress=progress)
        if is_known:
            self.replaced.append(name)

    def remove(self, name: str) -> None:
        """Leaves a file or a table out again."""
        self.staging.replace(name, [])
        for kept in (self.staging.fingerprints, self.staging.origins, self.files, self.tables):
            kept.pop(name, None)
        if not self.tables:
            self.place = None

    def look(self, known: Connections, name: str) -> Look:
        """The connection of that name as this session looks at it; a new look where its configuration has changed."""
        from ui.look import Look

        found = self._looks.get(name)
        if found is None or found.known != known:
            found = self._looks[name] = Look(known, known.find(name))
        return found

    def take_tables(self, look: Look, chosen: Sequence[tuple[str, Selection]], progress: Progress = no_progress) -> None:
        """Reads tables and queries (title, selection) into the dashboard. What one of them fails of is added to `errors`, the others come in.

        Raises SourceError where the database cannot be reached. A `progress` that raises stops the reading, and all is as it was.
        """
        from crm_core.sources.databases.stage import stage

        if self.is_in_place:
            raise SourceError("This does not go together", f"{MIXED}.", "Start over to read these tables.")
        with look.session() as session:
            self._take(look, chosen, progress, lambda title, selection, step: stage(self.staging, session, selection, title, step))

    def leave_tables(self, look: Look, chosen: Sequence[tuple[str, Selection]], progress: Progress = no_progress) -> None:
        """The same with rows that stay where they are: the first ones of each table are looked at. Raises SourceError where that cannot be."""
        from crm_core.in_place import stage_samples

        if why := self.why_not_in_place(look):
            raise SourceError("This does not go together", f"{why}.", "Start over to leave these tables where they are.")
        engine = look.engine()

        def sample(title: str, selection: Selection, step: Progress) -> object:
            with look.words():
                return stage_samples(self.staging, engine, [selection], look.access, step, [title])

        self._take(look, chosen, progress, sample)
        self.place = look if self.tables else None

    def why_not_in_place(self, look: Look) -> str:
        """Why tables of that connection cannot stay where they are in this import, in words; "" where they can."""
        has_others = bool(self.files) or bool(self.tables and not self.is_in_place)
        is_elsewhere = self.place is not None and self.place.connection.name != look.connection.name
        return MIXED if has_others or is_elsewhere else ""

    def _take(
        self,
        look: Look,
        chosen: Sequence[tuple[str, Selection]],
        progress: Progress,
        read: Callable[[str, Selection, Progress], object],
    ) -> None:
        """Reads under names of passage, so that a reading that is given up leaves all as it was."""
        came: list[str] = []
        try:
            for place, (name, selection) in enumerate(chosen):
                title = self._title(name, selection, came)
                try:
                    read(title + UNFINISHED, selection, partly(progress, place / len(chosen), (place + 1) / len(chosen)))
                except CrmError as error:
                    self.errors.append(error)
                else:
                    came.append(title)
        except BaseException:
            for title in came:
                self.remove(title + UNFINISHED)
            raise
        for title in came:
            self._finish(title)
            self.tables[title] = look.title
        self.readings += 1

    def _finish(self, title: str) -> None:
        """The table that was read takes its own name, and the place of a former one."""
        table = self.staging.staged(title + UNFINISHED)
        self.staging.tables.remove(table)
        self.staging.replace(title, [replace(table, name=title, file=title)])
        fingerprints, origins = self.staging.fingerprints, self.staging.origins
        origins[title] = origins.pop(title + UNFINISHED)
        if title + UNFINISHED in fingerprints:
            fingerprints[title] = fingerprints.pop(title + UNFINISHED)

    def _title(self, name: str, selection: Selection, taken: Sequence[str]) -> str:
        """The name, numbered where something else has it; the same table read again keeps its own."""

        def is_free(title: str) -> bool:
            origin = self.staging.origins.get(title)
            is_same = origin is not None and _what(origin.selection) == _what(selection)
            return title not in taken and (is_same or (title not in self.files and title not in self.tables))

        title, number = name, 2
        while not is_free(title):
            title, number = f"{name} ({number})", number + 1
        return title

    def origin(self, source: str) -> Origin | None:
        """From where a staged table came, if from a database."""
        return self.staging.origins.get(source)

    def rising_columns(self, source: str) -> dict[str, bool]:
        """Columns by which newer rows can be told, each with whether it holds days, before which late ones may be read again."""
        return {one.name: one.type != "number" for one in self.staging.staged(source).columns if one.type in RISING}

    def set_newer(self, source: str, column: str, overlap_days: int) -> None:
        """The next refresh reads all rows of that table ("" for the column), or those newer than the last in that column."""
        origin = self.staging.origins[source]
        days = max(0, overlap_days) if self.rising_columns(source).get(column) else 0
        if (origin.column, origin.overlap_days) != (column, days):
            self.staging.origins[source] = replace(origin, column=column, overlap_days=days)
            self.discard()

    def suggest(self) -> None:
        """Decides on all tables anew; what the user decided here, or on tables of the same shape before, stays."""
        from crm_core.mapping.suggest import suggest

        own = [table for table in self.mapping.tables if table.source in self._decided_here]
        recalled = [table for table in self._recall() if table.source not in self._decided_here]
        self.suggestion = suggest(self.staging, self.mapping.options, Mapping((*own, *recalled)))
        self.mapping = self.suggestion.mapping
        self.recalled = frozenset(table.source for table in recalled)
        self.discard()
        self.generation += 1

    def _recall(self) -> tuple[TableMapping, ...]:
        if self._remembered is None:
            return ()
        try:
            found = self._remembered.recall(self.staging)
        except CrmError:
            return ()  # the import works without; where mappings are written, the failure is reported
        return found.tables if found else ()

    def reason(self, source: str, field: str) -> Reason | None:
        """Why the program took a column for a field; None where it took none."""
        return self.suggestion.reasons.get(source, {}).get(field) if self.suggestion else None

    def set_field(self, source: str, field: str, column: str | None) -> None:
        """Feeds the field by the column, or by nothing."""
        self._set(self.mapping.table(source).with_field(field, column))

    def set_attributes(self, source: str, columns: tuple[str, ...]) -> None:
        table = self.mapping.table(source)
        self._set(replace(table, attributes=tuple(column for column in columns if column not in table.fields.values())))

    def set_grain(self, source: str, grain: Grain) -> None:
        """Another meaning of the rows: fields that it has keep their columns, others are dropped."""
        table = self.mapping.table(source)
        fields = {name: column for name, column in table.fields.items() if name in fields_for(grain)}
        self._set(replace(table, grain=grain, fields=fields, attributes=() if grain == "ignore" else table.attributes))
        self.generation += 1

    def set_date(self, source: str, column: str, fmt: DateFormat) -> None:
        table = self.mapping.table(source)
        self._set(replace(table, dates={**table.dates, column: fmt}))

    def set_scale(self, source: str, scale: str) -> None:
        """Declares measure and scale of the scores ("ces 7-1"); "" leaves them to their names and values."""
        self._set(replace(self.mapping.table(source), scale=scale))

    def recognised_scale(self, source: str) -> str:
        """Measure and scale of the scores as names and values tell them, in words; looked up once for the same columns."""
        from crm_core.mapping.carrying_out.scores import recognised

        table = self.mapping.table(source)
        key = (self.staging.staged(source).ref, table.grain, tuple(sorted(table.fields.items())))
        if key not in self._scales:
            self._scales[key] = recognised(self.staging, table)
        return self._scales[key]

    def set_options(self, options: ImportOptions) -> None:
        if options != self.mapping.options:
            self.mapping = replace(self.mapping, options=options)
            self.discard()

    def _set(self, table: TableMapping) -> None:
        """Puts the table's decisions in place, with formats for columns that came new."""
        from crm_core.mapping.meaning.formats import with_formats

        (table,) = with_formats(self.staging, [table], self.mapping.options).tables
        self._decided_here.add(table.source)
        self.mapping = self.mapping.with_table(table)
        self.discard()

    def discard(self) -> None:
        """Drops the checked data, if any: it belongs to the decisions that it was made by."""
        if self.checked is not None:
            self.store.discard(self.checked.path)
            self.checked = None

    def words(self, field: str) -> list[str]:
        """The different values of the columns that feed a field of few words (status, currency), at most MOST_WORDS."""
        found: set[str] = set()
        for table in self.mapping.tables:
            if table.grain in ("orders", "order_lines") and field in table.fields:
                column = self.staging.table(table.source)[self.staging.staged(table.source).column(table.fields[field]).ref]
                words = self.staging.con.execute(column.cast("string").name("word").as_table().distinct().limit(MOST_WORDS))
                found.update(word.strip() for word in words["word"] if isinstance(word, str) and word.strip())
        return sorted(found, key=str.casefold)[:MOST_WORDS]

    def problem_list(self) -> list[Problem]:
        """All that keeps these decisions from being carried out, and open questions."""
        from crm_core.mapping.validate import validate

        return validate(self.staging, self.mapping)

    def doubts(self) -> list[Problem]:
        """Questions of the suggestion that are neither answered nor asked again by `problem_list`."""
        asked = {problem.code for problem in self.problem_list()}
        problems = self.suggestion.problems if self.suggestion else ()
        return [one for one in problems if one.severity == "question" and one.code not in asked and not self._is_answered(one)]

    def _is_answered(self, question: Problem) -> bool:
        """Dates are asked about as long as their order is open; which column feeds a field, until another one does."""
        field, table = question.code.removeprefix("which_"), question.table
        return field == question.code or (table in self._decided_here and self.mapping.table(table).fields.get(field) != question.column)

    def check(self, name: str, now: datetime, progress: Progress = no_progress) -> Checked:
        """Builds the data beside that in use. Raises MappingError with all problems, DataError, or what else stops an import."""
        stopping = [problem for problem in self.problem_list() if problem.severity in ("error", "question")]
        if stopping:
            hint = "Correct what the columns mean, then check again."
            raise MappingError("The data cannot be built yet", "These points need a decision first.", hint, stopping)
        self.discard()
        path = self.store.candidate(self.target)
        try:
            receipt = self._build(path, name, now, progress)
        except CrmError as error:
            self.currencies |= {problem.example for problem in error.problems if problem.code == "currency_without_rate"}
            raise
        self.checked = Checked(path, receipt, self.mapping)
        return self.checked

    def _build(self, path: Path, name: str, now: datetime, progress: Progress) -> Receipt:
        """The data file, of the rows that were read or over those that stay where they are."""
        if self.place is not None:
            from crm_core.in_place import prepare

            with self.place.words():
                engine = self.place.engine()
                return prepare(self.staging, self.mapping, engine, path, name=name, now=now, access=self.place.access, progress=progress)
        from crm_core.mapping.build import build

        remarks = self.suggestion.remarks(self.mapping) if self.suggestion else ()
        return build(self.staging, self.mapping, path, name=name, imported_at=now, progress=progress, remarks=remarks)

    def aim(self, target: str) -> None:
        """Another workspace is to take the data; what was checked lies in the former one's folder and goes."""
        if target != self.target:
            self.discard()
            self.target = target

    def accept(self, now: datetime) -> tuple[Entry, CrmError | None]:
        """Makes the checked data the workspace's and ends the import. Gives the entry, and why the mapping could not be remembered, if so."""
        if self.checked is None:
            raise MappingError("Nothing to accept", "The data has not been checked yet.", "Press “Check” first.")
        entry, failure = self.store.accept(self.target, self.checked.path), None
        try:
            if self._remembered is not None:
                self._remembered.remember(self.staging, self.checked.mapping, now)
        except CrmError as error:
            failure = error
        self.checked = None
        self.close()
        return entry, failure

    def close(self) -> None:
        """Ends the import: staged copies and unaccepted data are removed."""
        self.discard()
        self.is_closed = True
        for look in self._looks.values():
            look.close()
        self._finalizer()


def _what(selection: Selection) -> tuple[str, str, str | None, str]:
    """What a selection reads, whatever it is joined with."""
    return selection.connection, selection.table, selection.schema, selection.query
