"""A workspace file written anew without one person: her rows gone, her sales kept and attributed to nobody.

`person` finds what of hers the file holds, `tables` and `rows_read` leave it out, `rewrite` is what others call.
"""
