"""Makes the sample company's files (`sample/`), its truth (`truth/`) and the small files to try (`examples/`).

    python -m data.make_sample [FOLDER]

The same on every run: one seed, streams that numpy keeps. `shop.py` holds the numbers, `simulate.py`, `service.py` and `contacts.py` the behaviour; this
module turns orders into the files a shop would export, cut at LAST_DAY, and spoils some values as real exports are spoilt.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.random import RandomState

from data import contacts, examples, service, shop, simulate

MONEY = pa.decimal128(9, 2)
TOO_FAR = pd.Timestamp("2062-04-01")
START = pd.Timestamp(shop.FIRST_DAY)
END = pd.Timestamp(shop.LAST_DAY) + pd.Timedelta(days=1)


def make(folder: Path) -> None:
    """Writes all files below `folder`."""
    random = RandomState(shop.SEED)
    customers = simulate.people(random)
    orders = simulate.purchases(random, customers)
    lines = simulate.baskets(random, customers, orders)
    orders = _described(random, orders)
    tables = _exported(random, customers, orders, lines)
    _write_tables(folder / "sample", tables)
    _write_tables(folder / "truth", {"customers": _truth(customers, orders, lines)})
    (folder / "truth" / "effects.json").write_text(json.dumps(_effects(tables), indent=2) + "\n", encoding="utf-8")
    examples.write(folder / "examples")


def _described(random: RandomState, orders: pd.DataFrame) -> pd.DataFrame:
    """Adds what an order says of itself: ordered_at (opening hours), sales channel, promised and delivered day."""
    day = np.floor(orders["at"])
    ordered_at = START + pd.to_timedelta(day, unit="D") + pd.to_timedelta(np.round((7 + 15.5 * (orders["at"] - day)) * 3600), unit="s")
    promised_on = ordered_at.dt.normalize() + pd.to_timedelta(random.randint(3, 6, len(orders)), unit="D")
    days_late = np.where(orders["is_late"], 1 + random.poisson(2.5, len(orders)), -random.randint(0, 3, len(orders)))
    delivered_on = promised_on + pd.to_timedelta(days_late, unit="D")
    online = np.where(random.uniform(size=len(orders)) < 0.3, "App", "Web shop")
    return orders.assign(
        ordered_at=ordered_at,
        channel=np.where(orders["is_in_store"], "Store", online),
        promised_on=promised_on.where(~orders["is_in_store"]),
        delivered_on=delivered_on.where(~orders["is_in_store"]),
    )


def _exported(random: RandomState, customers: pd.DataFrame, orders: pd.DataFrame, lines: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The files of the export: what happened until LAST_DAY, in the shop's words, with its mistakes."""
    done = orders[orders["ordered_at"] < END]
    sold = lines[lines["order"] < len(done)]
    all_orders, all_lines = _with_guests_and_voids(random, done, sold)
    all_orders["order_id"] = [f"SB-{number}" for number in 100_000 + all_orders["ordered_at"].rank(method="first").astype(int)]
    ids = _customer_ids(customers)
    cases, surveys = service.tables(random, all_orders[all_orders["status"] == "completed"], ids, END)
    order_lines = _order_lines(random, all_orders, all_lines)
    people, placed = _customers(random, customers, done, ids), _orders(random, all_orders, ids)
    return {
        "customers": people,
        "orders": placed,
        "order_lines": order_lines,
        "products": _products(),
        "surveys": surveys,
        "cases": cases,
        "contacts": contacts.table(RandomState(shop.SEED + 2), people, placed),  # a stream of its own: the others stay as they were
    }


def _customer_ids(customers: pd.DataFrame) -> np.ndarray:
    return np.array([f"C{number:05d}" for number in range(1, len(customers) + 1)])


