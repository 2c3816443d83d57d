"""A user's SELECT as it is read: checked, and with what this program adds to it, as one statement."""

from __future__ import annotations

from datetime import date

from sqlglot import exp

from crm_core.sources.databases import statements
from crm_core.sources.databases.selection import Newest, Selection
from crm_core.sources.databases.session import Session


def text(session: Session, tree: exp.Query) -> str:
    return statements.written(tree, session.dialect)


def parsed(session: Session, query: str) -> exp.Query:
    return statements.parsed(query, session.dialect, session.access)


def limited(tree: exp.Query, rows: int) -> exp.Query:
    """The same with at most so many rows."""
    limit = tree.args.get("limit")
    own = limit.expression.name if isinstance(limit, exp.Limit) and limit.expression is not None else ""
    if own.isdecimal() and int(own) <= rows:
        return tree
    if limit is not None or not isinstance(tree, exp.Select):  # FETCH FIRST, WITH TIES and the like are kept as they are
        return exp.select("*").from_(tree.subquery("q")).limit(rows)
    return tree.limit(rows)


def newer(tree: exp.Query, selection: Selection) -> exp.Query:
    """The rows that are newer than what was read before, and those of which nobody knows."""
    if selection.newer_than is None:
        return tree
    column, value = selection.newer_than
    return (
        exp.select("*").from_(tree.subquery("q")).where(newer_condition(exp.column(column, "q", quoted=True), value, selection.with_nulls))
    )


def newer_condition(column: exp.Column, value: Newest, with_nulls: bool) -> exp.Expr:
    literal = exp.Literal.string(str(value)) if isinstance(value, str | date) else exp.Literal.number(str(value))
    condition = exp.GT(this=column, expression=literal)
    return exp.Or(this=condition, expression=exp.Is(this=column.copy(), expression=exp.Null())) if with_nulls else condition
