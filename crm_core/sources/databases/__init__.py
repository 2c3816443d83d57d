"""Databases as sources: connections an administrator names, what may be reached, what may be asked, and reading rows with bounded memory.

connections.py   what the administrator wrote: connections and what a user's own URL may reach
secrets.py       passwords by reference, looked up at the moment of connecting
places.py        may this URL be reached?
statements.py    may this statement run?
session.py       an open connection that only reads
faults.py        what drivers say, in words
browse.py        schemas, tables, columns, keys, a preview
selection.py     what is read: a table, tables joined by keys, or a query
rows.py          its rows as Arrow batches
stage.py         the rows in the staging area
"""
