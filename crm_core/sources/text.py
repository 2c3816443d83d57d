"""Text files with rows: CSV, TSV, columns set apart by anything or by blanks, in any usual encoding.

Every line becomes a row of text cells, or stands in "bad_lines" with the reason. Rows keep the order of the file. Lines with too many
cells, with a broken quotation or over two megabytes are bad lines. A line with too few cells is a bad line as well (as a rule it was broken
in two by a line break in a text), unless such lines are more than 5 % of the file: then the export leaves out empty cells at the
end of its lines, and they are filled up.
"""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import duckdb
import pandas as pd

from crm_core.errors import SourceError
from crm_core.sources import dialect, encoding, layout, lines
from crm_core.sources.dialect import Dialect
from crm_core.sources.encoding import Scan
from crm_core.sources.layout import Layout
from crm_core.sources.staging import Progress, ReadOptions, SourceColumn, StagedTable, Staging, Task, partly

SAMPLE_BYTES = 128_000
LONGEST_LINE = 2_000_000
LINE_TOO_LONG = f"the line is too long: more than {LONGEST_LINE:,} characters"
MOST_COLUMNS = 4_000
#: With more lines than this share cut short, short lines are how the file is written and no damage.
SHORT_LINES_ARE_MEANT = 0.05
LONGEST_BAD_TEXT = 2_000
#: More bad lines are no blemish of a table but a table read wrongly (and DuckDB 1.5 loses count of them from two million on).
MOST_BAD_LINES = 500_000


@dataclass(frozen=True)
class Reading:
    """Everything decided about a file before its rows are read."""

    path: Path  # UTF-8
    dialect: Dialect
    layout: Layout
    fill_short_lines: bool = False


def read(task: Task, found: Scan) -> list[StagedTable]:
    """The text file, which `found` tells about, as one staged table. Raises SourceError where it is no table or has no rows."""
    staging, path, title, options, progress = task.staging, task.path, task.title, task.options, task.progress
    codec = encoding.codec(options.encoding) if options.encoding else encoding.detect(found, title)
    if encoding.needs_copy(codec, found):
        path = _as_utf8(staging, path, codec, partly(progress, 0.0, 0.3))
        progress = partly(progress, 0.3, 1.0)
    reading = _decide(path, title, options)
    if reading.dialect.delimiter == dialect.SPACES:
        reading = _with_tabs(staging, reading)
    try:
        ref, reading = _load(staging, reading, title, progress)
    except duckdb.Error as error:
        raise _no_table(title, reading, "the reader stopped in the middle") from error
    words = {"Encoding": encoding.describe(codec, found)}
    return [_described(task, ref, reading, words, encoding.LABELS.get(codec, codec))]


def _as_utf8(staging: Staging, path: Path, codec: str, progress: Progress) -> Path:
    copy = staging.new_file()
    encoding.lines_as_utf8(path, copy, codec, progress)
    return copy


def _decide(path: Path, title: str, options: ReadOptions) -> Reading:
    """Delimiter, header and names, from the beginning of the file and the user's choices."""
    sample = _sample(path, title)
    declared = dialect.sep_line(sample)
    chosen = dialect.detect(sample.split("\n", 1)[1] if declared else sample, options.delimiter or declared)
    try:
        records = dialect.records(sample, chosen)
    except csv.Error as error:
        raise SourceError(
            "This is not a table",
            f"“{title}” begins with a cell of more than 100,000 characters.",
            "Check that quotation marks around texts are closed, or export the data again as Excel.",
        ) from error
    if not any(cell.strip() for record in records[bool(declared) :] for cell in record):
        raise SourceError("The file is empty", f"“{title}” holds blank lines only.", "Export it again.")
    if declared and options.skip_rows is None:
        found = layout.find(records[1:], None, options.has_header)
        found = replace(found, skip=found.skip + 1)
    else:
        found = layout.find(records, options.skip_rows, options.has_header)
    if found.width > MOST_COLUMNS:
        raise SourceError(
            "This is not a table",
            f"The first line of “{title}” falls into {found.width:,} columns; the most that can be read is {MOST_COLUMNS:,}.",
            "Check that the rows of the table end with line breaks, and choose the delimiter by hand.",
        )
    return Reading(path, chosen, found)


