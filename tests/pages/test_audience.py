"""Audience: building in words, links, saving with versions and conflicts, exporting; and customers that come from another page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.fields import catalogue, measures
from crm_core.analytics.audience.language import parse
from crm_core.analytics.audience.members import members
from crm_core.cli import main
from crm_core.store.home import find_home
from crm_core.store.saved.audiences import Audience, Definition
from crm_core.store.saved.opening import Saved, open_saved
from crm_core.store.workspaces import Entry, Workspaces
from crm_core.workspace import Workspace
from pages.audience import TABS
from tests.apptest import claims, open_page, switch, texts
from tests.workspaces import write
from ui.state import Url

NOW = datetime(2024, 8, 1, 12, tzinfo=UTC)


@pytest.fixture
def saved(home: Path) -> Saved:
    with open_saved(find_home({"CRM_HOME": str(home)}), {}) as store:
        yield store


def keep(saved: Saved, entry: Entry, where: str, name: str = "Mine") -> Audience:
    return saved.audiences.create(entry.id, name, Definition(where), who="", now=NOW)


def button(app: AppTest, key: str) -> AppTest:
    assert not app.exception
    return next(one for one in app.button if one.key == key).click().run()


def said(app: AppTest) -> str:
    assert not app.exception, app.exception[0].message
    return texts(app).replace("\\", "").replace("\u2060", "")


def named_customers(entry: Entry, where: str) -> list[str]:
    with Workspace.open(entry.path) as ws:
        basis = Basis(ws.as_of)
        table = members(ws, parse(where, catalogue(ws, basis), measures(ws)), basis)
        return sorted(ws.execute(table)["customer_id"])


def test_without_conditions_everybody_is_meant(shop: Entry) -> None:
    app = open_page("audience")
    assert "All customers" in said(app)
    assert app.metric[0].value.startswith("6")


def test_a_link_opens_the_conditions_in_words(shop: Entry) -> None:
    """a and b bought for 200 and 100; of the six, a, b, e and f live in Iran or nowhere known."""
    app = open_page("audience", where="country = 'Iran' and net_sales >= 100")
    assert "country is Iran" in said(app).replace("Country", "country")
    assert app.metric[0].value.startswith("2")


def test_an_error_points_at_the_word(shop: Entry) -> None:
    app = open_page("audience", where="contry = 'Iran'")
    assert "There is no field “contry”" in said(app)
    assert "Did you mean “country”" in said(app)
    assert "^^^^^^" in app.code[0].value


def test_what_the_form_adds_can_be_turned_round_taken_out_and_brought_back(shop: Entry) -> None:
    app = open_page("audience")
    app.selectbox(key="audience_field").set_value("field country").run()
    app.multiselect(key="audience_values_country").set_value(["Iran"]).run()
    app = button(app, "audience_add")
    assert app.session_state[Url.WHERE] == 'country = "Iran"'
    app = button(app, "audience_turn_0")
    assert app.session_state[Url.WHERE] == 'country != "Iran"'
    app = button(app, "audience_drop_0")
    assert app.session_state[Url.WHERE] == ""
    app = button(app, "audience_undo")
    assert app.session_state[Url.WHERE] == 'country != "Iran"'


def test_or_joins_the_last_condition(shop: Entry) -> None:
    app = open_page("audience", where="net_sales > 0 and country = 'Iran'")
    app.selectbox(key="audience_field").set_value("field count_orders").run()
    app.selectbox(key="audience_how_field count_orders").set_value("at least").run()
    app.text_input(key="audience_low_field count_orders").set_value("3").run()
    app.segmented_control(key="audience_join").set_value("or: this or the last one").run()
    app = button(app, "audience_add")
    assert app.session_state[Url.WHERE] == 'net_sales > 0 and (country = "Iran" or count_orders >= 3)'


def test_after_adding_the_form_begins_anew(shop: Entry) -> None:
    app = open_page("audience", where="net_sales > 0 and country = 'Iran'")
    app.selectbox(key="audience_field").set_value("field count_orders").run()
    app.text_input(key="audience_low_field count_orders").set_value("3").run()
    app.segmented_control(key="audience_join").set_value("or: this or the last one").run()
    app = button(app, "audience_add")
    assert app.selectbox(key="audience_field").value is None
    assert app.segmented_control(key="audience_join").value == "and: both hold"


@pytest.mark.parametrize("typed", ["1,500", "1.500"])
def test_a_number_that_can_be_two_is_asked_back(shop: Entry, typed: str) -> None:
    app = open_page("audience")
    app.selectbox(key="audience_field").set_value("field net_sales").run()
    app.text_input(key="audience_low_field net_sales").set_value(typed).run()
    assert f"{typed} may mean 1500 or 1.5000" in said(app)
    assert next(one for one in app.button if one.key == "audience_add").disabled
    app.text_input(key="audience_low_field net_sales").set_value("1.5000").run()
    app = button(app, "audience_add")
    assert app.session_state[Url.WHERE] == "net_sales >= 1.5000"


def test_bought_in_a_period_is_a_form(forty: Entry) -> None:
    app = open_page("audience")
    app.selectbox(key="audience_field").set_value("bought").run()
    app.number_input(key="audience_times").set_value(2).run()
    app.selectbox(key="audience_when_bought").set_value("in the last").run()
    app = button(app, "audience_add")
    assert app.session_state[Url.WHERE] == "bought anything at least 2 times in last 60 days"
    assert app.metric[0].value.startswith(str(len(named_customers(forty, app.session_state[Url.WHERE]))))


def test_the_filters_of_the_sidebar_become_a_condition_on_a_click_only(shop: Entry) -> None:
    app = open_page("audience", in_country=["Iran"])
    assert app.metric[0].value.startswith("6")
    app = button(app, "audience_filters")
    assert app.session_state[Url.WHERE] == 'country = "Iran"'
    assert app.metric[0].value.startswith("3")


def test_a_list_on_another_page_becomes_an_audience(shop: Entry) -> None:
    app = open_page("segments", in_country=["Iran"])
    app = next(one for one in app.button if one.key == "segments_customers_audience").click().run()
    assert app.session_state[Url.WHERE] == 'count_orders >= 1 and country = "Iran"'
    app = switch(app, "audience")
    assert app.metric[0].value.startswith(str(len(named_customers(shop, app.session_state[Url.WHERE]))))


def test_saving_gives_a_link_and_a_version(shop: Entry, saved: Saved) -> None:
    app = open_page("audience", where="country = 'Iran'")
    form = next(one for one in app.text_input if one.key == "audience_new_name")
    form.set_value("Iranians")
    app = next(one for one in app.button if one.label == "Save").click().run()
    kept = saved.audiences.all(shop.id)[0]
    assert (kept.name, kept.definition.where, kept.version) == ("Iranians", 'country = "Iran"', 1)
    assert app.query_params[Url.AUDIENCE] in (kept.id, [kept.id])

    again = open_page("audience", audience=kept.id)
    assert again.session_state[Url.WHERE] == 'country = "Iran"'
    again = button(again, "audience_turn_0")
    again = button(again, "audience_save")
    assert [one.definition.where for one in saved.audiences.versions(kept.id)] == ['country != "Iran"', 'country = "Iran"']
    again.session_state[Url.AUDIENCE_TAB] = "Saved"
    again = button(again.run(), "restore_1")
    assert saved.audiences.get(kept.id).definition.where == 'country = "Iran"'
    assert saved.audiences.get(kept.id).version == 3


@pytest.mark.parametrize(("way", "mine", "theirs"), [("conflict_over", 1, 0), ("conflict_theirs", 0, 1), ("conflict_copy", 1, 1)])
def test_who_saves_second_chooses_and_loses_nothing(shop: Entry, saved: Saved, way: str, mine: int, theirs: int) -> None:
    kept = keep(saved, shop, 'country = "Iran"')
    app = open_page("audience", audience=kept.id)
    saved.audiences.save(kept.id, 1, definition=Definition('country = "Chile"'), who="eva@example.com", now=NOW)
    app = button(app, "audience_turn_0")
    app = button(app, "audience_save")
    assert "eva@example.com saved version 2 meanwhile" in said(app)
    assert saved.audiences.get(kept.id).definition.where == 'country = "Chile"'
    app = button(app, way)
    present = [one.definition.where for one in saved.audiences.all(shop.id)]
    assert (present.count('country != "Iran"'), present.count('country = "Chile"')) == (mine, theirs)
    assert 'country = "Chile"' in [one.definition.where for one in saved.audiences.versions(kept.id)]
    assert "meanwhile" not in said(app)


def test_a_deleted_audience_can_be_brought_back(shop: Entry, saved: Saved) -> None:
    kept = keep(saved, shop, 'country = "Iran"')
    app = button(open_page("audience", audience=kept.id), "audience_delete")
    assert not saved.audiences.all(shop.id)
    assert "was deleted by local user" in said(open_page("audience", audience=kept.id))
    app.session_state[Url.AUDIENCE_TAB] = "Saved"
    button(app.run(), f"undelete_{kept.id}")
    assert [one.id for one in saved.audiences.all(shop.id)] == [kept.id]


def test_one_whose_name_was_given_away_comes_back_under_another(shop: Entry, saved: Saved) -> None:
    kept = keep(saved, shop, 'country = "Iran"')
    app = button(open_page("audience", audience=kept.id), "audience_delete")
    keep(saved, shop, "net_sales > 0")
    app.session_state[Url.AUDIENCE_TAB] = "Saved"
    button(app.run(), f"undelete_{kept.id}")
    assert sorted(one.name for one in saved.audiences.all(shop.id)) == ["Mine", "Mine (brought back)"]


def test_a_link_to_an_audience_of_other_data_says_so(shop: Entry, forty: Entry, saved: Saved) -> None:
    kept = keep(saved, forty, "net_sales > 0")
    assert "belongs to other data" in said(open_page("audience", data="Six shop", audience=kept.id))


def exported(forty: Entry, saved: Saved) -> tuple[AppTest, Audience]:
    """An audience of the forty, exported with a fifth as control group."""
    kept = keep(saved, forty, "net_sales > 20")
    app = open_page("audience", data="Shop of forty", audience=kept.id, audience_tab="Take away", control="20")
    app = button(app, "audience_save") if any(one.key == "audience_save" and not one.disabled for one in app.button) else app
    return button(app, "audience_export"), kept


def test_an_export_keeps_who_was_in_which_group(forty: Entry, saved: Saved) -> None:
    app, kept = exported(forty, saved)
    assert "Files" in [one.value for one in app.subheader]
    made = saved.exports.of(kept.id)[0]
    taken = saved.exports.members(made.id).to_pandas()
    chosen = named_customers(forty, "net_sales > 20")
    assert sorted(taken["customer_id"]) == chosen
    assert (taken["group"] == "control").sum() == made.n_control == round(0.2 * len(chosen))
    assert (made.ends_on - made.starts_on).days == 30
    assert "The command" not in said(app)


def test_page_link_and_command_give_the_same_list(forty: Entry, saved: Saved, tmp_path: Path, home: Path) -> None:
    app, kept = exported(forty, saved)
    command = next(one.value for one in app.code if one.value.startswith("python -m crm_core audience"))
    assert "--saved=Mine" in command
    out = tmp_path / "list.csv"
    assert main(["audience", "workspace:Shop of forty", "--saved", "Mine", "--out", str(out)]) == 0
    taken = saved.exports.members(saved.exports.of(kept.id)[0].id).to_pandas()
    listed = pd.read_csv(out, dtype=str).rename(columns=lambda name: name.strip("\ufeff"))
    pd.testing.assert_frame_equal(
        listed[["customer_id", "group"]].sort_values("customer_id", ignore_index=True),
        taken[["customer_id", "group"]].astype("str").sort_values("customer_id", ignore_index=True),
        check_dtype=False,
    )


def test_a_seed_that_drew_another_campaign_is_told(forty: Entry, saved: Saved) -> None:
    exported(forty, saved)
    other = keep(saved, forty, "net_sales > 30", "Other")
    app = open_page("audience", data="Shop of forty", audience=other.id, audience_tab="Take away")
    assert "Seed 1 drew the groups of “Mine” as well" in said(app)
    app = button(app, "audience_lot")
    assert app.session_state[Url.SEED] != 1


def test_a_viewer_sees_the_figures_of_saved_audiences_and_builds_none(shop: Entry, saved: Saved, home: Path) -> None:
    (home / "roles.toml").write_text('[users]\n"vi@example.com" = "viewer"\n')
    who = claims("vi@example.com")
    app = open_page("audience", signed_in=who, where="customer_id = 'a'")
    assert "Saving audiences is for analysts" in said(app)
    assert not app.metric
    kept = keep(saved, shop, 'customer_id in ("a", "b")')
    app = open_page("audience", signed_in=who, audience=kept.id, where="customer_id = 'a'")
    assert app.metric[0].value.startswith("2")
    assert '"a"' not in said(app)
    assert not any('"a"' in one.value for one in app.code)
    assert not [one for one in app.button if one.key in {"audience_save", "audience_add", "audience_export"}]


def test_an_audience_of_a_workspace_that_is_erased_goes_with_it(shop: Entry, saved: Saved, workspaces: Workspaces) -> None:
    kept = keep(saved, shop, "net_sales > 0")
    assert main(["erase", shop.name]) == 0
    assert saved.audiences.all(shop.id) == ()
    assert (
        "gone" in said(open_page("audience", audience=kept.id)).lower()
        or open_page("audience", audience=kept.id).title[0].value == "No data yet"
    )


def test_with_order_lines_alone_all_tabs_stand(bare: Entry) -> None:
    app = open_page("audience")
    for tab in TABS:
        app.session_state[Url.AUDIENCE_TAB] = tab
        app = app.run()
        assert "Something went wrong" not in said(app), tab


def put_survey(workspaces: Workspaces, **tables: pd.DataFrame) -> None:
    """A workspace with one answer to a survey, of customer a."""
    answer = {"response_id": ["1"], "responded_at": ["2024-01-01"], "measure": ["nps"], "score": [9.0], "scale_min": [0], "scale_max": [10]}
    candidate = workspaces.candidate("nsurvey")
    write(candidate, surveys=pd.DataFrame(answer | {"customer_id": ["a"]}), **tables)
    workspaces.accept("nsurvey", candidate, "Survey", "named")


def test_without_sales_all_tabs_stand(workspaces: Workspaces) -> None:
    put_survey(workspaces, customers=pd.DataFrame({"customer_id": ["a", "b"], "country": ["Iran", "Chile"], "consent": [True, False]}))
    app = open_page("audience", where="country = 'Iran'")
    for tab in TABS:
        app.session_state[Url.AUDIENCE_TAB] = tab
        app = app.run()
        assert "Something went wrong" not in said(app), tab
    assert app.metric[0].value.startswith("1")


def test_without_customers_it_says_what_is_missing(workspaces: Workspaces) -> None:
    put_survey(workspaces)
    app = open_page("audience")
    assert "Building an audience needs the table “Customers”" in said(app)
    assert not app.button


def test_a_list_that_was_searched_goes_there_by_its_ids(forty: Entry) -> None:
    app = open_page("key-customers", data="Shop of forty")
    app.text_input(key="key_customers_net_sales_search").set_value("c1").run()
    app = next(one for one in app.button if one.key == "key_customers_net_sales_audience").click().run()
    assert app.session_state[Url.WHERE].startswith("customer_id in (")
    app = switch(app, "audience")
    assert app.metric[0].value.startswith("10")
