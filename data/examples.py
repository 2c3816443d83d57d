"""Small files to try on the Data page: sales of three invented shops, written the way shops of three countries write them.

One row a sale. What is difficult about each is said in crm_core/sources/sample.py, beside the file's title.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import jdatetime
import numpy as np
import pandas as pd
from numpy.random import RandomState

SEED = 2025
ROWS = 700

RUSSIAN_GOODS = (
    ("Чай Ассам 250 г", "Чай", 690.0),
    ("Чай зелёный Сенча 100 г", "Чай", 840.5),
    ("Чай травяной 100 г", "Чай", 390.0),
    ("Кофе в зёрнах 1 кг", "Кофе", 2190.9),
    ("Кофе молотый 250 г", "Кофе", 729.9),
    ("Чайник фарфоровый", "Посуда", 3490.0),
    ("Кружка", "Посуда", 650.0),
    ("Самовар электрический", "Посуда", 12990.0),
)
RUSSIAN_CITIES = ("Москва", "Санкт-Петербург", "Казань", "Самара", "Екатеринбург")

PERSIAN_GOODS = (
    ("چای کلاسیک ۵۰۰ گرم", "چای", 285000),
    ("چای ارل گری", "چای", 340000),
    ("دمنوش بابونه", "دمنوش", 120000),
    ("دمنوش گل گاوزبان", "دمنوش", 210000),
    ("قهوه اسپرسو یک کیلو", "قهوه", 980000),
    ("قهوه ترک", "قهوه", 460000),
    ("قوری چینی", "ظروف", 750000),
    ("نبات زعفرانی", "شیرینی", 165000),
)
PERSIAN_CITIES = ("تهران", "اصفهان", "شیراز", "مشهد", "تبریز", "رشت")

ENGLISH_GOODS = (
    ("Assam Breakfast, 250 g", "Tea", 7.95),
    ("Sencha, 100 g", "Tea", 11.5),
    ('Camomile "Sleepy"', "Herbal", 5.25),
    ("House Espresso, 1 kg", "Coffee", 18.0),
    ("Filter Blend, 500 g", "Coffee", 9.75),
    ("Cast Iron Teapot", "Teaware", 48.0),
    ("Hand Grinder", "Teaware", 1150.0),
    ("Rock Sugar", "Extras", 3.6),
)


def write(folder: Path) -> None:
    """Writes the three files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    random = RandomState(SEED)
    (folder / "russian_shop.csv").write_bytes(_russian(random).encode("cp1251"))
    (folder / "persian_shop.csv").write_bytes(_persian(random).encode("utf-8"))
    (folder / "messy_export.csv").write_bytes(_english(random).encode("utf-8-sig"))


def _sales(random: RandomState, goods: Sequence[tuple[str, str, float]], places: Sequence[str], first_day: date) -> pd.DataFrame:
    """Two years of orders of one to three lines; customers differ much in how often they come; a few lines are returns."""
    day = np.sort(random.randint(0, 700, ROWS // 2))
    customer = (160 * random.uniform(size=len(day)) ** 1.8).astype(int)
    order = np.sort(random.randint(0, len(day), ROWS))
    good = random.choice(len(goods), ROWS)
    quantity = 1 + random.poisson(0.6, ROWS)
    quantity[random.uniform(size=ROWS) < 0.03] *= -1
    return pd.DataFrame(
        {
            "number": order + 1,
            "day": [first_day + timedelta(days=int(day[one])) for one in order],
            "customer": customer[order] + 1,
            "place": [places[customer[one] % len(places)] for one in order],
            "product": [goods[one][0] for one in good],
            "category": [goods[one][1] for one in good],
            "quantity": quantity,
            "price": [goods[one][2] for one in good],
        }
    )


def _russian(random: RandomState) -> str:
    sales = _sales(random, RUSSIAN_GOODS, RUSSIAN_CITIES, date(2024, 1, 9))
    rows = [
        [
            f"{one.day:%d.%m.%Y}",
            f"З-{one.number:05d}",
            f"{one.customer:06d}",
            one.place,
            one.product,
            one.category,
            one.quantity,
            _comma(one.price),
            _comma(one.price * one.quantity),
        ]
        for one in sales.itertuples()
    ]
    return _csv(["Дата", "Номер заказа", "Код клиента", "Город", "Товар", "Категория", "Количество", "Цена", "Сумма"], rows, delimiter=";")


def _comma(amount: float) -> str:
    """1 234,50 with the no-break space that Russian programs write."""
    return f"{amount:,.2f}".replace(",", "\u00a0").replace(".", ",")


def _persian(random: RandomState) -> str:
    sales = _sales(random, PERSIAN_GOODS, PERSIAN_CITIES, date(2024, 3, 20))
    rows = [
        [
            f"{one.number + 4000}".translate(PERSIAN_DIGITS),
            jdatetime.date.fromgregorian(date=one.day).strftime("%Y/%m/%d").translate(PERSIAN_DIGITS),
            f"{one.customer + 100}".translate(PERSIAN_DIGITS),
            one.place,
            one.product,
            one.category,
            f"{one.quantity}".translate(PERSIAN_DIGITS),
            f"{one.price:,}".replace(",", "٬").translate(PERSIAN_DIGITS),
            f"{one.price * one.quantity:,}".replace(",", "٬").translate(PERSIAN_DIGITS),
        ]
        for one in sales.itertuples()
    ]
    return _csv(["شماره فاکتور", "تاریخ", "کد مشتری", "شهر", "نام کالا", "گروه کالا", "تعداد", "قیمت واحد", "مبلغ کل"], rows)


PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def _english(random: RandomState) -> str:
    sales = _sales(random, ENGLISH_GOODS, ("London", "Leeds", "Bristol", "n/a"), date(2024, 2, 3))
    rows = [
        [
            f"INV{one.number:04d}",
            f"{one.day:%d/%m/%Y}",
            f"CU-{one.customer:04d}" if random.uniform() > 0.04 else "",
            one.place,
            one.product,
            one.category if random.uniform() > 0.06 else f" {one.category.upper()}",
            one.quantity,
            f"£{one.price:,.2f}",
            f"£{one.price * one.quantity:,.2f}" if one.quantity > 0 else f"(£{-one.price * one.quantity:,.2f})",
            "Called twice,\nplease ring the bell" if random.uniform() < 0.02 else "",
        ]
        for one in sales.itertuples()
    ]
    twice = sorted(random.choice(len(rows), 15, replace=False))
    header = ["Invoice No", "Invoice Date", "Customer ID", "Town", "Product", "Category", "Qty", "Unit Price", "Line Total", "Note"]
    return _csv(header, sorted(rows + [rows[one] for one in twice], key=lambda row: str(row[0])))


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
