"""May this statement run? Only a SELECT may, of tables and harmless functions; everything is refused that is not known to be harmless.

The statement is parsed, each of its parts must be on a list, and what then runs is written anew from the parsed tree: so what was checked
is what runs, whatever a server might have read into comments, escapes or quotation marks. Bound parameters and comments do not survive it.
The database's own guard (a read-only transaction, a user without rights to write) stands behind this one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from crm_core.errors import SourceError
from crm_core.sources.databases.connections import Access
from crm_core.sources.databases.faults import raise_alone
from crm_core.sources.databases.functions import DANGEROUS_CLASSES, HARMLESS, HARMLESS_ELSEWHERE

#: SQLAlchemy's names of dialects -> sqlglot's where they differ.
DIALECTS = {"postgresql": "postgres", "mariadb": "mysql", "mssql": "tsql", "cockroachdb": "postgres", "awsathena": "athena"}
LONGEST = 100_000
HINT = "Write one SELECT, with functions that compute from columns. An administrator can add functions to [access] of connections.toml."

#: What a statement may be made of, besides functions and operators.
PARTS: frozenset[type[exp.Expr]] = frozenset(
    {
        exp.Select, exp.Union, exp.Except, exp.Intersect, exp.Subquery, exp.With, exp.CTE, exp.Values, exp.Table, exp.TableAlias,
        exp.Column, exp.ColumnDef, exp.Identifier, exp.Star, exp.Literal, exp.Alias, exp.Aliases, exp.From, exp.Join, exp.Where, exp.Group,
        exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Fetch, exp.Window, exp.WindowSpec, exp.Distinct, exp.Null,
        exp.Boolean, exp.Tuple, exp.Var, exp.DataType, exp.DataTypeParam, exp.Interval, exp.IntervalSpan, exp.Lateral, exp.Cube, exp.Rollup,
        exp.GroupingSets, exp.Filter, exp.WithinGroup, exp.Any, exp.All, exp.AtTimeZone, exp.Bracket, exp.Slice, exp.National,
        exp.HexString, exp.BitString, exp.ByteString, exp.RawString, exp.UnicodeString, exp.Qualify, exp.JSONPath, exp.JSONValue, exp.Cast, exp.TryCast,
        exp.In, exp.Between, exp.Exists, exp.Case, exp.If, exp.IgnoreNulls, exp.RespectNulls, exp.TableSample, exp.JSONKeyValue,
        exp.Extract, exp.Lambda, exp.JSONColumnDef, exp.JSONSchema, exp.Escape, exp.CharacterSet, exp.OnCondition, exp.WeekStart,
    }
)  # fmt: skip
#: Whole families of such parts ...
FAMILIES = (exp.Binary, exp.Unary, exp.JSONPathPart)
#: ... without these: assignments, operators of a named schema, modules, and what parameters are.
NOT_OF_FAMILIES = (exp.PropertyEQ, exp.Operator, exp.Kwarg, exp.Dot)
#: Things with a name of their own in a refusal.
NAMES: dict[type[exp.Expr], str] = {
    exp.Into: "INTO",
    exp.Lock: "a lock (FOR UPDATE, FOR SHARE, LOCK)",
    exp.Parameter: "a variable",
    exp.SessionParameter: "a variable of the server",
    exp.Placeholder: "a placeholder",
    exp.PropertyEQ: "an assignment",
    exp.Command: "a command",
    exp.Operator: "an operator of a named schema",
}
BEGINNINGS = (TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN, TokenType.FROM)
KEYWORD = re.compile(r"[A-Z]{2,12}")
ROOTS = (exp.Select, exp.SetOperation, exp.Subquery)
#: Tables and schemas of the servers themselves: files, sessions, rights and passwords are among them.
SYSTEM_SCHEMAS = frozenset(("pg_catalog", "information_schema", "mysql", "performance_schema", "sys", "pg_toast", "system"))
SYSTEM_TABLES = re.compile(r"pg_|sqlite_|pragma_|fsdir$|dbstat$", re.IGNORECASE)
#: In an engine that reads files, what looks like a path or a web address is one.
PATHS = re.compile(r"[/\\*?:.\[\]~]")
FILE_ENGINES = ("duckdb", "clickhouse", "spark", "databricks", "pyspark")
#: ... and what looks like a schema of one of these names is a kind of file: csv.`/etc/passwd`.
KINDS_OF_FILES = frozenset(
    ("csv", "json", "jsonl", "parquet", "orc", "text", "avro", "delta", "iceberg", "xml", "binaryfile", "image", "libsvm")
)


#: What sqlglot 30 writes as something else that the dialect has not, or that gives other results (7 DIV 2 is 3, CAST(7 / 2 AS SIGNED) is 4).
AS_WRITTEN: dict[str, dict[type[exp.Expr], Callable[..., str]]] = {
    "mysql": {
        exp.IntDiv: lambda generator, node: generator.binary(node, "DIV"),
        exp.RegexpLike: lambda generator, node: generator.binary(node, "REGEXP"),
    },
    "sqlite": {exp.RegexpLike: lambda generator, node: generator.binary(node, "REGEXP")},
}


def checked(sql: str, dialect: str, access: Access) -> str:
    """The statement as it may run in the database of that (SQLAlchemy) dialect. Raises SourceError that names what is not allowed."""
    return written(parsed(sql, dialect, access), dialect)


def written(tree: exp.Expr, dialect: str) -> str:
    """The statement of a tree, without comments."""
    name = sqlglot_name(dialect)
    return _writer(name)(dialect=name, comments=False).generate(tree)


@lru_cache
def _writer(name: str) -> type[sqlglot.Generator]:
    """sqlglot's own, but for AS_WRITTEN."""
    usual = sqlglot.Dialect.get_or_raise(name).generator_class
    return type("Writer", (usual,), {"TRANSFORMS": {**usual.TRANSFORMS, **AS_WRITTEN.get(name, {})}})


