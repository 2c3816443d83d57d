"""What each command takes: its options, their forms and their help."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from crm_core.cli import audience, commands, erasing, outcome
from crm_core.export import ENDINGS

#: For answers of several levels, which no table holds.
NESTED = (".json",)


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(prog="python -m crm_core", description="Customer analyses without a browser.")
    subparsers = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _command(subparsers, "check", commands.check, NESTED, "the receipt of an import, as JSON")
    one = _command(subparsers, "overview", commands.overview, NESTED, "the figures of a period, as JSON")
    _as_of(one)
    one.add_argument("--start", type=_day, metavar="DATE", help="first day of the period; default: twelve months before its end")
    one.add_argument("--end", type=_day, metavar="DATE", help="the day after the period's last; default: the day looked from")
    _as_of(_command(subparsers, "segments", commands.segments, ENDINGS, "one row a customer: RFM figures, scores, segment", True))
    one = _command(subparsers, "pareto", commands.pareto, ENDINGS, "the concentration of value, as JSON")
    _as_of(one)
    one.add_argument(
        "--value", choices=("net_sales", "gross_profit", "clv"), default="net_sales", help="clv: the forecast value of 12 months"
    )
    _clv(_command(subparsers, "clv", commands.clv, ENDINGS, "one row a customer: P(alive), purchases and value expected", True))
    one = _command(subparsers, "satisfaction", commands.satisfaction, ENDINGS, "one row a period: NPS, CSAT or CES with its 95 %% interval")
    _as_of(one)
    one.add_argument("--by", choices=("month", "quarter", "all"), default="month", help="the length of a period; default: month")
    one.add_argument("--measure", choices=("nps", "csat", "ces"), help="which one, where the data has several")
    one = _command(
        subparsers, "service", commands.service, ENDINGS, "how fast cases are answered and solved, and within the agreed time, as JSON"
    )
    _as_of(one)
    one.add_argument("--since", type=_day, metavar="DATE", help="only cases opened from this day on; default: all")
    _sla(one)
    one = _command(
        subparsers, "watch", commands.watch, ENDINGS, "one row a customer at escalation risk: why, what is at stake, what to do next", True
    )
    _as_of(one)
    one.add_argument(
        "--value", choices=("net_sales", "clv"), default="net_sales", help="at stake: of the last 12 months, or forecast for the next"
    )
    _sla(one)
    one = _command(
        subparsers,
        "audience",
        audience.audience,
        audience.KINDS,
        "one row a customer who meets a condition, with a control group if wanted",
        True,
    )
    _as_of(one)
    audience.add_options(one)
    one = _command(subparsers, "outcome", outcome.outcome, NESTED, "whether a campaign of workspace:NAME worked, as JSON")
    _as_of(one)
    outcome.add_options(one)
    one = _command(subparsers, "import", commands.import_, NESTED, "the sources into a named workspace of the dashboard")
    one.add_argument("--workspace", required=True, metavar="NAME")
    one.add_argument(
        "--newer-by", metavar="COLUMN", help="refresh will read only rows that are newer in this column of the database's tables"
    )
    one.add_argument("--late-days", type=_days, default=0, metavar="N", help="... and, of those that arrive late, the last N days again")
    one = subparsers.add_parser("refresh", help="a named workspace, from the databases that it came from")
    one.add_argument("workspace", metavar="NAME")
    one.add_argument("--full", action="store_true", help="read all rows again, also where newer ones would do")
    one.add_argument("--out", type=Path, metavar="FILE", help="write to this file (.json) instead of standard output")
    one.set_defaults(run=commands.refresh, endings=NESTED)
    one = subparsers.add_parser("erase", help="a named workspace and all that was kept of it")
    one.add_argument("workspace", metavar="NAME")
    one.set_defaults(run=commands.erase, endings=())
    erasing.add_command(subparsers)
    return whole


def _command(
    subparsers: Any, name: str, run: Callable[[argparse.Namespace], None], endings: Sequence[str], text: str, gives_customers: bool = False
) -> argparse.ArgumentParser:
    """A command on sources, with the options that say how to read them; its answer can be a file with these endings, or stay with the engine."""
    one: argparse.ArgumentParser = subparsers.add_parser(name, help=text, description=text)
    one.add_argument(
        "sources", nargs="+", metavar="SOURCE", help="a file, a folder, “sample”, “workspace:NAME”, “connection:NAME” or a database's URL"
    )
    one.add_argument("--table", action="append", default=[], metavar="[SCHEMA.]TABLE", help="read this table or view of the database")
    one.add_argument("--query", action="append", default=[], metavar="SELECT", help="read what this query gives")
    one.add_argument("--in-place", action="store_true", help="leave the rows in their database and work there (connection:NAME only)")
    one.add_argument("--map", action="append", default=[], metavar="[TABLE.]FIELD=[FILE:]COLUMN", help="this column feeds this field")
    one.add_argument("--sheet", action="append", default=[], metavar="NAME", help="read this sheet of a workbook; default: all")
    one.add_argument("--date-order", choices=("dmy", "mdy"), help="how 03/04/2021 is to be read")
    one.add_argument(
        "--rate", action="append", default=[], type=_rate, metavar="CODE=RATE", help="one unit of this currency in the main one"
    )
    one.add_argument(
        "--scale",
        action="append",
        default=[],
        metavar="[FILE=]MEASURE LOW-HIGH",
        help="measure and scale of scores, such as “csat 1-7”; “ces 7-1” where 1 is easiest; default: recognised",
    )
    one.add_argument("--drop-duplicates", action="store_true", help="use exact repeats of a line only once")
    where = one.add_mutually_exclusive_group()
    where.add_argument("--out", type=Path, metavar="FILE", help=f"write to this file ({', '.join(endings)}) instead of standard output")
    if gives_customers:
        where.add_argument(
            "--out-table", metavar="NAME", help="have the engine write a table, where the administrator allows it (in place)"
        )
        where.add_argument("--out-parquet", metavar="NAME", help="have the engine write Parquet there (in place)")
    one.set_defaults(run=run, endings=endings)
    return one


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


def _days(text: str) -> int:
    if not text.strip().isdecimal() or int(text) > 3660:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of days from 0 to 3660")
    return int(text)


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
