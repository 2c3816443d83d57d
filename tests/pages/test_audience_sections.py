"""Who they are, what to expect and whom to leave out: figures counted by hand or by pandas, and rules that two people change at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from crm_core.analytics.audience.respect import Rules
from crm_core.analytics.campaign.sizes import Share
from crm_core.store.home import find_home
from crm_core.store.saved.audiences import Definition
from crm_core.store.saved.rules import SavedRules
from crm_core.store.workspaces import Entry, Workspaces
from tests import buyers as drawn
from tests.apptest import claims, open_page, texts
from tests.pages.shop_of_forty import order_lines
from tests.pages.shop_with_service import cases
from tests.workspaces import write
from ui.sections.audience import control_size, keeping, portrait
from ui.sections.audience.choices import EXPECTATION
from ui.state import Url

WHO, EXPECT, RESPECT = "Who they are", "What to expect", "Whom to leave out"
IRAN, NOT_IRAN, TWO = "country = 'Iran'", "not (country = 'Iran')", "customer_id in ('c00', 'c02', 'zz')"
NOW = datetime(2024, 1, 1, tzinfo=UTC)
Seen = Callable[..., AppTest]
IDS = [f"c{number:02}" for number in range(40)]


def sold() -> pd.DataFrame:
    """Customers with an even number buy tea, the others mugs, all one mug first."""
    frame = order_lines()
    first = ~frame.duplicated("customer_id")
    return frame.assign(
        category=["Mugs" if one or int(who[1:]) % 2 else "Tea" for one, who in zip(first, frame["customer_id"], strict=True)]
    )


def people() -> pd.DataFrame:
    """Every third lives in Iran, every third in Chile; who can be divided by 5 refused consent."""
    return pd.DataFrame(
        {
            "customer_id": IDS,
            "country": [("Iran", "Chile", None)[one % 3] for one in range(40)],
            "consent": [one % 5 != 0 for one in range(40)],
        }
    )


def contacts() -> pd.DataFrame:
    """The last ten opted out of letters; c01 was called five times in December."""
    rows = [(f"k{one}", who, "2023-06-01 10:00:00", "letter", "opted_out") for one, who in enumerate(IDS[30:])]
    rows += [(f"m{one}", "c01", f"2023-12-{10 + one} 10:00:00", "phone", "delivered") for one in range(5)]
    return pd.DataFrame(rows, columns=["contact_id", "customer_id", "contacted_at", "channel", "outcome"])


def put(workspaces: Workspaces) -> Entry:
    """The shop of forty with categories, consent, contacts and cases."""
    candidate = workspaces.candidate("nasked")
    tables = {"order_lines": sold(), "customers": people(), "contacts": contacts(), "cases": cases()}
    write(candidate, name="Asked shop", currency="EUR", **tables)
    return workspaces.accept("nasked", candidate, "Asked shop", "named")


@pytest.fixture
def shop(workspaces: Workspaces) -> Entry:
    return put(workspaces)


def opened(tab: str, where: str = "", **query: Any) -> AppTest:
    app = open_page("audience", audience_tab=tab, where=where, **query)
    assert not app.exception
    return app


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AppTest]:
    """Pages of the shop that are only looked at, each opened once: seen(tab, where, ...)."""
    folder = tmp_path_factory.mktemp("seen")
    put(Workspaces(find_home({"CRM_HOME": str(folder)})))

    @cache
    def see(tab: str, where: str = "", **query: Any) -> AppTest:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CRM_HOME", str(folder))
            return opened(tab, where, **query)

    return see


def told(app: AppTest) -> str:
    return texts(app).replace("\\", "").replace("\u2060", "")


def tiles(app: AppTest) -> dict[str, str]:
    return {metric.label.replace("\\", ""): metric.value.replace("\\", "") for metric in app.metric}


def figure(app: AppTest, place: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(app.get("plotly_chart")[place].proto.spec)
    return found


def table(app: AppTest, column: str) -> pd.DataFrame:
    """The first table with that column."""
    return next(one.value for one in app.dataframe if column in one.value)


# -- who they are -----------------------------------------------------------------------------------------------------


def test_the_answer_counts_those_who_meet_the_conditions(seen: Seen) -> None:
    frame, ids = sold(), set(IDS[::3])
    own = frame[frame["customer_id"].isin(ids)]
    amount, whole = own["net_amount"].sum(), frame["net_amount"].sum()
    app = seen(WHO, IRAN)
    assert f"{len(ids)} of 40 customers (35.0 %) meet the conditions on" in told(app)
    assert f"They brought EUR {amount:,.0f}, {100 * amount / whole:.1f} % of all net sales, with {len(own)} purchases since" in told(app)
    assert tiles(app)["Customers"] == "14"
    assert tiles(app)["Share of sales"] == f"{100 * amount / whole:.1f} %"
    assert tiles(app)["Average order"] == f"EUR {amount / len(own):.2f}"


def test_whom_the_rules_leave_is_told_with_it(seen: Seen) -> None:
    """Of c00, c03 ... c39: c00, c15 and c30 refused, c33, c36 and c39 opted out, and c39 has an open case as well."""
    assert tiles(seen(WHO, IRAN))["Left to contact"] == "8"
    assert "The contact rules leave 8 of them" in told(seen(WHO, IRAN))


def test_all_customers_are_told_as_such(seen: Seen) -> None:
    app = seen(WHO)
    assert "All 40 customers are chosen, seen from" in told(app)
    assert "add a condition" in app.info[0].value
    assert tiles(app)["Share of sales"] == "100.0 %"


def test_where_nobody_is_left_a_misspelt_value_is_named(seen: Seen) -> None:
    app = seen(EXPECT, "country = 'Irn'")
    assert "Nobody of 40 customers meets the conditions" in told(app)
    assert "Country is never “Irn” in this data; did you mean “Iran”?" in told(app)
    assert app.info[0].value.startswith("Nobody is left")


def test_conditions_that_exclude_each_other_say_what_to_do(seen: Seen) -> None:
    assert "Take a condition out, or turn it round" in told(seen(WHO, f"{IRAN} and country = 'Chile'"))


def test_what_sets_apart_is_drawn_with_what_was_chosen_marked(seen: Seen) -> None:
    every, own = figure(seen(WHO, IRAN))["data"]
    assert own["y"][-1] == "Country: Iran (chosen)"
    assert (own["x"][-1], every["x"][-1]) == (1.0, pytest.approx(14 / 40))
    assert not [label for label in own["y"] if "Chile" in label]
    assert len(own["y"]) <= portrait.MOST_SHOWN


def test_what_was_left_out_by_name_stays_on_the_chart(seen: Seen) -> None:
    labels = figure(seen(WHO, NOT_IRAN))["data"][1]["y"]
    assert "Country: Iran (left out)" in labels
    assert "Country: unknown" in labels


def test_few_customers_are_uncertain_and_fewer_give_no_verdict(seen: Seen) -> None:
    assert "Uncertain: these are shares of 14 customers only" in seen(WHO, IRAN).warning[0].value
    app = seen(WHO, TWO)
    assert "no verdict" in app.warning[0].value
    assert len(app.get("plotly_chart")) == 1  # what they buy is a sum, no verdict
    assert not seen(WHO, f"not ({TWO})").warning


def test_what_is_no_known_value_is_told_beside_others(seen: Seen) -> None:
    app = seen(WHO, TWO)
    assert "2 of 40 customers" in told(app)
    assert "Customer id is never “zz” in this data." in told(app)


def test_averages_are_those_of_both_sides(seen: Seen) -> None:
    frame = sold()
    by_customer = frame.groupby("customer_id")["net_amount"].sum()
    found = table(seen(WHO, IRAN), "audience_value").iloc[0]
    assert found["figure"] == "Net sales a customer (EUR)"
    assert found["audience_value"] == pytest.approx(by_customer[IDS[::3]].mean())
    assert found["all_value"] == pytest.approx(by_customer.mean())


def test_what_they_buy_is_told_by_share_of_their_money(seen: Seen) -> None:
    frame = sold()
    own = frame[frame["customer_id"].isin(IDS[::3])]
    part, whole = (one.groupby("category")["net_amount"].sum() / one["net_amount"].sum() for one in (own, frame))
    best = part.idxmax()
    sentence = (
        f"most on the category **\u2068{best}\u2069**: {100 * part[best]:.1f} % of their net sales, against {100 * whole[best]:.1f} %"
    )
    assert sentence in told(seen(WHO, IRAN))


def test_without_products_and_contacts_it_is_said_what_is_missing(forty: Entry) -> None:
    app = opened(WHO, IRAN)
    assert "What they buy needs “" in told(app)
    app.session_state[Url.AUDIENCE_TAB] = RESPECT
    app.run()
    assert "“no consent to contact” needs a column of customers that says who agreed to be contacted" in told(app)
    assert "leave out nobody" in told(app)
    assert any("Add it on the Data page" in link.proto.label for link in app.get("page_link"))


def test_without_sales_there_are_customers_still(workspaces: Workspaces) -> None:
    candidate = workspaces.candidate("nwithout")
    write(candidate, name="Without", customers=people(), cases=cases())
    workspaces.accept("nwithout", candidate, "Without", "named")
    app = opened(EXPECT, IRAN)
    assert tiles(app) == {"Customers": "14", "Left to contact": "9"}  # c00, c15, c30 refused; cases of c21 and c39 were open
    assert "an order value is needed" in app.info[0].value


# -- what to expect ---------------------------------------------------------------------------------------------------


def test_what_is_expected_follows_the_formulas(shop: Entry) -> None:
    """Eight are left; 10 % of them, rounded, are controls, so seven are contacted. Costs are 60 % of the amount. What was typed stays while the tab is
    closed."""
    frame = sold()
    order = frame.loc[frame["customer_id"].isin(IDS[::3]), "net_amount"].mean()
    app = opened(EXPECT, IRAN)
    for name, value in {"cost_a_contact": 1.5, "cost_a_response": 2.0, "response": 50.0, "response_without": 20.0}.items():
        app.number_input(key=EXPECTATION[name]).set_value(value)
    app.run()
    assert not app.exception
    brings = 0.4 * order
    profit = 7 * (0.3 * brings - 0.5 * 2 - 1.5)
    assert tiles(app)["Break-even rise"] == f"{100 * 1.5 / (brings - 2):.2f} points"
    assert tiles(app)["Incremental"] == "2"
    found = table(app, "response_value").iloc[0]
    assert found["response_value"] == pytest.approx(brings)
    assert found["profit"] == pytest.approx(profit)
    assert found["room_share"] == pytest.approx(100 * (0.3 * brings - 0.5 * 2 - 1.5) / (0.5 * order))
    assert found["needed_share"] == pytest.approx(100 * (1.5 + 0.2 * brings) / (brings - 2))
    for tab in (RESPECT, EXPECT):
        app.session_state[Url.AUDIENCE_TAB] = tab
        app.run()
    assert app.number_input(key=EXPECTATION["cost_a_contact"]).value == 1.5


def test_without_a_known_response_nobody_is_taken_to_have_bought(seen: Seen) -> None:
    app = seen(EXPECT, IRAN)
    assert "nobody would have bought without it" in told(app)
    assert "assumes nobody would have bought" in told(app)
    assert tiles(app)["Incremental"] == tiles(app)["Responses"]


def test_an_audience_that_is_too_small_for_a_verdict_is_told_so(seen: Seen) -> None:
    app = seen(EXPECT, IRAN)
    assert "There will be no verdict" in told(app) or "there will be no verdict" in told(app)
    assert not [button for button in app.button if button.key == "audience_set_control"]


def test_what_such_customers_did_before_can_be_taken_over_and_ones_own_numbers_win(workspaces: Workspaces) -> None:
    """Those of Iran whom the rules leave; counted by pandas. Without costs in the data, a margin of all is called sales."""
    candidate = workspaces.candidate("nplain")
    write(candidate, name="Plain", currency="EUR", order_lines=sold().drop(columns="cost_amount"), customers=people())
    workspaces.accept("nplain", candidate, "Plain", "named")
    frame = sold()
    days = pd.to_datetime(frame["line_at"])
    since = days.max().normalize() + pd.Timedelta(days=1) - pd.Timedelta(days=30)
    known = {f"c{one:02}" for one in range(0, 40, 3) if one % 5}
    buying = known & set(frame.loc[days >= since, "customer_id"])
    app = opened(EXPECT, IRAN)
    assert "Margin 100.0 %: no costs in this data, so these are sales and no profit." in told(app)
    assert f"Of {len(known)} customers who met the same conditions 30 days before" in told(app)
    assert f"Such customers responded by {100 * len(buying) / len(known):.2f} % before" in app.warning[0].value
    app.number_input(key=EXPECTATION["order_value"]).set_value(200.0)
    app.number_input(key=EXPECTATION["margin"]).set_value(25.0)
    app.button(key="audience_take_response").click().run()
    assert app.number_input(key=EXPECTATION["response_without"]).value == pytest.approx(100 * len(buying) / len(known), abs=0.005)
    assert not app.warning
    assert table(app, "response_value").iloc[0]["response_value"] == pytest.approx(50.0)


def test_a_control_group_that_will_do_is_set_on_a_click(buyers: Entry) -> None:
    """200 controls of all who are there, at a response that gives 30 buyers among them."""
    everybody = len(drawn.customers())
    app = opened(EXPECT)
    app.number_input(key=EXPECTATION["response_without"]).set_value(30.0)
    app.number_input(key=EXPECTATION["response"]).set_value(60.0)
    app.run()
    assert f"200 controls at this response. The present group of {round(everybody / 10)} is too small" in told(app)
    percent = int(np.ceil(100 * 200 / everybody))
    app.button(key="audience_set_control").click().run()
    assert app.number_input(key=Url.CONTROL).value == percent
    assert f"is the present control group of {percent} %" in told(app)


@pytest.mark.parametrize(
    ("needed", "percent"),
    [
        (Share(101, 0.101, "", 200), 20),
        (Share(301, 0.301, "", 200), 31),
        (Share(None, None, "too few", 200), None),
        (Share(10, 0.01, "", None), None),
        (Share(10, 0.01, "", 950), None),
    ],
)
def test_the_suggestion_does_both_or_there_is_none(needed: Share, percent: int | None) -> None:
    assert control_size.suggested(1_000, needed) == percent


# -- whom to leave out ------------------------------------------------------------------------------------------------


def test_each_rule_tells_whom_it_concerns_and_takes(seen: Seen) -> None:
    found = table(seen(RESPECT, respect="false"), "left_out").set_index("rule")
    refused, out, is_open = set(range(0, 40, 5)), set(range(30, 40)), set(range(7, 40, 8))
    assert found.loc["no consent to contact"].tolist() == [8, 8]
    assert found.loc["opted out"].tolist() == [10, len(out - refused)]
    assert found.loc["an open complaint or request"].tolist() == [5, len(is_open - out - refused)]
    assert found.loc["contacted 4 times or more in the last 30 days"].tolist() == [1, 1]


def test_rules_that_are_switched_off_are_counted_all_the_same(seen: Seen) -> None:
    app = seen(RESPECT, respect="false")
    assert "switched off for this audience" in app.warning[0].value
    assert "Of 40 customers who meet the conditions the rules would leave out 19; 21 can be contacted." in told(app)
    assert tiles(app)["Left to contact"] == "40"
    assert "The contact rules are switched off." in told(app)


def test_those_left_out_are_listed_with_their_rule(seen: Seen) -> None:
    listed = table(seen(RESPECT, "customer_id in ('c01', 'c02', 'c30', 'c31')"), "days_since_last_order")
    assert dict(zip(listed["customer_id"], listed["rule"], strict=True)) == {
        "c01": "contacted 4 times or more in the last 30 days",
        "c30": "no consent to contact",
        "c31": "opted out",
    }


def test_rules_are_saved_for_everybody(shop: Entry) -> None:
    app = opened(RESPECT)
    assert "Nobody has saved contact rules yet" in told(app)
    app.checkbox(key="audience_rule_0_without_consent").uncheck()
    app.number_input(key="audience_rule_0_most_contacts").set_value(6)
    app.selectbox(key="audience_rule_0_channel").set_value("phone")
    _save(app)
    assert Rules.from_dict(_kept().value) == Rules(without_consent=False, most_contacts=6, channel="phone")
    assert "Version 1, saved" in told(app)
    assert not app.checkbox(key="audience_rule_1_without_consent").value
    assert table(app, "left_out")["left_out"].tolist() == [0, 5, 0, 0]  # nobody opted out of calls, five cases are open


def test_who_saves_second_is_asked(shop: Entry) -> None:
    app = opened(RESPECT)
    theirs = Rules(open_case=False)
    app.checkbox(key="audience_rule_0_opted_out").uncheck()
    keeping.store().contact_rules.save_rules(theirs.as_dict(), 0, who="bo@example.com", now=NOW)
    _save(app)
    assert Rules.from_dict(_kept().value) == theirs
    assert "bo@example.com saved version 1 of the rules meanwhile" in told(app)
    both = table(app, "Theirs").set_index("Rule")
    assert both.loc["Who opted out"].tolist() == ["no", "left out"]
    assert both.loc["Who has an open complaint or request"].tolist() == ["left out", "no"]
    assert len(both) == 2
    app.button(key="rules_over").click().run()
    assert Rules.from_dict(_kept().value) == Rules(opted_out=False)
    assert _kept().version == 2


def test_who_saves_second_can_keep_what_is_there(shop: Entry) -> None:
    app = opened(RESPECT)
    keeping.store().contact_rules.save_rules(Rules(open_case=False).as_dict(), 0, who="bo@example.com", now=NOW)
    _save(app)
    app.button(key="rules_theirs").click().run()
    assert _kept().version == 1
    assert not app.checkbox(key="audience_rule_1_open_case").value


def test_an_analyst_reads_the_rules_and_does_not_change_them(shop: Entry, home: Path) -> None:
    (home / "roles.toml").write_text('[users]\n"ana@example.com" = "analyst"\n')
    app = opened(RESPECT, TWO, signed_in=claims("ana@example.com"))
    assert "The company's rules are for administrators." in [one.value for one in app.info]
    assert not app.checkbox
    assert table(app, "left_out")["concerned"].tolist()[0] == 1
    assert table(app, "days_since_last_order")["customer_id"].tolist() == ["c00"]


def test_a_viewer_sees_counts_and_nothing_of_single_customers(shop: Entry, home: Path) -> None:
    (home / "roles.toml").write_text('[users]\n"vi@example.com" = "viewer"\n')
    made = keeping.store().audiences.create(shop.id, "Two", Definition(TWO), who="", now=NOW)
    app = opened(RESPECT, signed_in=claims("vi@example.com"), audience=made.id)
    assert tiles(app)["Customers"] == "2"
    assert table(app, "left_out")["concerned"].tolist()[0] == 1
    assert not [one for one in app.dataframe if "customer_id" in one.value]
    assert not [one for one in ("c00", "c02", "zz") if one in told(app)]


def _save(app: AppTest) -> None:
    next(button for button in app.button if button.label == "Save the rules for everybody").click().run()
    assert not app.exception


def _kept() -> SavedRules:
    return keeping.store().contact_rules.rules()
