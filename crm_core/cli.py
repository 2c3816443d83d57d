"""The same analyses without a browser: `python -m crm_core COMMAND SOURCE...`.

    check      the receipt of an import, as JSON
    overview   sales, customers, new customers, repeat share and average order value of a period, as JSON
    segments   one row a customer: RFM figures, scores, segment
    pareto     the concentration of value, as JSON
    clv        one row a customer: P(alive), purchases and value expected
    satisfaction  one row a month or quarter: NPS, CSAT or CES with its interval
    service    how fast cases are answered and solved, and within the agreed time, as JSON
    watch      one row a customer at escalation risk: why, what is at stake, what to do next
    import     the sources into a named workspace, which the dashboard then opens
    erase      a named workspace and all that was kept of it

A SOURCE is a file, a folder of files, `sample` (the sample company) or `workspace:NAME` (what the dashboard holds under that name).
Exit status: 0 success, 2 bad input, with the same messages as the page on standard error; 1 a fault of the program, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from crm_core.errors import CrmError, MappingError, Problem, SourceError
from crm_core.export import ENDINGS, check_ending, json_text, json_value, write_csv, write_frame, write_frame_csv, write_record, write_table
from crm_core.mapping.model import ImportOptions, Mapping
from crm_core.mapping.receipt import Receipt
from crm_core.sources.files import readable
from crm_core.sources.staging import Progress, ReadOptions, Staging, no_progress
from crm_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

    from crm_core.analytics.service.sla import Agreement
    from crm_core.store.workspaces import Workspaces

UNEXPECTED, BAD_INPUT, INTERRUPTED = 1, 2, 130
WORKSPACE_PREFIX = "workspace:"
SAMPLE = "sample"
MAPPING_HINT = "Say which column feeds which field, for example --map customer_id=COLUMN --map ordered_at=COLUMN."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        _check_output(options)
        options.run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output (`head`, a pager) has seen enough
        _drop_output()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError):
            _drop_output()
        print(_in_words(error).text(), file=sys.stderr)
        return BAD_INPUT if isinstance(error, CrmError | OSError | duckdb.Error) else UNEXPECTED
    return 0


def _drop_output() -> None:
    """Leaves nothing to write that Python would try once more, and complain about, at its end."""
    with suppress(AttributeError, OSError):  # closed, or none of the system's files
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _in_words(error: Exception) -> CrmError:
    """What went wrong, never with a stack trace: the last line of defence for what no room of the house has words for."""
    if isinstance(error, CrmError):
        return error
    if isinstance(error, OSError):
        where = f"{readable(os.fsdecode(error.filename))}: " if isinstance(error.filename, str | bytes) else ""
        return CrmError(
            "A file cannot be read or written", f"{where}{error.strerror or error}.", "Check the place, its rights and its space."
        )
    if isinstance(error, duckdb.OutOfMemoryException | duckdb.IOException):
        hint = "Free memory and disk space, or set TMPDIR to a larger disk."
        return CrmError("The engine cannot go on", str(error).splitlines()[0], hint)
    return CrmError("Something went wrong here", f"{type(error).__name__}: {error}".splitlines()[0], "Please report it with these words.")


def check(options: argparse.Namespace) -> None:
    if _is_kept(options.sources):
        with _workspace(options) as ws:
            _write_record(ws.receipt.as_dict(), options.out)
        return
    with tempfile.TemporaryDirectory(prefix="crm-") as folder:
        receipt = _build(options, Path(folder) / "workspace.duckdb", "check", Path(folder))
    _write_record(receipt.as_dict(), options.out)


def overview(options: argparse.Namespace) -> None:
    from crm_core.analytics.filters import Filters
    from crm_core.analytics.overview import sales

    with _workspace(options) as ws:
        chosen = Filters(options.as_of, options.start, options.end)
        period = chosen.period(ws)
        found = sales(ws, period.start, period.end, as_of=chosen.day(ws))
        figures = {one.key: {"value": one.value, "previous": one.previous, "n": one.n} for one in found.figures}
        _write_record({"start": period.start, "end": period.end, **figures}, options.out)


def segments(options: argparse.Namespace) -> None:
    from crm_core.analytics import rfm

    with _workspace(options) as ws:
        table = rfm.customers(ws, options.as_of or ws.as_of)
        _write_rows(ws, table.order_by("customer_id"), options.out)


def pareto(options: argparse.Namespace) -> None:
    from crm_core.analytics import pareto as concentration

    with _workspace(options) as ws:
        found = concentration.summary(ws, options.as_of or ws.as_of, options.value)
        names = ("customers", "top20_share", "vital_few_share", "gini", "class_a", "class_b", "class_c")
        _write_record({name: json_value(getattr(found, name)) for name in names}, options.out)


def clv(options: argparse.Namespace) -> None:
    from crm_core.analytics.clv import forecast
    from crm_core.analytics.clv.summary import summary

    with _workspace(options) as ws:
        until = options.as_of or ws.as_of
        as_of = options.fit_until or until
        if as_of > until:
            raise CrmError("Nothing to fit", f"--fit-until {as_of} is later than the day looked from, {until}.", "Name an earlier day.")
        settings = forecast.Settings(
            options.model, options.engine, options.unit, options.holdout_months or options.horizon_months, until if as_of < until else None
        )
        terms = forecast.Terms(options.horizon_months, options.margin, options.discount_rate)
        choice = forecast.choose(ws, as_of, settings)
        table = forecast.customers(ws, choice, terms)
        if options.summary is not None:
            write_record(summary(ws, choice, terms), options.summary)
        _write_rows(ws, table.order_by("customer_id"), options.out)


def satisfaction(options: argparse.Namespace) -> None:
    from crm_core.analytics.satisfaction import responses, trend

    with _workspace(options) as ws:
        as_of = options.as_of or ws.as_of
        measure = responses.choose(ws, as_of, options.measure)
        _write_frame(trend.trend(ws, measure, as_of, options.by), options.out)


def service(options: argparse.Namespace) -> None:
    from crm_core.analytics.service.report import service as found

    with _workspace(options) as ws:
        _write_record(found(ws, options.as_of or ws.as_of, options.since, _agreement(options, ws)).record(), options.out)


def watch(options: argparse.Namespace) -> None:
    from crm_core.analytics.satisfaction.watch import watch_list
    from crm_core.store.notes import Notes

    with _workspace(options) as ws:
        followed = Notes(ws.path).followed() if _is_kept(options.sources) else ()
        table = watch_list(ws, options.as_of or ws.as_of, options.value, followed, _agreement(options, ws))
        _write_rows(ws, table.order_by(table.priority.desc(), "customer_id"), options.out)


def _agreement(options: argparse.Namespace, ws: Workspace) -> Agreement:
    """The time limits given, else those noted for the workspace."""
    from crm_core.analytics.service.sla import Agreement, parse
    from crm_core.store.notes import Notes

    if options.sla:
        return parse(options.sla)
    return Notes(ws.path).agreement() if _is_kept(options.sources) else Agreement()


def import_(options: argparse.Namespace) -> None:
    store = _store()
    workspace_id, name = store.place(readable(options.workspace))
    candidate = store.candidate(workspace_id)
    try:
        receipt = _build(options, candidate, name, store.home.staging)
        store.accept(workspace_id, candidate, name, "named")
    except BaseException:
        store.discard(candidate)
        raise
    _write_record(receipt.as_dict(), options.out)


def erase(options: argparse.Namespace) -> None:
    store = _store()
    is_damaged = options.workspace in store.damaged()  # it has no name that could be read; the log of the dashboard has its id
    store.erase(options.workspace if is_damaged else store.find(options.workspace).id)


# -- from sources to a workspace ---------------------------------------------------------------------------------------


def _is_kept(sources: Sequence[str]) -> bool:
    """Is the one source what the dashboard holds under a name?"""
    return len(sources) == 1 and sources[0].startswith(WORKSPACE_PREFIX)


@contextmanager
def _workspace(options: argparse.Namespace) -> Iterator[Workspace]:
    """The workspace that the one source names, or one made of the sources for as long as the context lives."""
    if _is_kept(options.sources):
        with Workspace.open(_store().find(options.sources[0].removeprefix(WORKSPACE_PREFIX)).path) as ws:
            yield ws
        return
    with tempfile.TemporaryDirectory(prefix="crm-") as folder:
        target = Path(folder) / "workspace.duckdb"
        _build(options, target, "command line", Path(folder))
        with Workspace.open(target) as ws:
            yield ws


def _build(options: argparse.Namespace, target: Path, name: str, folder: Path) -> Receipt:
    """A workspace file at `target` from the sources; what is read on the way lies in `folder`."""
    from crm_core.mapping.build import build
    from crm_core.sources.files import stage

    progress = _progress()
    with Staging(folder) as staging:
        for file, path in _named(_files(options.sources)).items():
            stage(staging, path, file, ReadOptions(sheets=tuple(options.sheet)), progress)
        mapping, remarks = _mapping(staging, options)
        return build(staging, mapping, target, name=name, imported_at=datetime.now(UTC), progress=progress, remarks=remarks)


def _store() -> Workspaces:
    from crm_core.store.home import find_home
    from crm_core.store.workspaces import Workspaces

    return Workspaces(find_home())


def _files(sources: Sequence[str]) -> list[Path]:
    """The files that the sources name: themselves, or those of a folder in order of their names."""
    from crm_core.sources.sample import sample_files

    found: list[Path] = []
    for source in sources:
        path = Path(source)
        if path.is_dir():
            found += sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
        elif source == SAMPLE and not path.exists():
            found += sample_files()
        else:
            found.append(path)
    missing = [path for path in found if not path.is_file()]
    if missing:
        problems = [Problem("file_missing", "error", "there is no such file", table=str(path)) for path in missing]
        raise SourceError("File not found", hint="Check the path and the spelling.", problems=problems)
    if not found:
        raise SourceError("Nothing to read", "The folder holds no files.", "Name a folder or files with data.")
    return found


def _named(files: Sequence[Path]) -> dict[str, Path]:
    """The files by their names; by their whole paths where several folders hold a file of one name. A path given twice is read once."""
    names = Counter(readable(path.name) for path in dict.fromkeys(files))
    return {readable(path.name if names[readable(path.name)] == 1 else str(path)): path for path in files}


def _mapping(staging: Staging, options: argparse.Namespace) -> tuple[Mapping, tuple[Problem, ...]]:
    """The suggestion with the user's corrections, and the remarks that still hold; raises MappingError while a doubt is left."""
    from crm_core.mapping.overrides import answered, override, with_scale
    from crm_core.mapping.suggest import suggest
    from crm_core.mapping.validate import validate

    choices = ImportOptions(drop_duplicates=options.drop_duplicates, date_order=options.date_order or "", rates=dict(options.rate))
    suggestion = suggest(staging, choices)
    mapping = override(staging, suggestion.mapping, options.map)
    for text in options.scale:
        mapping = with_scale(mapping, text)
    asked = [one for one in answered(suggestion.problems, options.map) if one.severity == "question"]
    doubts = list(dict.fromkeys([*asked, *validate(staging, mapping)]))
    if doubts:
        raise MappingError("The columns leave a doubt", hint=MAPPING_HINT, problems=doubts)
    return mapping, suggestion.remarks(mapping)