def _sample(path: Path, title: str) -> str:
    """The beginning of a UTF-8 file up to a line break, or all of a small one; longer where the first lines are long."""
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
        if head.count(b"\n") + head.count(b"\r") < 20:
            head += file.read(2 * LONGEST_LINE)
        is_all = not file.read(1)
    text = head.decode("utf-8", "ignore").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not is_all:
        text = text[: text.rfind("\n") + 1]
    if not head.removeprefix(codecs.BOM_UTF8):
        raise SourceError(
            "The file is empty", f"“{title}” holds no data at all.", "Export it again, and check that the export has finished."
        )
    if not text or len(text.split("\n", 1)[0]) > LONGEST_LINE:
        raise SourceError(
            "This is not a table",
            f"The first line of “{title}” is longer than {LONGEST_LINE:,} characters, so its rows are not set apart by line breaks.",
            "Export the data again as CSV with one row a line, or as Excel.",
        )
    return text


def _with_tabs(staging: Staging, reading: Reading) -> Reading:
    """A copy whose columns are set apart by tabs instead of runs of blanks."""
    target = staging.new_file()
    with reading.path.open(encoding="utf-8-sig", newline=None) as source:
        split = dialect.blanks(source.read(SAMPLE_BYTES))
        source.seek(0)
        with target.open("w", encoding="utf-8", newline="\n") as out:
            out.writelines("\t".join(split.split(line.strip())) + "\n" for line in source)
    return replace(reading, path=target)


def _load(staging: Staging, reading: Reading, title: str, progress: Progress) -> tuple[str, Reading]:
    """Reads all rows into a new staging table and its bad lines into `<table>_bad`; gives the table and how it was read at last.

    Most files are read once. A second reading follows where line breaks are mixed, quotation marks do not match, or many lines are short.
    """
    ref = staging.next_ref()
    staging.raw.execute(f"CREATE TABLE {ref}_bad (line BIGINT, reason VARCHAR, text VARCHAR)")
    try:
        errors = _read_csv(staging, ref, reading, title, progress)
    except duckdb.InvalidInputException:  # what mixed line breaks raise
        reading = replace(reading, path=_as_utf8(staging, reading.path, "utf-8", progress))
        errors = _read_csv(staging, ref, reading, title, progress)
    fill = reading.fill_short_lines or _short_lines_are_meant(errors["MISSING COLUMNS"], staging.count(ref))
    if not fill and errors.total() > MOST_BAD_LINES:
        raise _no_table(title, reading, f"{errors.total():,} of its lines do not have the {reading.layout.width} cells of the first")
    if reading.dialect.quote and (errors["UNQUOTED VALUE"] or fill):
        reading = _mended(staging, ref, reading)
    if fill or errors["UNQUOTED VALUE"]:
        reading = replace(reading, fill_short_lines=fill)
        _read_csv(staging, ref, reading, title, progress)
    _keep_bad_lines(staging, ref, reading.path)
    if not staging.count(ref):
        raise _no_rows(staging, ref, reading, title)
    return ref, reading


def _short_lines_are_meant(short: int, rows: int) -> bool:
    return short > SHORT_LINES_ARE_MEANT * (short + rows) and (short >= 3 or not rows)


def _mended(staging: Staging, ref: str, reading: Reading) -> Reading:
    """A copy without the lines whose quotation marks do not match; those are listed as bad lines."""
    target = staging.new_file()
    bad = lines.mend(reading.path, target, reading.dialect, reading.layout.width)
    while batch := list(islice(bad, 10_000)):
        rows = pd.DataFrame([(one.line, one.reason, one.text[:LONGEST_BAD_TEXT]) for one in batch], columns=["line", "reason", "text"])
        staging.raw.register("mended_lines", rows)
        staging.raw.execute(f"INSERT INTO {ref}_bad FROM mended_lines")
        staging.raw.unregister("mended_lines")
    return replace(reading, path=target)


