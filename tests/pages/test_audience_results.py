"""Did it work, on the page: figures counted from the orders, every state said, links, roles, and the same by command."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from crm_core.analytics.intervals import newcombe
from crm_core.cli import main
from crm_core.store.home import find_home
from crm_core.store.saved.exports import Export
from crm_core.store.saved.opening import open_saved
from crm_core.store.workspaces import Workspaces
from tests.apptest import claims, modules_are_no_pages, open_page, texts
from tests.pages import shop_with_campaign as shop
from tests.pages.shop_with_campaign import Truth, after, before, keep, put, truth
from ui.sections.audience import results
from ui.state import Url

TAB = "Did it work?"
RUNNING = date(2026, 3, 17)


@dataclass(frozen=True)
class Judged:
    """The page of a campaign that is over, in its home, and the orders since the campaign's start."""

    app: AppTest
    home: Path
    orders: pd.DataFrame
    export: Export

    @property
    def treated(self) -> Truth:
        return truth("treatment", self.orders)

    @property
    def left(self) -> Truth:
        return truth("control", self.orders)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    home = tmp_path_factory.mktemp("judged") / "home"
    with pytest.MonkeyPatch.context() as patch, modules_are_no_pages():
        patch.setenv("CRM_HOME", str(home))
        patch.setenv("CRM_SAMPLE", "off")
        put(Workspaces(find_home({"CRM_HOME": str(home)})), before(), orders := after())
        made = keep()
        found = Judged(opened(), home, orders, made)
        st.cache_data.clear()
        st.cache_resource.clear()
    return found


