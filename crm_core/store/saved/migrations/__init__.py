"""How a database of a former version becomes one of this version, by Alembic: one file a step in `versions/`."""
