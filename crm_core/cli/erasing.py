"""The command `erase-person`: one customer, out of all that is kept."""

from __future__ import annotations

import argparse
from typing import Any

from crm_core.cli.inputs import store
from crm_core.cli.outputs import print_record
from crm_core.errors import WorkspaceError
from crm_core.sources.files import readable

HELP = "one customer, from all workspaces, notes, exports and left imports; what she bought stays, attributed to nobody"
DESCRIPTION = """Erases a customer at once and for good, without asking: her row, answers, cases and contacts; follow-ups; her place in the snapshots of
exports and her id in saved conditions; rejected rows and imports left lying. A new file takes the place of each workspace's, and its former version (the
undo) goes. So that the company's figures stay, her orders stay too, under new order ids and attributed to nobody. Prints what went from where, and what
could not be reached: rows that lie in the company's database, source files. Her id is remembered nowhere, so the next import or refresh from a source in
which she still is brings her back: remove her there first."""


def add_command(subparsers: Any) -> None:
    one: argparse.ArgumentParser = subparsers.add_parser("erase-person", help=HELP, description=DESCRIPTION)
    one.add_argument("customer", metavar="CUSTOMER_ID")
    one.add_argument(
        "--workspace", metavar="NAME", help="only from this one, and what was saved on it; default: from all, private uploads too"
    )
    one.add_argument("--dry-run", action="store_true", help="change nothing; say what would go")
    one.set_defaults(run=erase_person, endings=(".json",))


def erase_person(options: argparse.Namespace) -> None:
    from crm_core.store.erasing import erase_person as erase

    kept = store()
    only = None if options.workspace is None else [kept.find(readable(options.workspace))]
    erased = erase(kept, options.customer, only, is_dry_run=options.dry_run)
    print_record(erased.record(), None)
    if erased.failed:
        raise WorkspaceError("The person is not erased everywhere", hint="Run this again.", problems=erased.failed)
