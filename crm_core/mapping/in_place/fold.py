"""What an engine gets to read, made short: columns that nothing uses are left out, chains of projections and filters become one of each.

The rules are written step by step, each over the whole row; of that a canonical table uses little. Ibis would fold queries itself, in every
translation anew; here it is done once for an opening, and translating what is left takes a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

#: Values of more parts than this stay apart: what is used several times would be written several times.
MOST_PARTS = 150
#: Values that depend on other rows: a filter must not come before them.
_OF_ROWS = (ops.Analytic, ops.WindowFunction, ops.Reduction, ops.Subquery)


def short(rows: ir.Table) -> ir.Table:
    """The same columns and rows, by fewer steps over fewer columns."""
    return _pruned(rows.op(), set(rows.columns)).replace(partial(_fold, {})).to_expr()


# -- columns that are used ------------------------------------------------------------------------------------------------


def _pruned(node: Any, needed: set[str]) -> Any:
    """The relation with no more than the needed columns where it can do without the others."""
    if isinstance(node, ops.Project):
        return _of_project(node, needed)
    if isinstance(node, ops.DropColumns):
        return _pruned(ops.Project(node.parent, {name: ops.Field(node.parent, name) for name in node.schema.names}), needed)
    if isinstance(node, ops.Filter):
        below = _pruned(node.parent, needed | _names(node.predicates, node.parent))
        return ops.Filter(below, tuple(_moved(one, node.parent, below) for one in node.predicates))
    if isinstance(node, ops.Aggregate):
        metrics = _kept(node.metrics, needed)
        below = _pruned(node.parent, _names([*node.groups.values(), *metrics.values()], node.parent))
        groups = {name: _moved(value, node.parent, below) for name, value in node.groups.items()}
        return ops.Aggregate(below, groups, {name: _moved(value, node.parent, below) for name, value in metrics.items()})
    if isinstance(node, ops.JoinChain):
        return _of_join(node, needed)
    if isinstance(node, ops.Union) and not node.distinct:
        return ops.Union(*(_exactly(part, _in_order(node, needed)) for part in (node.left, node.right)), distinct=False)
    if isinstance(node, ops.Limit | ops.Distinct):
        return type(node)(
            **{**dict(zip(node.__argnames__, node.__args__, strict=True)), "parent": _exactly(node.parent, list(node.schema.names))}
        )
    return node


def _of_project(node: ops.Project, needed: set[str]) -> ops.Project:
    values = _kept(node.values, needed) or dict(list(node.values.items())[:1])
    below = _pruned(node.parent, _names(values.values(), node.parent))
    return ops.Project(below, {name: _moved(value, node.parent, below) for name, value in values.items()})


def _of_join(node: ops.JoinChain, needed: set[str]) -> ops.JoinChain:
    values = _kept(node.values, needed) or dict(list(node.values.items())[:1])
    used = [*values.values(), *(predicate for link in node.rest for predicate in link.predicates)]
    by: dict[Any, Any] = {}
    for reference in (node.first, *(link.table for link in node.rest)):
        below = ops.JoinReference(_pruned(reference.parent, _names(used, reference)), reference.identifier)
        by |= {reference: below} | {ops.Field(reference, name): ops.Field(below, name) for name in below.schema.names}
    rest = tuple(
        ops.JoinLink(link.how, by[link.table], tuple(one.replace(by, filter=ops.Value) for one in link.predicates)) for link in node.rest
    )
    return ops.JoinChain(by[node.first], rest, {name: value.replace(by, filter=ops.Value) for name, value in values.items()})


def _exactly(node: Any, names: list[str]) -> Any:
    """The relation with these columns in this order."""
    below = _pruned(node, set(names))
    return below if list(below.schema.names) == names else ops.Project(below, {name: ops.Field(below, name) for name in names})


def _in_order(node: Any, needed: set[str]) -> list[str]:
    return [name for name in node.schema.names if name in needed] or list(node.schema.names[:1])


def _kept(values: Mapping[str, Any], needed: set[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in needed}


def _names(values: Iterable[Any], relation: Any) -> set[str]:
    """The columns of the relation that the values use."""
    fields = (field for value in values for field in value.find(ops.Field, filter=ops.Value))
    return {field.name for field in fields if field.rel == relation}


# -- steps that follow each other ---------------------------------------------------------------------------------------------


#: Value -> its words: values are parts of many others, and are counted once.
Counted = dict[Any, int]


def _fold(counted: Counted, node: Any, kwargs: dict[str, Any] | None) -> Any:
    node = node.__recreate__(kwargs) if kwargs else node
    if isinstance(node, ops.Project) and _can_give_way(node.parent):
        return _small(ops.Project(node.parent.parent, _replaced(dict(node.values), node.parent)), node, counted)
    if isinstance(node, ops.Filter) and _can_give_way(node.parent):
        below = ops.Filter(node.parent.parent, tuple(_replaced(dict(enumerate(node.predicates)), node.parent).values()))
        kept = {name: _moved(value, node.parent.parent, below) for name, value in node.parent.values.items()}
        return _small(ops.Project(below, kept), node, counted)
    return node


def _can_give_way(node: Any) -> bool:
    return isinstance(node, ops.Project) and not any(value.find(_OF_ROWS, filter=ops.Value) for value in node.values.values())


def _replaced(values: dict[Any, Any], parent: ops.Project) -> dict[Any, Any]:
    """Values that refer to a projection, by what it projects."""
    by = {ops.Field(parent, name): value for name, value in parent.values.items()}
    return {name: value.replace(by, filter=ops.Value) for name, value in values.items()}


def _moved(value: Any, old: Any, new: Any) -> Any:
    """The value with the columns of one relation for those of another."""

    def move(node: Any, kwargs: dict[str, Any] | None) -> Any:
        node = node.__recreate__(kwargs) if kwargs else node
        if isinstance(node, ops.Field) and node.rel == old:
            return ops.Field(new, node.name)
        return ops.CountStar(new, where=node.where) if isinstance(node, ops.CountStar) and node.arg == old else node

    return value.replace(move, filter=ops.Value)


def _small(folded: ops.Project, node: Any, counted: Counted) -> Any:
    values = list(folded.values.values())
    if isinstance(folded.parent, ops.Filter):
        values += folded.parent.predicates
    return folded if max(_parts(value, counted) for value in values) <= MOST_PARTS else node


def _parts(value: Any, counted: Counted) -> int:
    """Words of a value as it is written; columns of a relation are one."""
    if isinstance(value, ops.Field):
        return 1
    if value not in counted:
        counted[value] = 1 + sum(_parts(part, counted) for part in value.__children__ if isinstance(part, ops.Value))
    return counted[value]
