"""Briefs to draw: an everyday one, one in Persian, one that says far too much."""

from __future__ import annotations

from datetime import date

from crm_core.export.brief import Brief, Groups

EVERYDAY = Brief(
    title="Win back <script>alert(1)</script> & co",
    day=date(2024, 3, 4),
    data_name="Online Retail",
    as_of=date(2024, 3, 1),
    prepared_for="Monday meeting",
    prepared_by="Анна Иванова",
    who=('=HYPERLINK("http://x") is a text', "Segment At risk, net sales above 500 GBP."),
    why=("They brought 23 % of last year's sales.",),
    how_many=(("Customers", "1,204"), ("Net sales", "1.82M GBP")),
    expect=(("Break-even response", "1.9 %"), ("Discount room", "up to 11 %")),
    caveats=("Assumes nobody would have bought.",),
    rules=tuple((f"Rule number {number}", number * 1000) for number in range(1, 13)),
    groups=Groups(1084, 120, 17, date(2024, 5, 31), "segment"),
    judged=("Permutation test of net sales a customer.",),
    command='python -m crm_core audience "a b.csv" --where \'not (country = "Germany")\' --seed 17 {nb}',
    profile=(("Orders", "6.1", "4.3"),),
)

PERSIAN = Brief(
    title="بازگشت بهاری",
    day=date(2024, 3, 20),
    data_name="فروشگاه چای",
    as_of=date(2024, 3, 19),
    prepared_by="زهرا",
    who=("مشتریانی که می‌خواهیم برگردند و در گروه «At risk» هستند و بیش از شصت روز است که خریدی نداشته‌اند.",),
    how_many=(("مشتریان", "۱٬۲۰۴"),),
    rules=(("شکایت باز", 17),),
)

WIDE = "W" * 900

ENDLESS = Brief(
    title=WIDE,
    day=date(2024, 3, 4),
    data_name=WIDE,
    as_of=date(2024, 3, 1),
    prepared_for=WIDE,
    prepared_by=WIDE,
    who=(WIDE,) * 40,
    why=("کلمة طويلة جدا " * 90,) * 40,
    how_many=((WIDE, WIDE),) * 40,
    expect=((WIDE, WIDE),) * 40,
    caveats=(WIDE,) * 40,
    rules=((WIDE, 10**9),) * 40,
    groups=Groups(10**9, 10**9, 10**9, date(2024, 5, 31), WIDE),
    judged=(WIDE,) * 40,
    command=WIDE * 5,
    profile=((WIDE, WIDE, WIDE),) * 40,
)

EMPTY = Brief(title="", day=date(2024, 3, 4), data_name="", as_of=date(2024, 3, 1))
