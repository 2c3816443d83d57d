"""Remembered mappings, as they were before databases had versions: there already, or in a new database made now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table("remembered_mappings"):
        return
    op.create_table(
        "remembered_mappings",
        sa.Column("shape", sa.String(64), primary_key=True),
        sa.Column("decisions", sa.Text, nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
    )