def parsed(sql: str, dialect: str, access: Access) -> exp.Query:
    """The checked statement as a tree, for those who go on building with it."""
    name = sqlglot_name(dialect)
    if len(sql) > LONGEST:
        raise SourceError("The statement is too long", f"It has {len(sql):,} characters; the most is {LONGEST:,}.", "Make a view of it.")
    if "\0" in sql:
        raise refused("a character that no text has")
    with _in_words():
        _check_tokens(sqlglot.tokenize(sql, read=name))
        trees = [one for one in sqlglot.parse(sql, read=name) if one is not None and not isinstance(one, exp.Semicolon)]
    if len(trees) != 1:
        raise refused("more than one statement")
    (tree,) = trees
    if not isinstance(tree, ROOTS):
        raise refused(f"{_word(tree)} instead of SELECT")
    for node in tree.walk():
        _check(node, name, access)
    return tree


def sqlglot_name(dialect: str) -> str:
    """sqlglot's name of an SQLAlchemy dialect. Raises SourceError for one whose statements cannot be checked."""
    name = DIALECTS.get(dialect, dialect)
    if sqlglot.Dialect.get(name) is None:
        raise SourceError(
            "Queries are not possible here", f"Statements for “{dialect}” cannot be checked.", "Choose a table, or ask for a view of it."
        )
    return name


def refused(what: str) -> SourceError:
    return SourceError("This statement may not run", f"Only a SELECT may be asked; this one holds {what}.", HINT)


def _check_tokens(tokens: list[Token]) -> None:
    """One statement that begins as a SELECT does: so the parser never meets a command, of which it would warn with the statement in its words."""
    if any(comment.lstrip().startswith(("!", "M!", "+")) for token in tokens for comment in token.comments):
        raise refused("a comment that the server would carry out")
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens = tokens[:-1]
    if not tokens:
        raise refused("no statement at all")
    if any(token.token_type == TokenType.SEMICOLON for token in tokens):
        raise refused("more than one statement")
    if tokens[0].token_type not in BEGINNINGS:
        word = tokens[0].text.upper()
        raise refused(f"{word if KEYWORD.fullmatch(word) else 'something else'} instead of SELECT")


