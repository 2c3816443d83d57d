"""Runs the steps on the connection it is given, within that connection's transaction; who opens the store locks before and commits after."""

from __future__ import annotations

from alembic import context

from crm_core.store.saved.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a column by writing the table anew
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
