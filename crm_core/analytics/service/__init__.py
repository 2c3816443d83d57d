"""How well do we serve customers who need something: how fast, how often within the time agreed, about what, and what does slowness cost?

`cases` tells how each case stood on the day looked from; every other module asks one question of it.
"""