def _check(node: exp.Expr, dialect: str, access: Access) -> None:
    """Raises SourceError unless this part of a statement, seen alone, is harmless."""
    if isinstance(node, exp.Table):
        _check_table(node, dialect, access)
    elif isinstance(node, exp.Dot):
        if isinstance(node.expression, exp.Func):
            _check_called(_called(node, dialect), access)
        elif not isinstance(node.expression, exp.Identifier | exp.Star):
            raise refused(_word(node.expression))
    elif isinstance(node, exp.Func) and not isinstance(node, exp.And | exp.Or | exp.Xor):
        _check_function(node, dialect, access)
    elif type(node) not in PARTS and (isinstance(node, NOT_OF_FAMILIES) or not isinstance(node, FAMILIES)):
        raise refused(_word(node))
    if isinstance(node, exp.Select) and node.args.get("kind"):
        raise refused(str(node.args["kind"]))


def _check_table(table: exp.Table, dialect: str, access: Access) -> None:
    """A table's name is that of a table: no file, no path, nothing of the server's own."""
    name = table.name
    if isinstance(table.this, exp.Func):
        if table.args.get("db"):
            _check_called(f"{table.text('db')}.{_called(table.this, dialect)}", access)
        return
    if not isinstance(table.this, exp.Identifier):
        if table.args.get("rows_from"):
            return  # functions, each of which is checked
        raise refused("a table that is none")
    if is_a_file(name, table.text("db"), dialect):
        raise refused(f"the file “{name}” in place of a table")
    if table.text("catalog").lower() in SYSTEM_SCHEMAS:
        raise refused(f"the server's own table “{name}”")
    check_place(name, table.text("db"), access, table.text("catalog"))


def check_place(name: str, schema: str | None, access: Access, catalog: str = "") -> None:
    """Raises SourceError for a table of the server itself, or of a schema that is not among those the administrator chose."""
    if is_servers_own(name, schema):
        raise refused(f"the server's own table “{name}”")
    whole = f"{catalog}.{schema}" if catalog else schema
    if access.schemas and whole and whole.lower() not in {one.lower() for one in access.schemas}:
        raise refused(f"a table of the schema “{whole}”; this connection may read of {', '.join(access.schemas)}")


def is_a_file(name: str, schema: str | None, dialect: str) -> bool:
    """Would an engine that reads files take that name for one?"""
    return dialect in FILE_ENGINES and (PATHS.search(name) is not None or (schema or "").lower() in KINDS_OF_FILES)


def is_servers_own(name: str, schema: str | None) -> bool:
    """Is it a table of the server itself, with its sessions, files, rights or passwords? A schema of the user's own makes it hers."""
    if schema and schema.lower() not in ("main", "temp"):
        return schema.lower() in SYSTEM_SCHEMAS
    return SYSTEM_TABLES.match(name) is not None


def _check_function(function: exp.Func, dialect: str, access: Access) -> None:
    if isinstance(function.parent, exp.Dot) and function.parent.expression is function:
        return  # checked with the name of its schema
    if isinstance(function.parent, exp.Table) and function.parent.args.get("db"):
        return  # so is this
    if type(function).__name__ not in DANGEROUS_CLASSES:
        return
    if not isinstance(function, exp.Anonymous):
        _check_called(_called(function, dialect), access)
        return
    if isinstance(function.this, exp.Identifier):  # a quoted name is another name than the plain one
        raise refused(f"the function “{function.name}” in quotation marks")
    if function.name.lower() not in HARMLESS.get(dialect, HARMLESS_ELSEWHERE):
        _check_called(function.name, access)


def _check_called(name: str, access: Access) -> None:
    if name.lower() not in {one.lower() for one in access.functions}:
        raise refused(f"the function “{name.lower()}”, which is not on the list of harmless ones")


def _called(node: exp.Expr, dialect: str) -> str:
    """The name before the arguments, as it would run."""
    return node.sql(dialect=dialect, comments=False).partition("(")[0].strip().replace('"', "").replace("`", "").lower()


def _word(node: exp.Expr) -> str:
    if type(node) in NAMES:
        return NAMES[type(node)]
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).upper()


@contextmanager
def _in_words() -> Iterator[None]:
    """What the parser says would quote the statement, and with it a user's literals."""
    found = None
    try:
        yield
    except SqlglotError as error:
        place = re.search(r"Line (\d+), Col: (\d+)", str(error))
        found = f" near line {place[1]}, column {place[2]}" if place else ""
    except RecursionError:
        found = ": it is nested too deeply"
    if found is not None:
        raise_alone(SourceError("The statement cannot be read", f"It is no SELECT that can be understood{found}.", HINT))
