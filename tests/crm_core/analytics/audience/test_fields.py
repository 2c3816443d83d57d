"""What a condition can ask of which data, and who is there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from crm_core.analytics.audience.everybody import TOLD, Basis, everybody
from crm_core.analytics.audience.fields import RESERVED, catalogue, choices, measures, told_by, values_of
from crm_core.analytics.audience.members import members
from crm_core.analytics.satisfaction.customers import satisfaction
from crm_core.analytics.scores import RfmSettings
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics.audience.conftest import Asked
from tests.crm_core.analytics.audience.judge import Judge
from tests.workspaces import SIX_AS_OF, lines, open_workspace

Make = Callable[..., Workspace]


def test_the_catalogue_holds_what_the_data_tells(shop: Asked, six: Workspace) -> None:
    found = catalogue(shop.ws, shop.basis)
    assert {
        "segment",
        "country",
        "consent",
        "last_score",
        "satisfaction",
        "open_cases",
        "opted_out",
        "is_unreachable",
        "has_phone",
        "Plan",
    } < set(found)
    assert not {"gross_profit", "region", "acquisition_channel"} & set(found)
    assert not {"country", "consent", "last_score", "opted_out", "has_email"} & set(catalogue(six, Basis(SIX_AS_OF)))
    assert set(measures(six)) == {"count_orders", "net_sales", "quantity"}
    assert set(measures(shop.ws)) == {"count_orders", "net_sales", "quantity", "count_cases", "count_responses", "count_contacts"}
    assert set(measures(shop.ws)["net_sales"].columns) == {"category", "product_id", "channel"}
    assert set(measures(shop.ws)["count_contacts"].columns) == {"channel", "campaign", "outcome"}


def test_each_field_is_one_row_a_customer_of_its_kind(shop: Asked) -> None:
    kinds = {"number": "number", "money": "decimal", "share": "number", "date": "date", "text": "string", "flag": "boolean"}
    for field in catalogue(shop.ws, shop.basis).values():
        if field.source in {"forecast", "at risk"} or field.source.endswith("clv"):
            continue  # a model of its own, asked in the contracts
        table = told_by(shop.ws, shop.basis, field.source)
        ids = shop.ws.execute(table)["customer_id"]
        assert ids.is_unique, field.name
        kind = table[field.column].type()
        if field.kind in {"number", "money", "share"}:
            assert kind.is_numeric(), field.name
        else:
            assert getattr(kind, f"is_{kinds[field.kind]}")(), field.name


def test_what_is_told_of_satisfaction_is_known_without_asking_all_customers(shop: Asked, made: Make) -> None:
    answer = {
        "response_id": [1],
        "responded_at": ["2024-05-01"],
        "measure": "nps",
        "score": 9,
        "scale_min": 0,
        "scale_max": 10,
        "row_no": 1,
    }
    case = {"case_id": [1], "customer_id": ["a"], "opened_at": ["2024-05-01"]}
    for ws in (
        shop.ws,
        made(surveys=pd.DataFrame(answer | {"customer_id": ["a"]})),
        made(surveys=pd.DataFrame(answer), cases=pd.DataFrame(case)),
        made(cases=pd.DataFrame(case | {"status": ["closed"]})),
    ):
        basis = Basis(ws.as_of)
        told = {field.name for field in catalogue(ws, basis).values() if field.source == "satisfaction"}
        assert told == set(satisfaction(ws, ws.as_of).columns) - {"customer_id"}


def test_every_name_of_the_program_is_reserved(shop: Asked) -> None:
    """An attribute of that name would change what a saved condition means."""
    attributes = {"Plan", "Тариф [2024] or so", "segment (attribute)"}
    assert {name.casefold() for name in catalogue(shop.ws, shop.basis)} - {name.casefold() for name in attributes} <= RESERVED
    assert set(measures(shop.ws)) <= RESERVED


def test_attributes_are_called_by_their_label_and_never_alike(made: Make, tmp_path) -> None:
    labels = {
        "attr_1": "Plan",
        "attr_2": "PLAN",
        "attr_3": "plan",
        "attr_4": "Risk",
        "attr_5": " two\n lines ",
        "attr_6": "",
        "attr_7": "e-mail",
        "attr_8": "email",
    }
    frame = pd.DataFrame({"customer_id": ["a"], **{column: [column] for column in labels}})
    with open_workspace(tmp_path / "w.duckdb", labels=labels, customers=frame, order_lines=lines(("a", "1", "2024-05-01", 1))) as ws:
        asked = Asked(ws, Basis(ws.as_of))
        found = {field.column: name for name, field in catalogue(ws, asked.basis).items() if field.column in labels}
        assert found == {
            "attr_1": "Plan", "attr_2": "PLAN (attribute)", "attr_3": "plan (attribute 2)", "attr_4": "Risk (attribute)", "attr_5": "two lines",
            "attr_6": "attr_6", "attr_7": "e-mail", "attr_8": "email (attribute)",
        }  # fmt: skip
        for column, name in found.items():
            assert asked.who(f"[{name}] = '{column}'") == ["a"]


def test_choices_are_the_values_the_most_frequent_first(shop: Asked, judge: Judge) -> None:
    fields = catalogue(shop.ws, shop.basis)
    told = pd.Series([row["country"] for row in judge.told.values() if row.get("country")]).value_counts()
    found = choices(shop.ws, shop.basis, fields["country"])
    assert set(found) == set(told.index)
    assert [told[one] for one in found] == sorted(told, reverse=True)
    assert choices(shop.ws, shop.basis, fields["segment"])[0] == "Champions"
    assert choices(shop.ws, shop.basis, fields["net_sales"]) == ()
    assert choices(shop.ws, shop.basis, fields["customer_id"]) == ()


def test_values_that_narrow_a_measure_are_those_of_its_table(shop: Asked) -> None:
    of_sales, of_contacts = measures(shop.ws)["net_sales"], measures(shop.ws)["count_contacts"]
    assert set(values_of(shop.ws, of_sales, "channel")) == {"Web", "Shop"}
    assert set(values_of(shop.ws, of_contacts, "channel")) == {"E-mail", "SMS"}
    assert set(values_of(shop.ws, of_sales, "category")) == {"Tea", "tea", "Mugs", "Чай"}


# -- who is there -----------------------------------------------------------------------------------------------------------


def test_everybody_is_as_the_definitions_say(shop: Asked, judge: Judge) -> None:
    rows = shop.ws.execute(everybody(shop.ws, shop.basis)).set_index("customer_id")
    assert rows.index.is_unique
    assert list(rows.columns) == list(TOLD)
    assert sorted(rows.index) == sorted(judge.told)
    for one, told in judge.told.items():
        row = rows.loc[one]
        assert (row["net_sales"], row["count_orders"]) == (told["net_sales"], told["count_orders"])
        for name in ("r_score", "f_score", "m_score", "segment", "value_class", "days_since_last_order"):
            assert (None if pd.isna(row[name]) else row[name]) == told.get(name), (one, name)


def test_an_earlier_day_has_fewer_customers(shop: Asked, judge: Judge) -> None:
    day = date(2023, 3, 1)
    found = shop.ws.execute(everybody(shop.ws, shop.basis.at(day)))["customer_id"]
    assert sorted(found) == sorted(judge._told(day))
    assert len(found) < len(judge.told)


def test_before_all_data_nobody_bought(shop: Asked) -> None:
    early = Asked(shop.ws, Basis(date(2022, 1, 1)))
    assert early.who("count_orders > 0 or segment is known") == []


def test_returns_alone_make_customers_without_scores(made: Make) -> None:
    ws = made(order_lines=lines(("a", "1", "2024-05-01", -10, -1)))
    row = ws.execute(everybody(ws, Basis(ws.as_of))).iloc[0]
    assert (row["customer_id"], float(row["net_sales"]), row["count_orders"]) == ("a", -10.0, 0)
    assert pd.isna(row["segment"])


def test_data_of_one_table_alone_is_enough(made: Make) -> None:
    answers = made(
        surveys=pd.DataFrame(
            {
                "response_id": [1],
                "customer_id": ["a"],
                "responded_at": ["2024-05-01"],
                "measure": "nps",
                "score": 9,
                "scale_min": 0,
                "scale_max": 10,
                "row_no": 1,
            }
        )
    )
    assert Asked(answers, Basis(answers.as_of)).who("last_score >= 9") == ["a"]
    names = made(customers=pd.DataFrame({"customer_id": ["a", "b"], "country": ["Iran", None]}))
    assert Asked(names, Basis(date(2024, 1, 1))).who("country is missing") == ["b"]
    nobody = made(cases=pd.DataFrame({"case_id": [1], "opened_at": ["2024-05-01"]}))
    with pytest.raises(AnalysisError, match="Customers"):
        Asked(nobody, Basis(nobody.as_of)).who("everybody")


def test_kept_tables_are_those_of_their_day_and_scoring(six: Workspace) -> None:
    typed = Basis(SIX_AS_OF, RfmSettings(cuts_r=(1, 2, 3, 4)))
    for basis in (Basis(SIX_AS_OF), typed, Basis(date(2024, 6, 1)), Basis(SIX_AS_OF)):
        scored = six.execute(members(six, Asked(six, basis).parse("r_score = 5"), basis))["customer_id"]
        assert sorted(scored) == (["d"] if basis.as_of < SIX_AS_OF else ["a"]), basis
