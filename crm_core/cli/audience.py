"""The command `audience`: the customers who meet a condition, as a list to take away."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_core.cli.inputs import is_kept, store, workspace
from crm_core.cli.outputs import print_rows
from crm_core.errors import CrmError
from crm_core.export import ENDINGS, to_excel, write_record
from crm_core.export.files import whole
from crm_core.workspace import Workspace

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from crm_core.analytics.audience.everybody import Basis
    from crm_core.analytics.audience.respect import Respected, Rules
    from crm_core.analytics.audience.terms import Terms


EXCEL = ".xlsx"
#: Endings of the files that a list can be written to.
KINDS = (*ENDINGS, EXCEL)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes beside sources and outputs."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--where",
        metavar="CONDITION",
        help="""who: segment in ("At risk", "Can't lose them") and net_sales > 500 and not (country = 'Germany'); see docs/audiences.md""",
    )
    which.add_argument(
        "--saved", metavar="NAME", help="an audience saved in the dashboard (of workspace:NAME), with all that was saved with it"
    )
    parser.add_argument(
        "--control", type=_share, metavar="SHARE", help="this share is a control group, drawn by lot within each segment; default: none"
    )
    parser.add_argument("--seed", type=_seed, metavar="N", help="of the lot; the same seed gives the same groups; default: 1")
    parser.add_argument(
        "--respect", action="store_true", help="leave out whom the company's contact rules leave out; counts go to standard error"
    )
    parser.add_argument(
        "--columns", metavar="NAMES", help="columns of the list, separated by commas; default: id, name, segment and key figures"
    )
    parser.add_argument("--summary", metavar="FILE.json", type=Path, help="write counts, value and what the rules left out to this file")
    parser.add_argument("--frequency", choices=("repeat", "quintiles"), default=None, help="how frequency is scored; default: repeat")
    for letter, what in (("r", "days since the last order"), ("f", "orders"), ("m", "net sales")):
        parser.add_argument(f"--cuts-{letter}", type=_cuts, metavar="A,B,C,D", help=f"own cut points of {what}")


def audience(options: argparse.Namespace) -> None:
    from crm_core.analytics.audience.everybody import Basis
    from crm_core.analytics.audience.fields import catalogue, measures
    from crm_core.analytics.audience.language import parse
    from crm_core.analytics.audience.listed import listed
    from crm_core.analytics.audience.members import members
    from crm_core.store.notes import Notes

    with workspace(options) as ws:
        where, terms = _asked(options)
        followed = Notes(ws.path).followed() if is_kept(options.sources) else ()
        basis = Basis(options.as_of or ws.as_of, terms.scoring, followed)
        condition = parse(where, catalogue(ws, basis), measures(ws))
        chosen = members(ws, condition, basis)
        rules = _rules() if terms.is_respecting else None
        left, found = _respected(ws, chosen, rules, basis)
        table = listed(ws, left, basis, terms.columns or _usual(ws, basis))
        if options.summary is not None:
            write_record(_summary(ws, condition, basis, terms, found), options.summary)
        _write(ws, _with_groups(ws, left, table, terms), options)


def _write(ws: Workspace, table: ir.Table, options: argparse.Namespace) -> None:
    if options.out is not None and options.out.suffix.lower() == EXCEL:
        with whole(options.out) as unfinished:
            unfinished.write_bytes(to_excel(ws, table.order_by("customer_id"), "Audience"))
    else:
        print_rows(ws, table, ["customer_id"], options)


def _asked(options: argparse.Namespace) -> tuple[str, Terms]:
    """The condition and what goes with it: of the options, or as it was saved, where options say otherwise."""
    from dataclasses import replace

    from crm_core.analytics.audience.terms import Terms

    where, terms = (options.where, Terms(control_share=0.0, is_respecting=False)) if options.saved is None else _saved(options)
    given: dict[str, Any] = {}
    if options.control is not None:
        given["control_share"] = options.control
    if options.seed is not None:
        given["seed"] = options.seed
    if options.respect:
        given["is_respecting"] = True
    if options.columns is not None:
        given["columns"] = tuple(name.strip() for name in options.columns.split(",") if name.strip())
    cuts = {f"cuts_{letter}": one for letter in "rfm" if (one := getattr(options, f"cuts_{letter}"))}
    if options.frequency or cuts:
        given["scoring"] = replace(terms.scoring, **cuts, **({"f_rule": options.frequency} if options.frequency else {}))
    return where, replace(terms, **given)


def _saved(options: argparse.Namespace) -> tuple[str, Terms]:
    """A saved audience by its name. Raises CrmError where there is none."""
    from crm_core.analytics.audience.terms import Terms
    from crm_core.cli.inputs import WORKSPACE_PREFIX
    from crm_core.store.home import find_home
    from crm_core.store.saved.opening import open_saved

    if not is_kept(options.sources):
        raise CrmError(
            "Nothing was saved on these sources", "--saved needs workspace:NAME as the source.", "Name a workspace of the dashboard."
        )
    entry = store().find(options.sources[0].removeprefix(WORKSPACE_PREFIX))
    with open_saved(find_home()) as saved:
        known = saved.audiences.all(entry.id)
    for one in known:
        if one.name.casefold() == options.saved.strip().casefold():
            return one.definition.where, Terms.from_dict(one.definition.terms)
    names = ", ".join(f"“{one.name}”" for one in known) or "none"
    raise CrmError("There is no such audience", f"“{entry.name}” has none named “{options.saved}”.", f"Saved are: {names}.")


def _rules() -> Rules:
    """The company's contact rules; the usual ones where nobody saved any."""
    from crm_core.store.home import find_home
    from crm_core.store.saved.opening import open_saved
    from crm_core.store.saved.rules import as_rules

    with open_saved(find_home()) as saved:
        return as_rules(saved.contact_rules.rules())


