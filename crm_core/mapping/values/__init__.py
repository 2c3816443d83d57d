"""How cells are written (numbers, dates, ids, words), found from the values of a column, and the expressions that read them."""
