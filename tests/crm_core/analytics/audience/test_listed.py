"""The list to take away: its columns and its groups."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pytest

from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.fields import catalogue
from crm_core.analytics.audience.listed import DEFAULT_COLUMNS, NO_SEGMENT, columns, grouped, listed, usual_columns, with_groups
from crm_core.analytics.audience.members import members
from crm_core.analytics.campaign.assign import assign
from crm_core.analytics.campaign.members import CONTROL, TREATMENT
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics.audience.conftest import Asked
from tests.crm_core.analytics.audience.judge import Judge
from tests.workspaces import SIX_AS_OF, lines

WHERE = "net_sales >= 0"


def test_columns_are_all_fields_and_addresses(shop: Asked, six: Workspace) -> None:
    found = columns(shop.ws, shop.basis)
    assert set(found) == {*catalogue(shop.ws, shop.basis), "email", "phone"}
    assert usual_columns(shop.ws, shop.basis) == DEFAULT_COLUMNS
    assert usual_columns(six, Basis(SIX_AS_OF)) == ("customer_id", "segment", "net_sales", "count_orders", "days_since_last_order")


def test_each_column_tells_what_conditions_ask(shop: Asked, judge: Judge) -> None:
    audience = members(shop.ws, shop.parse(WHERE), shop.basis)
    names = [
        "net_sales",
        "Plan",
        "open_cases",
        "opted_out",
        "country",
        "segment",
        "net_sales_rank",
        "last_score",
        "has_phone",
        "segment (attribute)",
        "customer_id",
    ]
    rows = shop.ws.execute(listed(shop.ws, audience, shop.basis, [*names, "net_sales", "email"]))
    assert list(rows.columns) == ["customer_id", *names[:-1], "email"]
    assert sorted(rows["customer_id"]) == judge.who(shop.parse(WHERE))
    for row in rows.to_dict("records"):
        told = judge.told[row["customer_id"]]
        assert {name: None if pd.isna(row[name]) else row[name] for name in names} == {name: told.get(name) for name in names}
    emails = judge.frames["customers"].set_index("customer_id")["email"].dropna()
    assert rows.set_index("customer_id")["email"].dropna().to_dict() == {one: emails[one] for one in rows["customer_id"] if one in emails}


def test_ids_alone_are_a_list(shop: Asked) -> None:
    audience = members(shop.ws, shop.parse(WHERE), shop.basis)
    assert listed(shop.ws, audience, shop.basis, ()).columns == ("customer_id",)


def test_unknown_columns_are_named(shop: Asked) -> None:
    with pytest.raises(AnalysisError, match="Not known: shoe_size, x"):
        listed(shop.ws, members(shop.ws, shop.parse(WHERE), shop.basis), shop.basis, ("segment", "shoe_size", "x"))


# -- groups ---------------------------------------------------------------------------------------------------------------------


def test_groups_are_drawn_within_segments_and_stay(shop: Asked, judge: Judge) -> None:
    audience = members(shop.ws, shop.parse("everybody"), shop.basis)
    found = grouped(shop.ws, audience, 0.3, 7)
    ids = sorted(judge.told)
    strata = [judge.told[one].get("segment") or NO_SEGMENT for one in ids]
    assert found["customer_id"].to_pylist() == ids
    assert found["stratum"].to_pylist() == strata
    assert found["group"].to_pylist() == [CONTROL if one else TREATMENT for one in assign(ids, strata, 0.3, 7)]
    assert found["group"].to_pylist().count(CONTROL) == round(0.3 * len(ids))
    assert grouped(shop.ws, audience, 0.3, 7).equals(found)
    assert not grouped(shop.ws, audience, 0.3, 8).equals(found)
    assert set(grouped(shop.ws, audience, 0.0, 7)["group"].to_pylist()) == {TREATMENT}


def test_the_order_of_ids_is_that_of_bytes(made: Callable[..., Workspace]) -> None:
    ids = ["b", "a", "Ä", "B", "é", "10", "9", "\uff5e", "\U0001f600", "a b"]
    ws = made(order_lines=lines(*((one, "1", "2024-05-01", 1) for one in ids)))
    asked = Asked(ws, Basis(ws.as_of))
    found = grouped(ws, members(ws, asked.parse(""), asked.basis), 0.5, 1)
    assert found["customer_id"].to_pylist() == sorted(ids, key=lambda one: one.encode())


def test_nobody_has_no_groups(shop: Asked) -> None:
    found = grouped(shop.ws, members(shop.ws, shop.parse("not everybody"), shop.basis), 0.3, 7)
    assert (found.num_rows, found.column_names) == (0, ["customer_id", "group", "stratum"])
    assert found.schema.field("group").type == pa.string()


def test_a_list_with_groups_has_them_after_the_id(shop: Asked) -> None:
    audience = members(shop.ws, shop.parse(WHERE), shop.basis)
    for share in (0.3, 0.5):
        groups = grouped(shop.ws, audience, share, 7)
        table = with_groups(shop.ws, listed(shop.ws, audience, shop.basis, ("segment", "country")), groups, f"test {share}")
        assert table.columns == ("customer_id", "group", "segment", "country")
        rows = shop.ws.execute(table).sort_values("customer_id", key=lambda ids: ids.map(str.encode))
        assert rows["group"].tolist() == groups["group"].to_pylist()
