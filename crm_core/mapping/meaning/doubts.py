"""What the import cannot do without, and what only the user can decide: each with the columns it is about and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from crm_core.errors import Problem
from crm_core.mapping.meaning.assign import Assignment
from crm_core.mapping.meaning.fit import READABLE, fit, is_date, is_number
from crm_core.mapping.meaning.formats import DATE_KINDS, NUMBER_KINDS
from crm_core.mapping.meaning.grains import CLEAR, Look
from crm_core.mapping.meaning.guess import BY_VALUES, could_be_order, could_be_quantity
from crm_core.mapping.meaning.links import grows_with, is_one_to_one, is_same_amount, is_same_day
from crm_core.mapping.meaning.names import meaning
from crm_core.mapping.meaning.patterns import name_score
from crm_core.mapping.model import GRAIN_TABLES, Grain, Mapping, TableMapping, fields_for
from crm_core.mapping.values.profile import ColumnProfile, profile
from crm_core.mapping.values.text import is_given
from crm_core.schema import SCORE_FIELDS, Kind
from crm_core.sources.staging import Staging

#: Fields that change every figure: about them no choice is made between equals.
DECISIVE = ("customer_id", "ordered_at", "net_amount", "unit_price", "customer_key", *SCORE_FIELDS)
#: Fields about which no choice is made between equals where only values speak for them.
_BY_VALUES_ONLY = ("quantity",)

#: Grains that can be used without sales.
ALONE: tuple[Grain, ...] = ("surveys", "cases")
#: Grains beside sales, and the day that a row of them needs.
DATED: dict[Grain, str] = {"surveys": "responded_at", "cases": "opened_at", "contacts": "contacted_at"}
#: A case was opened with its first event where no column says when.
_DAY_TOO = {"cases": "updated_at"}
#: Where no column says when a case was opened, the nearest day that one says.
_NEAREST_DAYS = ("first_response_at", "resolved_at", "closed_at")


def doubts(staging: Staging, look: Look, table: TableMapping, assigned: Assignment) -> list[Problem]:
    """A question for each decisive field that two columns could feed about equally well and not to the same effect, and for what no name tells."""
    asked, known = [], fields_for(table.grain)
    for name in (*DECISIVE, *_BY_VALUES_ONLY):
        column = table.fields.get(name) if name in DECISIVE or assigned.score(name) <= BY_VALUES else None
        rivals = [one for one in assigned.rivals.get(name, ()) if one not in table.fields.values()]
        if column is None or not rivals or _same(staging, look.source, column, rivals, known[name].kind):
            continue
        asked.append(_which(table, name, column, rivals[0], assigned.score(name) <= BY_VALUES))
    codes = {problem.code for problem in asked}
    return asked + [one for one in _untold(staging, look, table, assigned) if one.code not in codes]


def _untold(staging: Staging, look: Look, table: TableMapping, assigned: Assignment) -> list[Problem]:
    """Of sales whose columns no name tells: whether an amount is that of a piece, how many pieces, and whether a number of its own for each
    row is the order; of responses and cases, which of their dates is their day.
    """
    if table.grain in DATED:
        return _undated(look, table)
    if table.grain != "order_lines":
        return []
    found = []
    amount, quantity = table.fields.get("net_amount"), table.fields.get("quantity")
    is_by_values = {name for name in table.fields if assigned.score(name) <= BY_VALUES}
    if amount and quantity and "net_amount" in is_by_values and not grows_with(staging, look.source, amount, quantity):
        message = (
            f"“{amount}” could be the amount of a row or the price of one piece (no name says so, and it does not rise with “{quantity}”)"
        )
        option = f"--map net_amount={amount}, or --map unit_price={amount} --map quantity={quantity}"
        found.append(Problem("which_net_amount", "question", message, "Choose one.", table.source, amount, option=option))
    if price := table.fields.get("unit_price") if not {"quantity", "net_amount"} & table.fields.keys() else None:
        found += _pieces(look, table, price)
    order = next((one.name for one in look.columns if could_be_order(one) and one.name not in table.fields.values()), None)
    if order and "customer_id" in is_by_values and "order_id" not in table.fields:
        message = f"“{order}” could be the order id (no name says so, and every value is different)"
        hint = "Choose it if it is; without an order id, what a customer bought on one day is one order."
        found.append(Problem("which_order_id", "question", message, hint, table.source, order, option=f"--map order_id={order}"))
    return found


def _undated(look: Look, table: TableMapping) -> list[Problem]:
    """A question where responses or cases have no day by name, and so none would be used, though there are dates."""
    if _has_day(table):
        return []
    day = DATED[table.grain]
    label = fields_for(table.grain)[day].label.lower()
    nearest = next((name for name in _NEAREST_DAYS if name in table.fields), None)
    if nearest is not None:
        column = table.fields[nearest]
        message = f"No column says when a case was {label}; the nearest day is “{column}”, and without one no row is used"
        hint = f"Take it for the day the case was {label} (then it tells nothing else), choose another, or leave the table out."
        return [Problem(f"which_{day}", "question", message, hint, table.source, column, option=f"--map {day}={column}")]
    dated = [one.name for one in look.columns if is_date(one) and not is_number(one) and one.name not in table.fields.values()]
    dated.sort(key=lambda name: "order" in meaning(name).concepts)  # the day of a purchase is the last to be meant
    if not dated:
        return []
    columns = " or ".join(f"“{name}”" for name in dated[:3])
    message = f"The {label} could be {columns} (no name says so), and without it no row is used"
    hint = "Choose one, or leave the table out."
    option = f"--map {day}={dated[0]}"
    return [Problem(f"which_{day}", "question", message, hint, table.source, dated[0], option=option)]


def _has_day(table: TableMapping) -> bool:
    return bool({DATED[table.grain], _DAY_TOO.get(table.grain, "")} & table.fields.keys())


def _pieces(look: Look, table: TableMapping, price: str) -> list[Problem]:
    """A question where a column could hold how many pieces of that price were sold: by its name with unreadable values, or by its values."""
    free = [one for one in look.columns if one.filled and one.name not in table.fields.values()]
    named = [one for one in free if name_score(table.grain, "quantity", meaning(one.name)) >= CLEAR]
    column = next(iter(named or [one for one in free if could_be_quantity(one)]), None)
    if column is None:
        return []
    why = "its values are not read as numbers" if named else "no name says so"
    message = f"“{column.name}” could be the quantity ({why}), and “{price}” would be the price of one piece of several"
    hint = "Choose it, or take the price for the amount of the whole row."
    option = f"--map quantity={column.name}, or --map net_amount={price}"
    example = column.examples[0] if column.examples else ""
    return [Problem("which_quantity", "question", message, hint, table.source, price, example=example, option=option)]


def requirements(mapping: Mapping, staging: Staging) -> list[Problem]:
    """Errors for what is missing: sales need an amount, a customer and a date, the last two of their own or by their orders.

    Where a column has the name of what is missing and no values, or values that cannot be it, the error says so.
    """
    return [_or_unfit(staging, mapping, _or_scores(staging, mapping, problem)) for problem in lacking(mapping)]


def _or_scores(staging: Staging, mapping: Mapping, problem: Problem) -> Problem:
    """Where there are no sales, responses or cases: the column that is called like a score, and why it is none."""
    used = {one.source for one in mapping.tables if one.grain in ("order_lines", *ALONE)}
    if problem.code not in ("no_amount", "nothing_to_use") or used:
        return problem
    for staged in staging.tables:
        called = next((one for one in profile(staging, staged.name) if _is_called_score(one.name)), None)
        if called is not None:
            return _no_score(staged.name, called)
    return problem


def _no_score(source: str, column: ColumnProfile) -> Problem:
    """What keeps a column from being a score whose name says so, more or less."""
    hint, option = "If it is, say so: what cannot be read is listed.", f'--map "surveys.score={column.name}"'
    message, example = f"“{column.name}” may be the score of a survey", ""
    if not column.filled:
        message += ", but it is empty in every row"
    elif fit(fields_for("surveys")["score"], column) < READABLE:
        message += ", but its values are not read as scores"
        hint, example = f"Write scores as numbers, stars or usual words. {hint}", column.examples[0]
    return Problem("no_score", "error", message, hint, source, column.name, example=example, option=option)


def _is_called_score(name: str) -> bool:
    return any(name_score("surveys", field, meaning(name)) >= CLEAR for field in SCORE_FIELDS)


def _example(staging: Staging, source: str, column: str) -> str:
    rows, ref = staging.table(source), staging.staged(source).column(column).ref
    filled = rows.filter(is_given(rows[ref])).select(cell=rows[ref].cast("string")).limit(1)
    return next((str(row["cell"]) for row in staging.con.to_pyarrow(filled).to_pylist()), "")


#: Error -> the field that is missing.
_FIELD_MISSING = {"no_amount": "net_amount", "no_date": "ordered_at", "no_customer": "customer_id"}


def _or_unfit(staging: Staging, mapping: Mapping, problem: Problem) -> Problem:
    field = _FIELD_MISSING.get(problem.code, "")
    grain: Grain = next((one.grain for one in mapping.tables if one.source == problem.table), "ignore")
    if grain not in GRAIN_TABLES or field not in fields_for(grain) or all(one.name != problem.table for one in staging.tables):
        return problem
    named = [one for one in staging.staged(problem.table).columns if name_score(grain, field, meaning(one.name)) >= CLEAR]
    free = [one for one in named if one.name not in mapping.table(problem.table).fields.values()]
    if not free:
        return problem
    example = _example(staging, problem.table, free[0].name)
    what = "its values do not look like it" if example else "it is empty in every row"
    hint = problem.hint if example else f"Export the data again with its values, or: {problem.hint}"
    message = f"“{free[0].name}” is there for the {fields_for(grain)[field].label.lower()}, but {what}"
    return replace(problem, message=message, hint=hint, column=free[0].name, example=example)


def lacking(mapping: Mapping) -> list[Problem]:
    used = [one for one in mapping.tables if one.grain != "ignore"]
    lines = [one for one in used if one.grain == "order_lines"]
    if not used:
        return [
            Problem(
                "nothing_to_use", "error", "No table holds sales, survey responses or cases that can be read", _WAY_OUT, option=_OPTIONS
            )
        ]
    if not lines:
        dated = [one for one in used if one.grain in DATED]
        can_stand = any(one.grain in ALONE for one in used)
        return [problem for one in dated for problem in (*_missing_day(one), *_missing_whom(one))] if can_stand else [_no_amounts(used)]
    return [
        *(problem for one in lines for problem in _missing(one, mapping)),
        *(problem for one in used for problem in (*_missing_key(one), *_missing_whom(one))),
        *(problem for one in used if one.grain == "contacts" for problem in _missing_day(one)),
    ]


_WAY_OUT = "If one of them does, say what one row of it is, and which columns hold the date, the customer and the amount, or the date and the score."
_RESPONSES = "--map responded_at=COLUMN --map score=COLUMN"
_OPTIONS = f"--map ordered_at=COLUMN --map customer_id=COLUMN --map net_amount=COLUMN, or for a survey {_RESPONSES}"
_AMOUNT = "Assign one to the net amount, or one to the unit price and one to the quantity."
_AMOUNT_OPTIONS = "--map net_amount=COLUMN, or --map unit_price=COLUMN --map quantity=COLUMN"


def _no_amounts(used: Sequence[TableMapping]) -> Problem:
    tables = ", ".join(one.source for one in used)
    if all(one.grain == "contacts" for one in used):
        message = f"{tables}: contacts tell nothing without the sales, responses or cases of the same customers"
        return Problem("only_contacts", "error", message, "Load the file of the sales as well.", used[0].source)
    return Problem(
        "no_amount",
        "error",
        f"No column of {tables} holds the amounts of the sales",
        f"Say that one row is a sale, which has amounts, or a survey response, which has a score. {_AMOUNT}",
        used[0].source,
        option=f"{_AMOUNT_OPTIONS}, or for a survey {_RESPONSES}",
    )


def _missing(table: TableMapping, mapping: Mapping) -> list[Problem]:
    orders = [one for one in mapping.tables if one.grain == "orders" and "order_id" in one.fields]
    by_orders = {name for one in orders for name in one.fields} if "order_id" in table.fields else set()
    has = table.fields.keys() | by_orders
    problems = []
    if not {"net_amount", "unit_price"} & table.fields.keys():
        problems.append(
            Problem(
                "no_amount",
                "error",
                "No column holds the amount of a sale",
                _AMOUNT,
                table.source,
                option=_AMOUNT_OPTIONS,
            )
        )
    if "ordered_at" not in has and "line_at" not in table.fields:
        problems.append(
            Problem(
                "no_date",
                "error",
                "No column holds the date of a sale",
                "Assign one, or add the file of the orders.",
                table.source,
                option="--map ordered_at=COLUMN",
            )
        )
    if "customer_id" not in has:
        problems.append(
            Problem(
                "no_customer",
                "error",
                "No column says which customer bought",
                "Assign one, or add the file of the orders.",
                table.source,
                option="--map customer_id=COLUMN",
            )
        )
    if "unit_price" in table.fields and not {"net_amount", "quantity"} & table.fields.keys():
        message = f"There is a price (“{table.fields['unit_price']}”) and no quantity, so each row counts as one piece"
        problems.append(Problem("quantity_assumed", "info", message, "", table.source, table.fields["unit_price"]))
    return problems


def _missing_day(table: TableMapping) -> list[Problem]:
    """Without a day no response, case or contact can be used."""
    day = DATED[table.grain]
    if _has_day(table):
        return []
    message = f"No column holds the day: {fields_for(table.grain)[day].label.lower()}"
    return [Problem("no_date", "error", message, "Assign one, or leave the table out.", table.source, option=f"--map {day}=COLUMN")]


def _missing_whom(table: TableMapping) -> list[Problem]:
    """A contact is with a customer."""
    if table.grain != "contacts" or {"customer_id", "email"} & table.fields.keys():
        return []
    hint, option = "Assign the id or the e-mail of the customer, or leave the table out.", "--map contacts.customer_id=COLUMN"
    return [Problem("no_customer", "error", "No column says which customer was contacted", hint, table.source, option=option)]


def _missing_key(table: TableMapping) -> list[Problem]:
    """Fields without which a table of that grain cannot be joined or counted."""
    needed = {"orders": "order_id", "customers": "customer_id", "products": "product_id", "surveys": "score"}.get(table.grain)
    if needed is None or needed in table.fields or (needed == "score" and set(SCORE_FIELDS) & table.fields.keys()):
        return []
    label = fields_for(table.grain)[needed].label.lower()
    hint, option = "Assign one, or leave the table out.", f"--map {needed}=COLUMN"
    return [Problem("no_key", "error", f"No column holds the {label}", hint, table.source, option=option)]


def _same(staging: Staging, source: str, column: str, rivals: Sequence[str], kind: Kind) -> bool:
    """True where it makes no difference which column is chosen: the same days, the same amounts, or ids that go together one to one."""
    compare = is_same_day if kind in DATE_KINDS else is_same_amount if kind in NUMBER_KINDS else is_one_to_one
    return all(compare(staging, source, column, rival) for rival in rivals)


def _which(table: TableMapping, field: str, column: str, rival: str, by_values: bool) -> Problem:
    label = fields_for(table.grain)[field].label.lower()
    grounds = "no name says so, and by their values" if by_values else "by their names"
    message = f"“{column}” and “{rival}” could both be the {label} ({grounds})"
    option = f"--map {field}={column} or --map {field}={rival}"
    return Problem(f"which_{field}", "question", message, "Choose one.", table.source, column, option=option)
