"""The commands: each opens a workspace, asks one question of the analyses and prints the answer."""

from __future__ import annotations

import argparse
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from crm_core.cli.inputs import build_workspace, is_kept, show_progress, store, workspace
from crm_core.cli.outputs import print_frame, print_record, print_rows
from crm_core.errors import CrmError
from crm_core.export import json_value, write_record
from crm_core.sources.files import readable
from crm_core.workspace import Workspace

if TYPE_CHECKING:
    from crm_core.analytics.service.sla import Agreement


def check(options: argparse.Namespace) -> None:
    if is_kept(options.sources):
        with workspace(options) as ws:
            print_record(ws.receipt.as_dict(), options.out)
        return
    with tempfile.TemporaryDirectory(prefix="crm-") as folder:
        receipt = build_workspace(options, Path(folder) / "workspace.duckdb", "check", Path(folder))
    print_record(receipt.as_dict(), options.out)


def overview(options: argparse.Namespace) -> None:
    from crm_core.analytics.filters import Filters
    from crm_core.analytics.overview import sales

    with workspace(options) as ws:
        chosen = Filters(options.as_of, options.start, options.end)
        period = chosen.period(ws)
        found = sales(ws, period.start, period.end, as_of=chosen.day(ws))
        figures = {one.key: {"value": one.value, "previous": one.previous, "n": one.n} for one in found.figures}
        print_record({"start": period.start, "end": period.end, **figures}, options.out)


def segments(options: argparse.Namespace) -> None:
    from crm_core.analytics import rfm

    with workspace(options) as ws:
        table = rfm.customers(ws, options.as_of or ws.as_of)
        print_rows(ws, table, ["customer_id"], options)


def pareto(options: argparse.Namespace) -> None:
    from crm_core.analytics import pareto as concentration

    with workspace(options) as ws:
        found = concentration.summary(ws, options.as_of or ws.as_of, options.value)
        names = ("customers", "top20_share", "vital_few_share", "gini", "class_a", "class_b", "class_c")
        print_record({name: json_value(getattr(found, name)) for name in names}, options.out)


def clv(options: argparse.Namespace) -> None:
    from crm_core.analytics.clv import forecast
    from crm_core.analytics.clv.summary import summary

    with workspace(options) as ws:
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
        print_rows(ws, table, ["customer_id"], options)


def satisfaction(options: argparse.Namespace) -> None:
    from crm_core.analytics.satisfaction import responses, trend

    with workspace(options) as ws:
        as_of = options.as_of or ws.as_of
        measure = responses.choose(ws, as_of, options.measure)
        print_frame(trend.trend(ws, measure, as_of, options.by), options.out)


def service(options: argparse.Namespace) -> None:
    from crm_core.analytics.service.report import service as found

    with workspace(options) as ws:
        print_record(found(ws, options.as_of or ws.as_of, options.since, _agreement(options, ws)).record(), options.out)


def watch(options: argparse.Namespace) -> None:
    from crm_core.analytics.satisfaction.watch import watch_list
    from crm_core.store.notes import Notes

    with workspace(options) as ws:
        followed = Notes(ws.path).followed() if is_kept(options.sources) else ()
        table = watch_list(ws, options.as_of or ws.as_of, options.value, followed, _agreement(options, ws))
        print_rows(ws, table, [table.priority.desc(), "customer_id"], options)


def _agreement(options: argparse.Namespace, ws: Workspace) -> Agreement:
    """The time limits given, else those noted for the workspace."""
    from crm_core.analytics.service.sla import Agreement, parse
    from crm_core.store.notes import Notes

    if options.sla:
        return parse(options.sla)
    return Notes(ws.path).agreement() if is_kept(options.sources) else Agreement()


def import_(options: argparse.Namespace) -> None:
    kept = store()
    workspace_id, name = kept.place(readable(options.workspace))
    candidate = kept.candidate(workspace_id)
    try:
        receipt = build_workspace(options, candidate, name, kept.home.staging)
        kept.accept(workspace_id, candidate, name, "named")
    except BaseException:
        kept.discard(candidate)
        raise
    print_record(receipt.as_dict(), options.out)


def refresh(options: argparse.Namespace) -> None:
    from crm_core.sources.databases.connections import load
    from crm_core.store.refresh import refresh as bring_up_to_date

    kept = store()
    connections = load(kept.home.root, os.environ)
    found = bring_up_to_date(
        kept, kept.find(options.workspace), connections, datetime.now(UTC), is_full=options.full, progress=show_progress()
    )
    print_record(
        {"workspace": found.entry.name, "in_full": found.is_full, "rows_read_now": found.rows_read, **found.receipt.as_dict()}, options.out
    )


def erase(options: argparse.Namespace) -> None:
    kept = store()
    is_damaged = options.workspace in kept.damaged()  # it has no name that could be read; the log of the dashboard has its id
    kept.erase(options.workspace if is_damaged else kept.find(options.workspace).id)
