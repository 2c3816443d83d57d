"""How satisfied are customers, what goes with it, what is it worth, and who is about to turn against us?

`responses` tells which answers count, `measures` what they add up to; every other module asks one question of these.
"""
