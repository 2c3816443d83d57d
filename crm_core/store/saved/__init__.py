"""What users save for the whole company, in one database: audiences with their versions, exports kept as snapshots, contact rules, remembered mappings.

    with open_saved(find_home()) as saved:
        audience = saved.audiences.create("workspace id", "Lapsed", Definition("segment = 'At risk'"), who="ann", now=now)

See `opening` for where the database lies, `models` for its tables, `migrations/` for how a database of a former version becomes one of this.
"""
