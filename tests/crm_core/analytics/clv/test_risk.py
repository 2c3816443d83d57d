"""Value at risk by its formula, and since when by looking at each day."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import ibis
import numpy as np
import pandas as pd
import pytest

from crm_core.analytics import rfm
from crm_core.analytics.clv import forecast, risk
from crm_core.analytics.clv.forecast import Settings, Terms
from crm_core.analytics.clv.models import BgNbd
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.buyers import BUYERS_AS_OF, order_lines, purchase_days
from tests.workspaces import SIX_AS_OF

MODELS = [Settings(), Settings("pareto_nbd", unit="days")]


@pytest.fixture(scope="module")
def bought() -> pd.DataFrame:
    """count, min and max of the purchase days of each customer."""
    return purchase_days(order_lines()).groupby("customer_id")["day"].agg(["count", "min", "max"])


def listed(ws: Workspace, settings: Settings = Settings(), terms: Terms = Terms(), shown: ibis.Table | None = None) -> pd.DataFrame:
    return ws.execute(risk.listed(ws, BUYERS_AS_OF, settings, terms, shown=shown)).set_index("customer_id").sort_index()


def fallen(ws: Workspace, settings: Settings = Settings(), terms: Terms = Terms()) -> pd.DataFrame:
    """All customers whose P(alive) fell by ten points, by the definition."""
    choice = forecast.choose(ws, BUYERS_AS_OF, settings)
    each = ws.execute(forecast.customers(ws, choice, terms)).set_index("customer_id").sort_index()
    before = choice.model.conditional_probability_alive(each["frequency"], each["recency"], each["recency"])
    each = each.assign(before=before, if_active=each["clv"] / each["p_alive"])
    each = each.assign(risk=each["if_active"] * (each["before"] - each["p_alive"]))
    return each[each["before"] - each["p_alive"] >= 0.1]


@pytest.mark.parametrize("settings", MODELS)
def test_value_at_risk_is_what_the_silence_costs(buyers: Workspace, settings: Settings) -> None:
    terms = Terms(6, 0.4, 0.1)
    found, wanted = listed(buyers, settings, terms), fallen(buyers, settings, terms).query("p_alive >= 0.1")
    assert list(found.index) == list(wanted.index)
    assert len(found) > 100
    names = {"risk_value": "risk", "active_value": "if_active", "p_alive_before": "before", "clv": "clv", "p_alive": "p_alive"}
    for name, other in names.items():
        assert found[name].to_numpy() == pytest.approx(wanted[other].to_numpy())
    assert found["risk_value"].to_numpy() == pytest.approx(
        (found["clv"] * (found["p_alive_before"] / found["p_alive"] - 1)).to_numpy()
    )  # what it was worth just after the purchase, less what it is worth now


@pytest.mark.parametrize("settings", MODELS)
def test_doubtful_since_is_the_first_day_below_one_half(buyers: Workspace, settings: Settings, bought: pd.DataFrame) -> None:
    model, unit = forecast.choose(buyers, BUYERS_AS_OF, settings).model, {"weeks": 7, "days": 1}[settings.unit]
    found = listed(buyers, settings)
    for customer_id, since in found["doubtful_since"].items():
        count, first, last = bought.loc[customer_id]
        silence = np.arange((pd.Timestamp(BUYERS_AS_OF) - last).days)  # the last one is the day before as_of
        recency = (last - first).days
        below = model.conditional_probability_alive(count - 1, recency / unit, (recency + silence) / unit) < 0.5
        assert since == last + timedelta(days=int(below.argmax())) if below.any() else pd.isna(since)
    assert 10 < found["doubtful_since"].notna().sum() < len(found)
    assert (found["doubtful_since"].notna() == (found["p_alive"] < 0.5)).all()


def test_the_list_says_when_and_how_often_they_bought(buyers: Workspace, bought: pd.DataFrame) -> None:
    found = listed(buyers)
    assert pd.to_datetime(found["last_purchase_on"]).tolist() == bought.loc[found.index, "max"].tolist()
    assert found["count_orders"].tolist() == bought.loc[found.index, "count"].tolist()
    segment = buyers.execute(rfm.customers(buyers, BUYERS_AS_OF)).set_index("customer_id")["segment"]
    assert found["segment"].tolist() == segment.loc[found.index].tolist()
    assert found["name"].iloc[0] == f"Buyer <b>{int(found.index[0][1:])}</b>"


def test_the_summary_adds_up_the_list_and_those_lost(buyers: Workspace) -> None:
    found, each, all_fallen = risk.summary(buyers, BUYERS_AS_OF), listed(buyers), fallen(buyers)
    lost = all_fallen[all_fallen["p_alive"] < 0.1]
    assert (found.customers, found.value) == (len(each), pytest.approx(each["risk_value"].sum()))
    assert found.doubtful == (each["p_alive"] < 0.5).sum()
    assert (found.lost, found.lost_value) == (len(lost), pytest.approx(lost["if_active"].sum()))
    assert found.lost > 10


def test_only_those_shown_are_at_risk(buyers: Workspace) -> None:
    everybody = listed(buyers)
    few = everybody.index[:3].tolist()
    shown = ibis.memtable(pd.DataFrame({"customer_id": [*few, "c449"]}))
    assert listed(buyers, shown=shown).index.intersection(few).tolist() == few
    assert risk.summary(buyers, BUYERS_AS_OF, shown=shown).value == pytest.approx(listed(buyers, shown=shown)["risk_value"].sum())
    nobody = risk.summary(buyers, BUYERS_AS_OF, shown=shown.limit(0))
    assert nobody == risk.AtRisk(0, 0.0, 0, 0, 0.0)


def test_a_customer_who_may_not_leave_yet_is_not_at_risk(buyers: Workspace, bought: pd.DataFrame) -> None:
    """BG/NBD lets nobody leave before a second purchase."""
    assert bought.loc[listed(buyers, MODELS[0]).index, "count"].min() == 2
    assert bought.loc[listed(buyers, MODELS[1]).index, "count"].min() == 1


@pytest.mark.parametrize("rule", ["same_rate", "last_period"])
def test_without_p_alive_there_is_no_value_at_risk(buyers: Workspace, rule: str) -> None:
    for ask in (risk.at_risk, risk.summary, risk.listed):
        with pytest.raises(AnalysisError, match="says of nobody whether they are still active"):
            ask(buyers, BUYERS_AS_OF, Settings(rule))


@pytest.mark.parametrize("as_of", [SIX_AS_OF, date(2024, 1, 15)])
def test_the_fallback_has_no_value_at_risk_either(six: Workspace, as_of: date) -> None:
    with pytest.raises(AnalysisError, match="rate of all customers"):
        risk.summary(six, as_of)


def test_who_was_doubtful_at_the_last_purchase_is_doubtful_since_that_day() -> None:
    """BG/NBD with a > b: after the first repeat purchase it is more likely than not that the customer has left."""
    model = BgNbd(0.87, 4.87, 1.26, 1.14)
    x, t_x, T = np.array([1.0]), np.array([10 / 7]), np.array([40 / 7])
    histories = SimpleNamespace(x=x, t_x=t_x, T=T, keys=np.array([0]))
    valuation = SimpleNamespace(histories=histories, p_alive=model.conditional_probability_alive(x, t_x, T))
    choice = SimpleNamespace(valuation=valuation, settings=SimpleNamespace(unit="weeks"), model=model)
    (row,) = risk._falls(choice).to_dict("records")  # type: ignore[arg-type]
    assert row["p_alive_before"] < 0.5
    assert (row["recency_days"], row["doubtful_days"]) == (10, 10)