def _read_csv(staging: Staging, ref: str, reading: Reading, title: str, progress: Progress) -> Counter[str]:
    """Reads all rows into table `ref` and what is no row into `<ref>_errors`; counts the errors of each kind."""
    staging.raw.execute(f"DROP TABLE IF EXISTS {ref}")
    staging.raw.execute(f"DROP TABLE IF EXISTS {ref}_errors; DROP TABLE IF EXISTS {ref}_scans")
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(reading.layout.width))
    staging.create(
        ref,
        f"""FROM read_csv($path, auto_detect = false, columns = {{{columns}}}, header = false, delim = $delim,
            quote = $quote, escape = $escape, skip = $skip, null_padding = $fill, parallel = NOT $fill, max_line_size = $longest,
            store_rejects = true, rejects_table = '{ref}_errors', rejects_scan = '{ref}_scans')""",
        {
            "path": str(reading.path),
            "delim": ("\t" if reading.dialect.delimiter == dialect.SPACES else reading.dialect.delimiter) or "\x1e",
            "quote": reading.dialect.quote,
            "escape": reading.dialect.escape,
            "skip": reading.layout.data_from,
            "fill": reading.fill_short_lines,
            "longest": LONGEST_LINE,
        },
        progress,
        f"Reading {title}",
    )
    counted = staging.raw.execute(
        f"SELECT error_type, count(DISTINCT coalesce(line_byte_position, byte_position, 1)) FROM {ref}_errors GROUP BY error_type"
    ).fetchall()
    return Counter({str(kind): int(count) for kind, count in counted})


#: What DuckDB calls an error -> the same for the user; {found} and {wanted} are numbers of cells.
REASONS = f"""CASE error_type
    WHEN 'MISSING COLUMNS' THEN 'too few cells: ' || found || ' instead of ' || wanted
    WHEN 'TOO MANY COLUMNS' THEN 'too many cells: ' || found || ' instead of ' || wanted
    WHEN 'UNQUOTED VALUE' THEN '{lines.QUOTES_DO_NOT_MATCH}'
    WHEN 'LINE SIZE OVER MAXIMUM' THEN '{LINE_TOO_LONG}'
    WHEN 'INVALID ENCODING' THEN 'the line is not in the encoding of the file'
    ELSE error_message END"""


def _keep_bad_lines(staging: Staging, ref: str, path: Path) -> None:
    """Moves the reader's errors to table `<ref>_bad`, one a line, with the line's number in the file."""
    errors = staging.raw.execute(
        f"""SELECT (place + length(csv_line) - length(ltrim(csv_line, chr(10) || chr(13))))::BIGINT AS line, {REASONS} AS reason,
                   left(trim(csv_line, chr(10) || chr(13)), {LONGEST_BAD_TEXT}) AS text FROM (
                SELECT coalesce(line_byte_position, byte_position, 1) AS place, any_value(error_type) AS error_type,
                       any_value(error_message) AS error_message, coalesce(any_value(csv_line), '') AS csv_line,
                       min(regexp_extract(error_message, 'Columns: (\\d+)', 1)) AS wanted,
                       min(regexp_extract(error_message, 'Found: (\\d+)', 1)) AS found
                FROM {ref}_errors GROUP BY place)
            ORDER BY place"""
    ).df()
    errors["line"] = lines.numbers(path, errors["line"].tolist())
    staging.raw.register("bad_lines_found", errors)
    staging.raw.execute(f"INSERT INTO {ref}_bad FROM bad_lines_found")
    staging.raw.unregister("bad_lines_found")
    staging.raw.execute(f"DROP TABLE {ref}_errors; DROP TABLE {ref}_scans")