def _respected(ws: Workspace, chosen: ir.Table, rules: Rules | None, basis: Basis) -> tuple[ir.Table, Respected | None]:
    """Whom the rules leave, and what each took, which is told on standard error."""
    from crm_core.analytics.audience.respect import count, reachable

    if rules is None:
        return chosen, None
    found = count(ws, chosen, rules, basis)
    for one in found.by_rule:
        said = f"cannot be asked: needs {one.rule.missing}" if one.rule.missing else f"{one.left_out:,} left out"
        print(f"{one.rule.sentence}: {said}", file=sys.stderr)
    print(f"{found.left:,} of {found.chosen:,} customers are left.", file=sys.stderr)
    return reachable(ws, chosen, rules, basis), found


def _usual(ws: Workspace, basis: Basis) -> tuple[str, ...]:
    from crm_core.analytics.audience.listed import usual_columns

    return usual_columns(ws, basis)


def _with_groups(ws: Workspace, left: ir.Table, table: ir.Table, terms: Terms) -> ir.Table:
    from crm_core.analytics.audience.listed import grouped, with_groups

    if not terms.control_share:
        return table
    groups = grouped(ws, left, terms.control_share, terms.seed)
    return with_groups(ws, table, groups, f"of the command {terms.control_share} {terms.seed}")


def _summary(ws: Workspace, condition: Any, basis: Basis, terms: Terms, found: Respected | None) -> dict[str, Any]:
    from crm_core.analytics.audience.language import to_text
    from crm_core.analytics.audience.picture import picture

    one = picture(ws, condition, basis)
    told: dict[str, Any] = {
        "where": to_text(condition),
        "as_of": basis.as_of,
        "customers": one.customers,
        "of_customers": one.everybody,
        "net_sales": one.net_sales,
        "sales_share": one.sales_share,
        "average_order_value": one.average_order_value,
        "control_share": terms.control_share,
        "seed": terms.seed,
    }
    if found is not None:
        told |= {"left": found.left, "left_out": {rule.rule.name: rule.left_out for rule in found.by_rule if not rule.rule.missing}}
    return told


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = float("nan")
    if not 0 <= share <= 0.9:
        raise argparse.ArgumentTypeError(f"“{text}” is no share of controls from 0 to 0.9")
    return share


def _seed(text: str) -> int:
    if not text.strip().isdecimal() or int(text) >= 2**31:
        raise argparse.ArgumentTypeError(f"“{text}” is no whole number from 0 on")
    return int(text)


def _cuts(text: str) -> tuple[float, ...] | None:
    from crm_core.analytics.scores import parse_cuts

    try:
        return parse_cuts(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"“{text}”: {error}") from None
