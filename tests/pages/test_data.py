"""The Data page: empty, loaded, with a bad upload; and the marketer's way from a file to accepted data."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from crm_core.store.workspaces import PRIVATE_NAME, Entry, Workspaces, private_id
from tests.apptest import open_page, texts
from tests.workspaces import six_customers
from ui.state import Session, Url

LOAD = {"section": "Load data"}
SALES = "Client;Bill;Day;Total\n" + "\n".join(f"k{i % 7};{i};{i % 28 + 1:02}.01.2024;{i},50" for i in range(1, 60))


def upload(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    for name, content in files:
        app.file_uploader[0].upload(name, content)
    return app.run()


def findings(app: AppTest) -> list[str]:
    """The sentences of the tables of problems."""
    return [str(one) for table in app.dataframe if "What" in table.value for one in table.value["What"]]


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_without_data_the_page_offers_to_load_some() -> None:
    app = open_page("data")
    assert not app.exception
    assert "No data yet" in texts(app)
    assert app.file_uploader


def test_loaded_data_shows_its_receipt_and_profile(shop: Entry) -> None:
    app = open_page("data")
    assert not app.exception
    assert not app.error
    assert {"Rows read", "Rows used", "Rows rejected", "Customers"} <= set(metrics(app))
    assert [tab.label for tab in app.tabs if tab.label.startswith("Order lines")] == [f"Order lines ({len(six_customers())})"]


def test_a_file_becomes_the_private_data_of_the_session(shop: Entry) -> None:
    app = upload(open_page("data", **LOAD), ("sales.csv", SALES.encode()))
    assert not app.exception
    assert app.selectbox(key="field_customer_id_0_1").value == "Client"
    app.button(key="check").click().run()
    assert metrics(app) == {"Rows read": "59", "Rows used": "59", "Rows rejected": "0", "Customers": "7"}
    assert app.session_state[Session.VIEW].name == "Six shop"
    app.button(key="accept").click().run()
    assert app.session_state[Session.VIEW].is_private
    assert app.sidebar.selectbox(key=Url.WORKSPACE).value == PRIVATE_NAME
    assert app.caption[0].value.startswith("**Your upload")


def test_another_session_sees_nothing_of_an_upload(shop: Entry) -> None:
    app = upload(open_page("data", **LOAD), ("sales.csv", SALES.encode()))
    app.button(key="check").click().run()
    app.button(key="accept").click().run()
    other = open_page("data")
    assert other.session_state[Session.VIEW].name == "Six shop"
    assert other.sidebar.selectbox(key=Url.WORKSPACE).options == ["Six shop"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("header.csv", b"customer,order,date,amount\n"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20),
        ("broken.zip", b"PK\x03\x04 this is no archive"),
        ("broken.xlsx", b"PK\x03\x04" + b"\0" * 200),
    ],
)
def test_a_bad_upload_is_told_in_words_and_the_data_stays(shop: Entry, name: str, content: bytes) -> None:
    app = upload(open_page("data", **LOAD), (name, content))
    assert not app.exception
    said = texts(app)
    assert app.error or "must be solved" in str([table.value for table in app.dataframe])
    assert "Traceback" not in said
    assert "Something went wrong" not in said
    assert app.session_state[Session.VIEW].name == "Six shop"


def test_a_good_file_beside_a_bad_one_is_kept() -> None:
    app = upload(open_page("data"), ("sales.csv", SALES.encode()), ("empty.csv", b""))
    assert app.error
    assert "sales" in texts(app)
    assert app.button(key="check")


def test_a_corrected_field_changes_the_receipt() -> None:
    app = upload(open_page("data"), ("sales.csv", SALES.encode()))
    app.selectbox(key="field_customer_id_0_1").select("Bill").run()
    app.selectbox(key="field_order_id_0_1").select("Client").run()
    app.button(key="check").click().run()
    assert metrics(app)["Customers"] == "59"


def test_a_check_that_comes_together_with_choices_checks_the_choices() -> None:
    app = upload(open_page("data", **LOAD), ("sales.csv", SALES.encode()))
    app.selectbox(key="field_customer_id_0_1").select("Bill")
    app.selectbox(key="field_order_id_0_1").select("Client")
    app.button(key="check").click().run()
    assert metrics(app)["Customers"] == "59"


def test_answers_to_a_survey_alone_have_customers_and_no_sales() -> None:
    survey = "response_id;customer_id;responded_at;nps_score\n" + "\n".join(
        f"r{i};k{i % 9};2024-01-{i % 28 + 1:02};{i % 11}" for i in range(60)
    )
    app = upload(open_page("data"), ("survey.csv", survey.encode()))
    app.button(key="check").click().run()
    assert metrics(app)["Customers"] == "9"
    assert "net sales" not in texts(app)


REFUNDS = "Client;Bill;Day;Total;Refund amount\n" + "\n".join(
    f"k{i % 7};{i};{i % 28 + 1:02}.01.2024;{i},50;{i % 3},00" for i in range(1, 60)
)


def test_remarks_on_the_suggestion_stay_with_the_data(shop: Entry) -> None:
    app = upload(open_page("data", **LOAD), ("sales.csv", REFUNDS.encode()))
    app.button(key="check").click().run()
    assert any("not taken off the sales" in one for one in findings(app))
    app.button(key="accept").click().run()
    assert "refunds_not_netted" in {problem.code for problem in app.session_state[Session.VIEW].ws.receipt.problems}


def test_remarks_on_what_was_corrected_go(shop: Entry) -> None:
    app = upload(open_page("data", **LOAD), ("sales.csv", REFUNDS.encode()))
    app.selectbox(key="field_net_amount_0_1").select("Refund amount")
    app.button(key="check").click().run()
    assert metrics(app)["Rows used"] == "59"
    assert not any("not taken off the sales" in one for one in findings(app))


def test_one_column_in_two_fields_is_refused() -> None:
    app = upload(open_page("data"), ("sales.csv", SALES.encode()))
    app.selectbox(key="field_order_id_0_1").select("Client").run()
    app.button(key="check").click().run()
    assert "accept" not in {button.key for button in app.button}
    assert any("must be solved" in str(table.value) for table in app.dataframe)


def test_discarding_leaves_the_former_data(shop: Entry) -> None:
    app = upload(open_page("data", **LOAD), ("sales.csv", SALES.encode()))
    app.button(key="check").click().run()
    app.button(key="discard").click().run()
    assert "accept" not in {button.key for button in app.button}
    assert app.session_state[Session.VIEW].name == "Six shop"


def test_an_example_can_be_tried() -> None:
    app = open_page("data")
    app.segmented_control(key="load_from").select("Try an example").run()
    app.button(key="example_0").click().run()
    assert not app.error
    assert app.button(key="check")


def test_files_of_the_server_s_folder_are_read_where_they_lie(workspaces: Workspaces) -> None:
    (workspaces.home.inbox / "big.csv").write_text(SALES)
    app = open_page("data")
    app.segmented_control(key="load_from").select("From the server's folder").run()
    app.multiselect(key="inbox").select("big.csv").run()
    app.button(key="read_inbox").click().run()
    assert app.button(key="check")
    assert (workspaces.home.inbox / "big.csv").exists()


def test_an_upload_is_saved_under_a_name(put_shop: Callable[[str, str], Entry], workspaces: Workspaces) -> None:
    put_shop(private_id("me"), "")
    app = open_page("data", owner="me")
    app.text_input(key="save_name").input("Web shop")
    next(button for button in app.button if button.label == "Save").click().run()
    assert [entry.name for entry in workspaces.named()] == ["Web shop"]
    assert app.session_state[Session.VIEW].name == "Web shop"


def test_a_name_that_is_taken_is_told(put_shop: Callable[[str, str], Entry], shop: Entry) -> None:
    put_shop(private_id("me"), "")
    app = open_page("data", owner="me")
    app.text_input(key="save_name").input("six SHOP")
    next(button for button in app.button if button.label == "Save").click().run()
    assert "taken" in app.error[0].value


def test_the_last_import_is_undone_once(put_shop: Callable[[str, str], Entry]) -> None:
    first = put_shop("n1", "Shop")
    put_shop("n1", "Shop")
    app = open_page("data")
    app.button(key="undo").click().run()
    assert app.session_state[Session.VIEW].entry.path == first.path
    assert "undo" not in {button.key for button in app.button}


def test_erasing_needs_a_yes(shop: Entry, workspaces: Workspaces) -> None:
    app = open_page("data")
    assert app.button(key="erase").proto.disabled
    app.checkbox(key=f"erase_sure_{shop.id}").check().run()
    app.button(key="erase").click().run()
    assert workspaces.get(shop.id) is None
    assert "No data yet" in texts(app)


def test_the_scale_of_scores_is_shown_as_recognised_and_can_be_declared(shop: Entry) -> None:
    survey = "day,CES\n" + "\n".join(f"2024-01-{at + 1:02},{1 + at % 7}" for at in range(28))
    app = upload(open_page("data", **LOAD), ("survey.csv", survey.encode()))
    assert not app.exception
    box = app.selectbox(key="scale_0_1")
    assert box.options[0] == "As recognised: ces on 1 to 7, recognised by its name and its values"
    box.set_value("ces 7-1").run()
    app.button(key="check").click().run()
    assert not app.exception
    assert metrics(app)["Rows used"] == "28"
