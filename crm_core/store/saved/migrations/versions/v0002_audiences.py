"""Audiences with their versions, exports with their members, contact rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _audiences()
    _exports()
    op.create_table(
        "contact_rules",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        _text("value"),
        sa.Column("version", sa.Integer, nullable=False),
        *_saved(),
    )


def _audiences() -> None:
    op.create_table(
        "audiences",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("name_key", sa.String(300), nullable=False),
        sa.Column("owner", sa.String(320), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("deleted_by", sa.String(320)),
    )
    op.create_index("ix_audiences_workspace_id", "audiences", ["workspace_id"])
    is_live = sa.text("deleted_at IS NULL")
    op.create_index(
        "uq_audiences_name", "audiences", ["workspace_id", "name_key"], unique=True, sqlite_where=is_live, postgresql_where=is_live
    )
    op.create_table(
        "audience_versions",
        sa.Column("audience_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(100), nullable=False),
        *map(_text, ("note", "condition", "terms")),
        *_saved(),
        sa.ForeignKeyConstraint(["audience_id"], ["audiences.id"], "fk_audience_versions_audience_id_audiences", ondelete="CASCADE"),
    )


def _exports() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("audience_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        _text("condition"),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exported_by", sa.String(320), nullable=False),
        *(sa.Column(name, sa.Date, nullable=False) for name in ("as_of", "starts_on", "ends_on")),
        sa.Column("is_random", sa.Boolean, nullable=False),
        sa.Column("seed", sa.Text),
        sa.Column("control_share", sa.Double, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("n_treatment", "n_control", "n_erased")),
        *map(_text, ("rules", "left_out", "plan", "fingerprint", "columns")),
        sa.ForeignKeyConstraint(["audience_id"], ["audiences.id"], "fk_exports_audience_id_audiences", ondelete="CASCADE"),
    )
    op.create_index("ix_exports_audience_id", "exports", ["audience_id"])
    op.create_table(
        "export_parts",
        sa.Column("export_id", sa.String(64), primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        *map(_text, ("first_id", "last_id")),
        sa.Column("members", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["exports.id"], "fk_export_parts_export_id_exports", ondelete="CASCADE"),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _saved() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.String(320), nullable=False),
    )
