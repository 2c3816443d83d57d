"""Where does the table begin in a grid of cells, and what are its columns called?

Works on the first records of a text file or a sheet, all cells as text: titles above the table, the header or its absence, and
names made unique. Decided by content: a header's cells are words where the column below holds numbers, dates or repeating values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

Record = Sequence[str]

#: Digits with the marks that numbers, dates, times, amounts and shares are written with, in any script.
VALUE = re.compile(r"^[\s\d.,:/+\-−'%()$€£₽¥#]*\d[\s\d.,:/+\-−'%()$€£₽¥TZ]*$")
#: Values that are no name of a column: mail, web addresses, long codes with digits, dates with month words.
CODE = re.compile(r"^\S+@\S+\.\S+$|^https?://|^(?=\S*\d)[0-9a-fA-F-]{12,}$|^\d+[-/. ]\w+[-/. ]\d+")
#: Parts of words that headers are made of, in the languages of common exports. One hit among the cells of an all-text record decides for a header.
HEADER_WORDS = re.compile(
    r"\b(id|no|nr|number|code|key|name|e-?mail|phone|date|day|month|year|time|amount|total|price|sum|qty|quantity|count|sales|revenue|cost|value|currency|"
    r"customer|client|buyer|user|order|invoice|product|item|article|sku|category|type|status|country|city|state|region|zip|address|score|rating|comment|"
    r"nom|prix|quantité|commande|montant|ville|pays|kunde|kunden|bestellung|datum|preis|menge|betrag|artikel|land|ort|stadt|cliente|pedido|fecha|data|"
    r"precio|preço|cantidad|quantidade|valor|importe|klient|zamówienie|cena|ilość|kwota|zákazník|objednávka|množství|částka|"
    r"дата|клиент|покупатель|заказ|товар|цена|сумма|количество|кол-во|номер|имя|город|страна|категория|статус|телефон)\b"
    r"|(نام|تاریخ|مشتری|سفارش|محصول|کالا|قیمت|مبلغ|تعداد|شهر|شناسه|کد|شماره|تلفن|وضعیت|العميل|التاريخ|المبلغ|الكمية|السعر|الطلب|المنتج|اسم|رقم|المدينة)",
    re.IGNORECASE,
)
MOST_TITLE_RECORDS = 50
#: A longer cell is a text. The patterns above take time by the square of a cell's length: a cell of 60,000 digits and a letter, an hour.
LONGEST_VALUE = 200


@dataclass(frozen=True)
class Layout:
    """`skip` records stand above the table (the header not among them); `names` are the columns' names, made unique;
    `named` tells for each whether the file named it.
    """

    skip: int
    has_header: bool
    names: tuple[str, ...]
    named: tuple[bool, ...]
    evidence: str

    @property
    def width(self) -> int:
        return len(self.names)

    @property
    def data_from(self) -> int:
        """Records before the first row of data."""
        return self.skip + self.has_header


def find(records: Sequence[Record], skip: int | None = None, has_header: bool | None = None) -> Layout:
    """The layout of the table that `records` begin; `skip` and `has_header` are the user's word, None means find out."""
    width = _width(records)
    start = _start(records, width) if skip is None else skip
    header = list(records[start]) if start < len(records) else []
    body = [record for record in records[start + 1 :] if any(record)]
    evidence = "as chosen"
    if has_header is None:
        has_header, evidence = _is_header(header, body)
        if not has_header and skip is None:
            start = _first_of_width(records, width)
    cells = _aligned(header, body, width) if has_header else [""] * width
    return Layout(start, has_header, unique_names(cells), tuple(bool(cell.strip()) for cell in cells), evidence)


def unique_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Names as the user sees them: blanks tidied, nameless ones "Column 3", repeated ones "category (2)"."""
    tidy = [" ".join(cell.replace("\ufeff", "").replace("\x00", "").split()) or f"Column {number}" for number, cell in enumerate(cells, 1)]
    as_given = set(tidy)
    names: dict[str, None] = {}
    for name in tidy:
        count, unique = 1, name
        while unique in names or (count > 1 and unique in as_given):
            count += 1
            unique = f"{name} ({count})"
        names[unique] = None
    return tuple(names)


def is_value(cell: str) -> bool:
    """A number, date, amount, code or address: nothing one would call a column."""
    return len(cell) <= LONGEST_VALUE and bool(VALUE.match(cell) or CODE.match(cell))


def _width(records: Sequence[Record]) -> int:
    counts = Counter(len(record) for record in records if any(record))
    return max(counts, key=lambda width: (counts[width], width), default=0)


def _start(records: Sequence[Record], width: int) -> int:
    """The first record that is filled like the table's: titles and notes above it fill only a cell or two."""
    filled = [sum(1 for cell in record if cell.strip()) for record in records]
    typical = median([count for count in filled if count] or [0])
    for number, record in enumerate(records[:MOST_TITLE_RECORDS]):
        if filled[number] and len(record) >= width - 1 and filled[number] > typical / 2:
            return number
    return _first_of_width(records, width)


def _first_of_width(records: Sequence[Record], width: int) -> int:
    return next((number for number, record in enumerate(records) if len(record) == width and any(record)), 0)


def _is_header(first: Record, body: Sequence[Record]) -> tuple[bool, str]:
    """Whether `first` names the columns of `body`, and the reason in words."""
    cells = [cell.strip() for cell in first]
    filled = [cell for cell in cells if cell]
    if not filled:
        return False, "no names found"
    if not body:
        is_data = any(is_value(cell) for cell in filled)
        return not is_data, "it holds values" if is_data else "it holds words"
    columns = [
        [record[number].strip() for record in body if number < len(record) and record[number].strip()] for number in range(len(cells))
    ]
    votes = [_vote(cell, column) for cell, column in zip(cells, columns, strict=True) if cell]
    if sum(votes) != 0:
        return sum(votes) > 0, "its words stand above numbers or dates" if sum(votes) > 0 else "the first line holds values like the others"
    if any(HEADER_WORDS.search(cell.replace("_", " ")) for cell in filled):
        return True, "its words are those of a header"
    repeated = sum(1 for cell, column in zip(cells, columns, strict=True) if cell and cell in column)
    return repeated == 0, "its words do not occur below" if repeated == 0 else "the words of the first line occur again below"


def _vote(cell: str, column: Sequence[str]) -> int:
    """+1: a word above values, as in a header. -1: a value above values, as in data. 0: says nothing."""
    if not column:
        return 0
    share = sum(1 for value in column if is_value(value)) / len(column)
    if share < 0.5:
        return -1 if is_value(cell) and share > 0.1 else 0
    return -1 if is_value(cell) else 1


def _aligned(header: Record, body: Sequence[Record], width: int) -> list[str]:
    """The header with as many cells as the table. One name too few: the first column has none (row names, as R writes them), or the
    last (an empty cell at the end of every line). Names beyond the lines' cells stay: the lines are short then.
    """
    cells = list(header)
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    missing = width - len(cells)
    last_is_filled = any(record[-1].strip() for record in body if len(record) == width)
    return ["", *cells] if missing == 1 and last_is_filled else cells + [""] * max(missing, 0)