@pytest.fixture
def at_home(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> Judged:
    """To open that page once more."""
    monkeypatch.setenv("CRM_HOME", str(judged.home))
    return judged


def opened(**query: str) -> AppTest:
    return open_page("audience", **{"audience_tab": TAB} | query)


def said(app: AppTest) -> str:
    return texts(app).replace("\\", "").replace("\u2060", "")


def metric(app: AppTest, label: str) -> tuple[str, str]:
    """Value and change of a tile."""
    (found,) = [one for one in app.metric if one.label.replace("\\", "") == label]
    return found.value.replace("\\", ""), found.delta


def table(app: AppTest, column: str) -> pd.DataFrame:
    """The table that has this column."""
    found: pd.DataFrame = next(one.value for one in app.dataframe if column in one.value.columns)
    return found


def profit(treated: Truth, left: Truth, margin: float) -> float:
    plan = shop.PLAN["expectation"]
    costs = treated.customers * plan["cost_a_contact"] + treated.buyers * plan["cost_a_response"]  # type: ignore[index]
    return margin * treated.customers * (treated.sales / treated.customers - left.sales / left.customers) - costs


def test_the_figures_are_those_counted_from_the_orders(judged: Judged) -> None:
    app, treated, left = judged.app, judged.treated, judged.left
    assert not app.exception
    assert not app.error
    gap = 100 * (treated.response - left.response)
    assert metric(app, "Response") == (f"{100 * treated.response:.1f} %", f"{gap:+.1f} points vs {100 * left.response:.1f} %")
    sold, kept = treated.sales / treated.customers, left.sales / left.customers
    assert metric(app, "Sales a customer") == (f"EUR {sold:.2f}", f"{sold - kept:+.2f} vs EUR {kept:.2f}")
    assert metric(app, "Margin a customer") == (f"EUR {sold / 4:.2f}", f"{(sold - kept) / 4:+.2f} vs EUR {kept / 4:.2f}")
    assert metric(app, "Incremental profit")[0] == f"EUR {profit(treated, left, 0.25):,.0f}"
    assert f"n = 1,200: {treated.customers} addressed, {left.customers} in the control group; 1 Mar 2026 to 31 Mar 2026 (31 days)" in said(
        app
    )


def test_a_lift_is_found(judged: Judged) -> None:
    assert "It worked. Margin a customer was higher with the campaign" in said(judged.app)
    assert float(metric(judged.app, "p of the verdict")[0]) < 0.001
    assert lot_alone(judged.orders) < 0.001


def test_without_a_lift_there_is_no_clear_difference(workspaces: Workspaces) -> None:
    put(workspaces, before(), orders := after(lift=0.0))
    keep()
    app = opened()
    assert "No clear difference. Margin a customer differed by no more than lot explains." in said(app)
    assert float(metric(app, "p of the verdict")[0]) == pytest.approx(lot_alone(orders), abs=0.05)


def lot_alone(orders: pd.DataFrame, draws: int = 2_000) -> float:
    """p of the difference of sales, by shuffling who is in the control group within each segment."""
    rng = np.random.default_rng(1)
    days = pd.to_datetime(orders["line_at"])
    own = orders[(days >= pd.Timestamp(shop.START)) & (days < pd.Timestamp(shop.END))].groupby("customer_id")["net_amount"].sum()
    values = own.reindex(shop.IDS, fill_value=0.0).to_numpy(dtype=float)
    is_control, strata = np.array(shop.GROUPS) == "control", np.array(shop.STRATA)
    drawn, found = np.zeros(draws), 0.0
    for stratum in np.unique(strata):
        its, controls = values[strata == stratum], is_control[strata == stratum]
        middle = its.mean() * controls.sum()
        found += its[controls].sum() - middle
        drawn += [rng.permutation(its)[: controls.sum()].sum() - middle for _ in range(draws)]
    return float((1 + (np.abs(drawn) >= abs(found) - 1e-9).sum()) / (1 + draws))


def test_the_table_has_the_interval_of_newcombe(judged: Judged) -> None:
    treated, left = judged.treated, judged.left
    bounds = newcombe(treated.buyers, treated.customers, left.buyers, left.customers)
    row = table(judged.app, "interval").set_index("what").loc["Response"]
    assert row["interval"] == f"{100 * bounds.low:+.1f} to {100 * bounds.high:+.1f}"


def test_segments_with_too_few_get_no_call(judged: Judged) -> None:
    rows = table(judged.app, "stratum").set_index("stratum")
    assert rows["verdict"].to_dict() == {"Loyal": "better", "At risk": "better", "Promising": "fewer than 10 customers"}
    assert rows[["n_treatment", "n_control"]].sum().tolist() == [900, 300]
    assert rows.loc["Promising", "p"] == "–"


def test_what_was_expected_stands_beside_what_came(judged: Judged) -> None:
    treated, left = judged.treated, judged.left
    rows = table(judged.app, "expected").set_index("what")
    assert rows.loc["Response with the campaign", ["expected", "came"]].tolist() == ["40.0 %", f"{100 * treated.response:.1f} %"]
    assert rows.loc["Response without it", ["expected", "came"]].tolist() == ["30.0 %", f"{100 * left.response:.1f} %"]
    assert rows.loc["Responses", ["expected", "came"]].tolist() == ["360", str(treated.buyers)]
    assert rows.loc["Responses more than without", "came"] == f"{900 * (treated.response - left.response):.0f}"
    assert rows.loc["Sales a buyer", ["expected", "came"]].tolist() == ["EUR 40", f"EUR {treated.sales / treated.buyers:.2f}"]
    assert rows.loc["Costs", ["expected", "came"]].tolist() == ["EUR 810", f"EUR {450 + treated.buyers}"]
    assert rows.loc["Incremental profit", "expected"] == f"EUR {900 * ((0.4 - 0.3) * 40 * 0.25 - 0.4 * 1 - 0.5):.2f}"


def test_a_margin_from_costs_is_that_of_the_orders(workspaces: Workspaces) -> None:
    put(workspaces, before(), orders := after(until=RUNNING))
    keep(plan=shop.PLAN | {"margin": None})
    app = opened()
    treated, left = truth("treatment", orders), truth("control", orders)
    assert metric(app, "Margin a customer")[0] == f"EUR {0.4 * treated.sales / treated.customers:.2f}"
    assert metric(app, "Incremental profit")[0] == f"EUR {profit(treated, left, 0.4):,.0f}"
    assert table(app, "expected").set_index("what").loc["Incremental profit", "expected"] == "not provided"


def test_without_margin_and_costs_it_is_judged_by_sales_and_names_no_profit(workspaces: Workspaces) -> None:
    put(workspaces, before(), after(until=RUNNING).drop(columns="cost_amount"))
    keep(plan=None)
    app = opened()
    assert "The data has no costs, and no margin was given. The campaign is judged by sales." in said(app)
    assert metric(app, "Incremental profit")[0] == metric(app, "Margin a customer")[0] == "not provided"
    assert set(table(app, "expected")["expected"]) == {"not provided"}


# -- honest states ----------------------------------------------------------------------------------------------------


def test_a_look_on_the_way_is_interim_and_gives_no_verdict(workspaces: Workspaces) -> None:
    put(workspaces, before(), orders := after(until=RUNNING))
    keep()
    app = opened()
    treated = truth("treatment", orders)
    assert "Interim, no verdict yet." in said(app)
    assert metric(app, "Response")[0] == f"{100 * treated.response:.1f} %"
    assert metric(app, "p of the verdict")[0] == "no verdict"
    assert set(table(app, "interval")["p"]) == {"–"}
    assert set(table(app, "stratum")["verdict"]) == {"no verdict: interim"}
    assert "not known yet" in charts(app)


def charts(app: AppTest) -> str:
    return "\n".join(one.proto.spec for one in app.get("plotly_chart"))


def test_a_day_looked_from_within_the_campaign_is_interim_too(at_home: Judged) -> None:
    app = opened(as_of="2026-03-17")
    assert "Interim, no verdict yet." in said(app)
    assert "not known yet" in charts(app)
    assert "not known yet" not in charts(at_home.app)


def test_before_any_result_it_says_when_they_come(workspaces: Workspaces) -> None:
    put(workspaces, before())
    keep()
    app = opened()
    assert not app.error
    assert "The data goes to 10 Dec 2025, the campaign begins on 1 Mar 2026. Results come in when later orders are loaded." in said(app)
    assert "Load later orders on the Data page" in [one.proto.label for one in app.get("page_link")]
    assert not [one for one in app.metric if one.label == "Incremental profit"]


def test_a_day_looked_from_before_the_campaign_is_told(at_home: Judged) -> None:
    assert "The campaign began on 1 Mar 2026; the sidebar looks from 1 Jan 2026." in said(opened(as_of="2026-01-01"))


@pytest.mark.parametrize(
    ("different", "words"),
    [
        ({"groups": ["treatment"] * shop.NUMBER}, "No control group, no verdict. Nobody was left out"),
        ({"is_random": False}, "Groups not drawn by lot, no verdict. The customers in control were not drawn by lot"),
        ({"groups": ["control" if one < 100 else "treatment" for one in range(shop.NUMBER)]}, "Too small to tell. 100 controls with"),
    ],
)
def test_where_there_can_be_no_verdict_the_reason_is_said(workspaces: Workspaces, different: dict[str, Any], words: str) -> None:
    put(workspaces, before(), after())
    keep(**different)
    app = opened()
    assert not app.exception
    assert not app.error
    assert words in said(app)
    assert metric(app, "p of the verdict")[0] == "no verdict"
    assert all(one.startswith("no verdict: ") for one in table(app, "stratum")["verdict"])


def test_without_an_export_it_says_how_to_make_one(workspaces: Workspaces) -> None:
    put(workspaces, before())
    app = opened()
    assert "No audience of this data was exported yet. Save the audience, then export it in the tab “Take away”" in said(app)


def test_after_a_refresh_who_is_no_longer_there_is_counted_and_nothing_warned_of(workspaces: Workspaces) -> None:
    put(workspaces, before())
    keep()
    lost = shop.IDS[:30]
    frames = [one[~one["customer_id"].isin(lost)] for one in (before(), after(until=RUNNING))]
    put(workspaces, *frames)
    app = opened()
    assert "30 customers of the export are no longer among the customers of this data and count as having bought nothing." in said(app)
    assert not app.warning
    assert "n = 1,200" in said(app)


def test_who_was_erased_is_told_and_no_longer_counts(workspaces: Workspaces) -> None:
    put(workspaces, before(), after(until=RUNNING))
    keep()
    assert "n = 1,200" in said(opened())
    with open_saved(find_home()) as saved:
        saved.traces.remove(shop.IDS[1])
    app = opened()
    assert "1 customer of the export was erased since and no longer counts." in said(app)
    assert "n = 1,199" in said(app)


def test_filters_of_the_sidebar_do_not_narrow_a_campaign(at_home: Judged) -> None:
    app = opened(segment="Hibernating", as_of="2026-03-17")
    assert "The filters of the sidebar do not apply here" in said(app)
    assert "n = 1,200" in said(app)


# -- which campaign ---------------------------------------------------------------------------------------------------


def test_a_link_opens_one_campaign_and_the_address_follows_the_choice(workspaces: Workspaces) -> None:
    put(workspaces, before(), after(until=date(2026, 3, 10)))
    first = keep(name="First")
    second = keep(name="Second", exported_at=shop.EXPORTED + timedelta(days=1), ends_on=date(2026, 3, 15))
    assert opened().selectbox(key=results.CHOICE).value == second.id
    app = opened(campaign=first.id)
    assert app.selectbox(key=results.CHOICE).value == first.id
    assert "orders count 1 Mar 2026 to 31 Mar 2026 (31 days)" in said(app)
    app.selectbox(key=results.CHOICE).select(second.id).run()
    assert app.query_params[Url.CAMPAIGN] in (second.id, [second.id])
    assert "orders count 1 Mar 2026 to 14 Mar 2026 (14 days)" in said(app)


def test_a_link_to_a_campaign_that_is_not_here_says_so(at_home: Judged) -> None:
    app = opened(campaign="gone", as_of="2026-03-17")
    assert "The campaign of this link is not among these" in said(app)
    assert app.query_params[Url.CAMPAIGN] in (at_home.export.id, [at_home.export.id])


def test_an_open_audience_shows_its_own_campaigns_and_below_them_all(workspaces: Workspaces) -> None:
    put(workspaces, before(), orders := after(until=RUNNING))
    made = keep(name="Mine", audience="Mine")
    keep(name="Theirs", audience="Theirs", is_random=False)
    app = opened(audience=made.audience_id)
    assert [one.partition(" · ")[0] for one in app.selectbox(key=results.CHOICE).options] == ["Mine"]
    rows = table(app, "last_day").set_index("name")
    assert rows["verdict"].to_dict() == {"Mine": "none: interim", "Theirs": "none: not random"}
    treated, left = truth("treatment", orders), truth("control", orders)
    assert rows.loc["Mine", "incremental_profit"] == pytest.approx(profit(treated, left, 0.25))
    assert pd.isna(rows.loc["Theirs", "incremental_profit"])


def test_many_campaigns_are_judged_when_asked_for(workspaces: Workspaces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MOST_JUDGED", 1)
    put(workspaces, before(), after(until=RUNNING))
    keep(name="Running")
    keep(name="Later", starts_on=date(2026, 6, 1), ends_on=date(2026, 7, 1))
    app = opened()
    assert "verdict" not in table(app, "last_day").columns
    assert "one in twenty" not in said(app)
    rows = table(app.toggle(key="audience_verdicts").set_value(True).run(), "last_day").set_index("name")
    assert rows["verdict"].to_dict() == {"Running": "none: interim", "Later": "no results yet"}


# -- who may see it, and the command ----------------------------------------------------------------------------------


def test_a_viewer_sees_the_figures_and_no_customer(workspaces: Workspaces, home: Path) -> None:
    put(workspaces, before(), orders := after(until=RUNNING))
    made = keep()
    (home / "roles.toml").write_text('[users]\n"vi@example.com" = "viewer"\n')
    viewer = open_page("audience", signed_in=claims("vi@example.com"), audience_tab=TAB, audience=made.audience_id)
    assert "Interim, no verdict yet." in said(viewer)
    assert metric(viewer, "Response")[0] == f"{100 * truth('treatment', orders).response:.1f} %"
    assert not any(one in charts(viewer) or one in said(viewer) for one in shop.IDS)
    assert not any("customer_id" in one.value.columns for one in viewer.dataframe)


def test_the_command_shown_gives_the_same_numbers(at_home: Judged, capsys: pytest.CaptureFixture[str]) -> None:
    line = next(one.value for one in at_home.app.code if " outcome " in one.value)
    assert main(shlex.split(line)[3:]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "better"
    assert metric(at_home.app, "Response")[0] == f"{100 * found['treatment']['response']:.1f} %"
    assert metric(at_home.app, "Incremental profit")[0] == f"EUR {found['profit']['point']:,.0f}"
    assert metric(at_home.app, "p of the verdict")[0] == f"{found['differences']['margin']['p']:.4f}"