def _no_table(title: str, reading: Reading, why: str) -> SourceError:
    return SourceError(
        "The file cannot be read as a table",
        f"“{title}”, read with this between its columns: {reading.dialect.describe()}, is no table: {why}.",
        "Choose delimiter, encoding and header by hand, or export the data again as CSV (UTF-8) or Excel.",
    )


def _no_rows(staging: Staging, ref: str, reading: Reading, title: str) -> SourceError:
    bad = staging.count(f"{ref}_bad")
    too_long = staging.raw.execute(
        f"SELECT count(*), min(line) FROM {ref}_bad WHERE reason = $reason", {"reason": LINE_TOO_LONG}
    ).fetchone()
    if too_long and too_long[0]:
        return _too_long(title, int(too_long[1]), int(too_long[0]) - 1)
    if bad:
        return SourceError(
            "No row could be read",
            f"None of the {bad:,} lines of “{title}” has the {reading.layout.width} cells of its first line.",
            "Choose the delimiter and the header by hand, or export the data again.",
        )
    names = ", ".join(reading.layout.names[:5])
    return SourceError(
        "The table has no rows",
        f"“{title}” has a header ({names} …) and no rows below it.",
        "Check the export: it may have been filtered to nothing.",
    )


def _too_long(title: str, line: int, others: int) -> SourceError:
    """`line` is the first line beyond the limit; `others` are as long and follow."""
    more = f", and {others:,} more like it" if others else ""
    return SourceError(
        "A line is too long",
        f"Line {line:,} of “{title}” is longer than {LONGEST_LINE:,} characters{more}, and no other row could be read.",
        "Check that each row ends with a line break and that quotation marks are closed; or shorten the text in that line, and load it again.",
    )


def _described(task: Task, ref: str, reading: Reading, words: dict[str, str], codec: str) -> StagedTable:
    """The staged table with the reading in words and as options."""
    staging, found = task.staging, reading.layout
    empty_rows = _remove_empty_rows(staging, ref, found.width)
    columns, empty_columns = _columns(staging, ref, found)
    bad = staging.count(f"{ref}_bad")
    words |= {
        "Delimiter": reading.dialect.describe(),
        "Header": f"line {found.skip + 1} ({found.evidence})" if found.has_header else f"none ({found.evidence})",
    }
    if found.skip:
        words["Lines above the table"] = f"{found.skip:,} left out"
    if empty_rows:
        words["Empty rows"] = f"{empty_rows:,} left out"
    if empty_columns:
        words["Empty columns without a name"] = f"{empty_columns:,} left out"
    if reading.fill_short_lines:
        words["Short lines"] = "filled up with empty cells"
    if bad:
        words["Lines that are no row"] = f"{bad:,}, listed with the reason"
    options = ReadOptions(codec, reading.dialect.delimiter, found.has_header, found.skip)
    return StagedTable(task.title, task.file, ref, columns, staging.count(ref), words, options, bad)


def _remove_empty_rows(staging: Staging, ref: str, width: int) -> int:
    """Removes rows of empty cells only and tells how many; the numbers of the other rows stay."""
    condition = " AND ".join(f"c{number} IS NULL" for number in range(width))
    row = staging.raw.execute(f"SELECT count(*) FROM {ref} WHERE {condition}").fetchone()
    count = int(row[0]) if row else 0
    if count:
        staging.raw.execute(f"DELETE FROM {ref} WHERE {condition}")
    return count


def _columns(staging: Staging, ref: str, found: Layout) -> tuple[tuple[SourceColumn, ...], int]:
    """The table's columns, and how many without name and values were left out."""
    nameless = [number for number, named in enumerate(found.named) if not named]
    empty: set[int] = set()
    if nameless:
        counts = staging.raw.execute(f"SELECT {', '.join(f'count(c{number})' for number in nameless)} FROM {ref}").fetchone() or ()
        empty = {number for number, count in zip(nameless, counts, strict=True) if not count}
    columns = tuple(SourceColumn(name, f"c{number}", "text") for number, name in enumerate(found.names) if number not in empty)
    return columns, len(empty)