# -- output ------------------------------------------------------------------------------------------------------------


def _check_output(options: argparse.Namespace) -> None:
    """Refuses a place that cannot be written before anything is read."""
    summary: Path | None = getattr(options, "summary", None)
    if summary is not None:
        check_ending(summary, (".json",))
        _check_place(summary)
    out: Path | None = getattr(options, "out", None)
    if out is None:
        if sys.stdout is None and options.run is not erase:
            raise CrmError("No place for the result", "Standard output is closed.", "Leave it open, or name a file: --out FILE.")
        return
    check_ending(out, ENDINGS if options.run in (segments, pareto, clv, satisfaction, service, watch) else (".json",))
    _check_place(out)
    if summary is not None and summary.absolute() == out.absolute():
        raise CrmError("Two results in one place", f"{readable(str(out))} stands for --out and --summary.", "Name two files.")


def _check_place(out: Path) -> None:
    if out.is_dir() or not out.absolute().parent.is_dir():
        why = "is a folder" if out.is_dir() else "would lie in a folder that does not exist"
        raise CrmError("The result cannot be written", f"{readable(str(out))} {why}.", "Name a file in a folder that exists.")


def _write_rows(ws: Workspace, table: Any, out: Path | None) -> None:
    if out is None:
        write_csv(ws, table, sys.stdout.buffer, bom=False)
        sys.stdout.buffer.flush()
    else:
        write_table(ws, table, out)