def _with_guests_and_voids(random: RandomState, orders: pd.DataFrame, lines: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Adds orders on top of the purchases, as copies of them: guests in a store, and tries that were cancelled or never paid."""
    guests = _copies(random, orders[orders["is_in_store"]], int(shop.GUEST_SHARE * len(orders))).assign(customer=-1, status="completed")
    voids = _copies(random, orders[~orders["is_in_store"]], int(shop.VOID_SHARE * len(orders)))
    voids = voids.assign(status=random.choice(["cancelled", "unpaid"], len(voids), p=[0.6, 0.4]), promised_on=pd.NaT, delivered_on=pd.NaT)
    extra = pd.concat([guests, voids])
    extra["ordered_at"] += pd.to_timedelta(random.randint(-90, -5, len(extra)), unit="m")
    both = pd.concat([orders.assign(status="completed", source=orders.index), extra], ignore_index=True)
    copied = lines.merge(pd.DataFrame({"order": both["source"], "row": both.index}), on="order")
    return both, copied.assign(order=copied["row"]).drop(columns="row").sort_values("order", kind="stable", ignore_index=True)


def _copies(random: RandomState, orders: pd.DataFrame, count: int) -> pd.DataFrame:
    rows = np.sort(random.choice(len(orders), count, replace=False))
    return orders.iloc[rows].assign(source=orders.index[rows])


def _customers(random: RandomState, customers: pd.DataFrame, orders: pd.DataFrame, ids: np.ndarray) -> pd.DataFrame:
    count = len(customers)
    home = [shop.COUNTRIES[one] for one in random.choice(len(shop.COUNTRIES), count, p=[one[1] for one in shop.COUNTRIES])]
    places = [one[3][number % len(one[3])] for one, number in zip(home, random.randint(0, 60, count), strict=True)]
    names = list(zip(random.choice(shop.FIRST_NAMES.split(), count), random.choice(shop.LAST_NAMES.split(), count), strict=True))
    phones = random.randint(0, 10**7, count)
    won_on = orders.groupby("customer")["ordered_at"].min().dt.normalize().reindex(range(count))
    waited = np.where(random.uniform(size=count) < 0.7, 0, random.randint(1, 30, count))
    table = pd.DataFrame(
        {
            "customer_id": ids,
            "customer_name": [f"{first} {last}" for first, last in names],
            "email": [f"{first}.{last}.{number}@example.com".lower() for number, (first, last) in enumerate(names, 1)],
            "phone": [f"{shop.DIALLING_CODES[one[0]]} 555 {number:07d}" for one, number in zip(home, phones, strict=True)],
            "consent": np.where(random.uniform(size=count) < 0.72, "yes", "no"),
            "joined_on": won_on - pd.to_timedelta(waited, unit="D"),
            "acquisition_channel": [shop.CHANNELS[one].name for one in customers["channel"]],
            "country": [one[0] for one in home],
            "region": [one[0] for one in places],
            "city": [one[1] for one in places],
            "plan": [shop.PLANS[one].name for one in customers["plan"]],
            "sales_rep": [one[2] for one in home],
        }
    )
    return _spoilt_customers(random, table)


def _spoilt_customers(random: RandomState, table: pd.DataFrame) -> pd.DataFrame:
    misspelt = _some(random, table.index, "customers_country_misspelt")
    shouted = misspelt[misspelt % 2 == 1]
    table.loc[misspelt, "country"] = table.loc[misspelt, "country"].str.lower()
    table.loc[shouted, "country"] = table.loc[shouted, "country"].str.upper()
    table.loc[_some(random, table.index, "customers_without_country"), ["country", "region", "city"]] = None
    table.loc[_some(random, table.index, "customers_without_email"), "email"] = None
    table.loc[_some(random, table.index, "customers_joined_in_2062"), "joined_on"] = TOO_FAR
    return table


def _orders(random: RandomState, orders: pd.DataFrame, ids: np.ndarray) -> pd.DataFrame:
    is_under_way = (orders["status"] == "completed") & (orders["delivered_on"] >= END)
    table = pd.DataFrame(
        {
            "order_id": orders["order_id"],
            "customer_id": np.where(orders["customer"] >= 0, ids[orders["customer"]], None),
            "ordered_at": orders["ordered_at"],
            "channel": orders["channel"],
            "status": orders["status"].mask(is_under_way, "processing"),
            "currency": "EUR",
            "promised_on": orders["promised_on"],
            "delivered_on": orders["delivered_on"].mask(is_under_way),
        }
    )
    table.loc[_some(random, table.index[table["delivered_on"].notna()], "orders_delivered_in_2062"), "delivered_on"] = TOO_FAR
    table.loc[_some(random, table.index, "orders_without_date"), "ordered_at"] = pd.NaT
    return table.sort_values("order_id", ignore_index=True)


def _order_lines(random: RandomState, orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Sales and returns as lines of the order; a return has a date of its own. Net = list − discount = quantity × unit price."""
    lines = lines.assign(line_no=lines.groupby("order").cumcount() + 1, line_at=pd.NaT)
    fee = np.where((orders["channel"] != "Store") & (lines.groupby("order")["price"].sum() < 40), 3.90, 0.0)
    lines["delivery"] = np.where(lines["line_no"] == 1, fee[lines["order"]], 0.0)
    lines = pd.concat([lines, _returns(random, orders, lines)], ignore_index=True)
    lines["order_id"] = orders["order_id"].to_numpy()[lines["order"]]
    lines = lines.sort_values(["order_id", "line_no"], ignore_index=True)
    table = pd.DataFrame(
        {
            "order_id": lines["order_id"],
            "line_no": lines["line_no"],
            "line_at": lines["line_at"],
            "product_id": [f"P{product + 1:03d}" for product in lines["product"]],
            "quantity": lines["quantity"],
            "unit_price": lines["price"],
            "list_amount": lines["quantity"] * lines["list_price"],
            "discount_amount": lines["quantity"] * (lines["list_price"] - lines["price"]),
            "net_amount": lines["quantity"] * lines["price"],
            "cost_amount": lines["quantity"] * lines["unit_cost"],
            "delivery_amount": lines["delivery"],
        }
    )
    return _spoilt_lines(random, table)


def _returns(random: RandomState, orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Lines sent back 6 to 25 days later, by END: one line of some orders, all lines of a few; never of void or guests' orders."""
    last_line_no = lines.groupby("order")["line_no"].max()
    draw = random.uniform(size=len(orders))
    may = ((orders["status"] == "completed") & (orders["customer"] >= 0)).to_numpy()
    whole = may & (draw < shop.RETURNED_WHOLE_SHARE)
    partly = may & ~whole & (draw < shop.RETURNED_WHOLE_SHARE + shop.RETURNED_IN_PART_SHARE) & (last_line_no > 1).to_numpy()
    order = lines["order"].to_numpy()
    back = lines[whole[order] | (partly[order] & (lines["line_no"] == 1))]
    returned_at = orders["ordered_at"] + pd.to_timedelta(random.randint(6 * 24, 25 * 24, len(orders)), unit="h")
    back = back.assign(
        quantity=-back["quantity"],
        delivery=0.0,
        line_at=returned_at.to_numpy()[back["order"]],
        line_no=back["line_no"] + last_line_no.to_numpy()[back["order"]],
    )
    return back[back["line_at"] < END]


def _spoilt_lines(random: RandomState, table: pd.DataFrame) -> pd.DataFrame:
    sold = table.index[table["quantity"] > 0]
    table.loc[_some(random, sold, "lines_without_net_amount"), "net_amount"] = np.nan
    nothing = _some(random, sold, "lines_without_any_amount")
    table.loc[nothing, ["net_amount", "unit_price", "list_amount", "discount_amount"]] = np.nan
    table.loc[_some(random, sold, "lines_without_cost"), "cost_amount"] = np.nan
    again = table.loc[_some(random, sold.difference(nothing), "lines_repeated")]
    return pd.concat([table, again]).sort_index(kind="stable", ignore_index=True)


def _products() -> pd.DataFrame:
    table = pd.DataFrame([one[:3] for one in shop.PRODUCTS], columns=["product", "category", "list_price"])
    table.insert(0, "product_id", [f"P{number:03d}" for number in range(1, len(table) + 1)])
    table["category"] = table["product_id"].map(shop.CATEGORY_SPELLINGS).fillna(table["category"])
    return table


def _some(random: RandomState, index: pd.Index, mess: str) -> np.ndarray:
    return np.sort(random.choice(index, shop.MESS[mess], replace=False))


def _truth(customers: pd.DataFrame, orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """One row a customer: group, true parameters, alive at the end of the export, and what was bought in the year after it."""
    value = (lines["quantity"] * lines["price"]).groupby(lines["order"]).sum()
    is_next = orders["ordered_at"] >= END
    following = orders[is_next].assign(value=value[is_next], day=orders["ordered_at"].dt.normalize()).groupby("customer")
    rows = range(len(customers))
    q, gamma, p = (np.array([getattr(one, name) for one in shop.PLANS])[customers["plan"]] for name in ("q", "gamma", "p"))
    return pd.DataFrame(
        {
            "customer_id": _customer_ids(customers),
            "acquisition_channel": [shop.CHANNELS[one].name for one in customers["channel"]],
            "plan": [shop.PLANS[one].name for one in customers["plan"]],
            "purchases_a_week": customers["rate"] * 7,
            "chance_to_leave": customers["leaving"],
            "mean_order_value": p / customers["value_rate"],
            "expected_order_value_of_plan": p * gamma / (q - 1),
            "is_alive": simulate.alive(orders, len(customers), simulate.COUNT_DAYS_EXPORTED),
            "purchases_until_end": orders[~is_next].groupby("customer").size().reindex(rows, fill_value=0),
            "purchases_next_year": following.size().reindex(rows, fill_value=0),
            "purchase_days_next_year": following["day"].nunique().reindex(rows, fill_value=0),
            "net_sales_next_year": following["value"].sum().round(2).reindex(rows, fill_value=0.0),
        }
    )


def _effects(tables: dict[str, pd.DataFrame]) -> dict[str, object]:
    """The numbers that went in, and exact totals of what came out (amounts as text)."""
    lines = tables["order_lines"].merge(tables["orders"][["order_id", "customer_id", "ordered_at", "status"]], on="order_id")
    is_dated = lines["line_at"].fillna(lines["ordered_at"]).notna()
    counted = lines[~lines["status"].isin(["cancelled", "unpaid"]) & is_dated]
    amount = counted["net_amount"].fillna(counted["quantity"] * counted["unit_price"])
    cents = (amount.dropna() * 100).round().astype(int)
    return {
        "rows": {name: len(table) for name, table in tables.items()},
        "net_sales": f"{cents.sum() / 100:.2f}",
        "net_sales_of_known_customers": f"{cents[counted['customer_id'].notna().reindex(cents.index)].sum() / 100:.2f}",
        "lines_rejected": int((~is_dated).sum() + amount.isna().sum()),
        "channels": [asdict(one) for one in shop.CHANNELS],
        "plans": [asdict(one) for one in shop.PLANS],
        **{name.lower(): getattr(shop, name) for name in _SETTINGS},
        "contact_outcomes": {
            channel: rows["outcome"].value_counts().sort_index().to_dict() for channel, rows in tables["contacts"].groupby("channel")
        },
    }


#: Numbers of shop.py that are sizes of effects.
_SETTINGS = (
    *("SEASON_AMPLITUDE", "SEASON_PEAK_DAY", "GIFT_DAYS", "GIFT_FACTOR", "WEEKDAY_FACTORS", "PROMOTION_MONTHS", "PROMOTION_UPTAKE"),
    *("LATE_SHARE", "LATE_COST", "SATISFACTION_EFFECT", "NPS_MEAN", "NPS_SLOPE", "NPS_NOISE", "NPS_ANSWERED_SHARE"),
    *(
        "CASE_SHARE_AT_MEAN",
        "CASE_SLOPE",
        "SLA_HOURS",
        "CSAT_MEAN",
        "CSAT_SLOPE",
        "CSAT_LATE_CASE_COST",
        "CSAT_NOISE",
        "CSAT_ANSWERED_SHARE",
    ),
    *("CES_MEAN", "CES_CONTACT_COST", "CES_REOPENED_COST", "CES_SLOPE", "CES_NOISE", "CES_ANSWERED_SHARE"),
    *("ATTITUDE_MEAN", "ATTITUDE_SLOPE", "ATTITUDE_NOISE", "ATTITUDE_ANSWERED_SHARE"),
    *("RETURNED_IN_PART_SHARE", "RETURNED_WHOLE_SHARE", "VOID_SHARE", "GUEST_SHARE", "MESS"),
    *("CONTACTS", "CONTACT_COSTS", "CALL_OUTCOMES"),
)

#: Columns of money, written as decimals with two places; dates without a time, written as dates.
_MONEY_COLUMNS = {"unit_price", "list_price", "net_sales_next_year"} | {
    f"{kind}_amount" for kind in ("list", "discount", "net", "cost", "delivery")
}
_DATE_COLUMNS = {"joined_on", "promised_on", "delivered_on"}


def _write_tables(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        table = pa.table({column: _typed(column, frame[column]) for column in frame})
        path = folder / f"{name}.parquet"
        pq.write_table(table, path, compression="zstd", compression_level=19, store_decimal_as_integer=True)


def _typed(name: str, values: pd.Series) -> pa.Array:
    if name in _MONEY_COLUMNS:
        return pa.array(values.round(2), type=pa.float64(), from_pandas=True).cast(MONEY)
    if name in _DATE_COLUMNS:
        return pa.array(values, from_pandas=True).cast(pa.date32())
    if pd.api.types.is_datetime64_any_dtype(values):
        return pa.array(values, from_pandas=True).cast(pa.timestamp("s"))
    return pa.array(values.array, from_pandas=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
