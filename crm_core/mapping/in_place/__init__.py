"""The canonical tables as expressions over a company's own typed tables, worked out inside its engine. `tables.canonical` is the door.

The same rules as an import, so the same answers, with these differences:

- **Values are typed.** Columns of numbers, dates, times and flags are cast. Of text, dates are read year first (2024-12-31, 2024-12-31 23:59:59) and
  numbers as plain decimals (-12.50); a column that is decided to be written otherwise (day first, Persian calendar, digits of a spreadsheet, currency
  signs, decimal commas, scores in words) is refused: it is for an import, or for a view that casts.
- **Texts** lose plain blanks at their ends, and words for nothing are no ids. Invisible marks and Arabic letters for Persian ones stay as they are.
- **No row has a place.** Where an import takes the first row of a file, here the least value counts, field by field (the earliest date, the
  least text); of sales the latest, and of those of the same second the greatest text; of the events of a case with the same time the one
  with the greater values; of answers of a day the later, then the one with the greater id. Texts compare as the engine compares them.
  `line_no` is as given or missing; responses, cases and contacts without an id are called by their day and a number.
- **Nothing is removed**: exact repeats stay, and rejected rows are counted and not listed.
- **What the data looked like at the opening decides**: whether ids need trimming, order ids stand once, dates are plausible, which status words, measures
  and scales there are. Rows that come later are read by these decisions until the next opening.
- Amounts in floating point become decimals by the engine's own rounding, and texts of such numbers are as the engine writes them.
"""
