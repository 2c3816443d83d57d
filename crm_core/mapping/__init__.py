"""From files as they are to canonical tables: what a user decides, what is suggested, what is checked, what is carried out.

`suggest` (room `meaning`) proposes a `model.Mapping`, `overrides` and pages correct it, `validate` checks its structure, `build` (room
`carrying_out`) makes the workspace file and its `receipt`. Room `values` knows how cells are written.
"""