def _write_frame(frame: pd.DataFrame, out: Path | None) -> None:
    if out is None:
        write_frame_csv(frame, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        write_frame(frame, out)


def _write_record(data: dict[str, Any], out: Path | None) -> None:
    if out is None:
        sys.stdout.write(json_text(data))
    else:
        write_record(data, out)


def _progress() -> Progress:
    """A line that moves on a terminal; silence in a pipe or a log."""
    if not sys.stderr.isatty():
        return no_progress

    def show(share: float, sentence: str) -> None:
        sys.stderr.write(f"\r\x1b[K{share:4.0%} {sentence}" if share < 1 else "\r\x1b[K")
        sys.stderr.flush()

    return show


# -- arguments ---------------------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m crm_core", description="Customer analyses without a browser.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _command(commands, "check", check, "the receipt of an import, as JSON")
    one = _command(commands, "overview", overview, "the figures of a period, as JSON")
    _as_of(one)
    one.add_argument("--start", type=_day, metavar="DATE", help="first day of the period; default: twelve months before its end")
    one.add_argument("--end", type=_day, metavar="DATE", help="the day after the period's last; default: the day looked from")
    _as_of(_command(commands, "segments", segments, "one row a customer: RFM figures, scores, segment"))
    one = _command(commands, "pareto", pareto, "the concentration of value, as JSON")
    _as_of(one)
    one.add_argument(
        "--value", choices=("net_sales", "gross_profit", "clv"), default="net_sales", help="clv: the forecast value of 12 months"
    )
    _clv(_command(commands, "clv", clv, "one row a customer: P(alive), purchases and value expected"))
    one = _command(commands, "satisfaction", satisfaction, "one row a period: NPS, CSAT or CES with its 95 %% interval")
    _as_of(one)
    one.add_argument("--by", choices=("month", "quarter", "all"), default="month", help="the length of a period; default: month")
    one.add_argument("--measure", choices=("nps", "csat", "ces"), help="which one, where the data has several")
    one = _command(commands, "service", service, "how fast cases are answered and solved, and within the agreed time, as JSON")
    _as_of(one)
    one.add_argument("--since", type=_day, metavar="DATE", help="only cases opened from this day on; default: all")
    _sla(one)
    one = _command(commands, "watch", watch, "one row a customer at escalation risk: why, what is at stake, what to do next")
    _as_of(one)
    one.add_argument(
        "--value", choices=("net_sales", "clv"), default="net_sales", help="at stake: of the last 12 months, or forecast for the next"
    )
    _sla(one)
    one = _command(commands, "import", import_, "the sources into a named workspace of the dashboard")
    one.add_argument("--workspace", required=True, metavar="NAME")
    one = commands.add_parser("erase", help="a named workspace and all that was kept of it")
    one.add_argument("workspace", metavar="NAME")
    one.set_defaults(run=erase)
    return parser


def _command(commands: Any, name: str, run: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
    """A command on sources, with the options that say how to read them."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="a file, a folder, “sample” or “workspace:NAME”")
    parser.add_argument("--map", action="append", default=[], metavar="[TABLE.]FIELD=[FILE:]COLUMN", help="this column feeds this field")
    parser.add_argument("--sheet", action="append", default=[], metavar="NAME", help="read this sheet of a workbook; default: all")
    parser.add_argument("--date-order", choices=("dmy", "mdy"), help="how 03/04/2021 is to be read")
    parser.add_argument(
        "--rate", action="append", default=[], type=_rate, metavar="CODE=RATE", help="one unit of this currency in the main one"
    )
    parser.add_argument(
        "--scale",
        action="append",
        default=[],
        metavar="[FILE=]MEASURE LOW-HIGH",
        help="measure and scale of scores, such as “csat 1-7”; “ces 7-1” where 1 is easiest; default: recognised",
    )
    parser.add_argument("--drop-duplicates", action="store_true", help="use exact repeats of a line only once")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write to this file (.csv, .parquet, .json) instead of standard output")
    parser.set_defaults(run=run)
    return parser


def _clv(parser: argparse.ArgumentParser) -> None:
    """What the forecast is asked and how it is made."""
    _as_of(parser)
    rules = ("auto", "bg_nbd", "mbg_nbd", "pareto_nbd", "same_rate", "last_period")
    parser.add_argument("--model", choices=rules, default="auto", help="auto: the one that did best when a part of the data was held out")
    parser.add_argument("--engine", choices=("own", "lifetimes"), default="own", help="who fits the models")
    parser.add_argument("--unit", choices=("days", "weeks"), default="weeks", help="of the models' time; default: weeks")
    parser.add_argument("--horizon-months", type=_months, default=12, metavar="N", help="months looked ahead, whole ones; default: 12")
    parser.add_argument(
        "--margin", type=_margin, default=1.0, metavar="SHARE", help="earned of a sale, or “costs”: from the data's costs; default: 1"
    )
    parser.add_argument("--discount-rate", type=_discount, default=0.0, metavar="RATE", help="a year, 0.1 is 10 %%; default: 0")
    parser.add_argument(
        "--holdout-months",
        type=_months,
        metavar="N",
        help="months held out to test models (at most a third of the data); default: the horizon",
    )
    parser.add_argument(
        "--fit-until", type=_day, metavar="DATE", help="fit and score from this day (exclusive); what came after it is the test"
    )
    parser.add_argument("--summary", type=Path, metavar="FILE.json", help="write model, parameters, test and totals to this file")


def _sla(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sla",
        action="append",
        default=[],
        metavar="[PRIORITY][/CLASS]=HOURS",
        help="time agreed for cases without a due date: urgent=8, A=24, urgent/A=4, *=72",
    )


def _as_of(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--as-of", type=_day, metavar="DATE", help="look from this day (exclusive); default: the day after the last line")


def _rate(text: str) -> tuple[str, str]:
    code, sign, rate = text.partition("=")
    if not sign or not code.strip() or not rate.strip():
        raise argparse.ArgumentTypeError(f"“{text}” is no rate; write it as USD=0.92")
    return code.strip().upper(), rate.strip()


def _months(text: str) -> int:
    if not text.strip().isdecimal() or not 1 <= int(text) <= 120:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of months from 1 to 120")
    return int(text)


def _margin(text: str) -> float | None:
    return None if text.strip() == "costs" else _number(text, "margin; write it as 0.35, or costs", -10, 10)


def _discount(text: str) -> float:
    return _number(text, "yearly rate; write it as 0.1", -0.9, 10)


def _number(text: str, what: str, least: float, most: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"“{text}” is no {what}")
    return number


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is no date; write it as 2011-12-10") from None
