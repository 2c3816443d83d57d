"""The Data page and a company's database: no connection, faults, browsing, a SELECT, joins, import, refresh; and data that stays where it lies."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from crm_core.store.workspaces import Entry, Workspaces
from tests.apptest import open_page, switch, texts
from tests.pages.company_database import SALES, SECRET, TOTAL, add_sale, connect, write_lake, write_sqlite
from ui import database_form
from ui.state import Session, Url

LOAD = {"section": "Load data"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_sqlite(tmp_path / "shop.db")


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return write_lake(tmp_path / "lake")


@pytest.fixture
def connected(home: Path, file: Path, lake: Path) -> None:
    connect(home, shop=f"sqlite:///{file}", lake=f"parquet://{lake}")


def browse(app: AppTest | None = None, connection: str = "shop") -> AppTest:
    """The page with the tables of a connection."""
    app = (app or open_page("data", **LOAD)).segmented_control(key="load_from").select("From a database").run()
    assert not app.exception
    if connection != "shop":
        app.selectbox(key="connection").select(connection).run()
    return app


def choose(app: AppTest, *names: str, connection: str = "shop", reading: int = 0) -> AppTest:
    box = app.multiselect(key=f"tables_{connection}_None_{reading}")
    for name in names:
        box.select(name)
    return app.run()


def imported(*names: str, connection: str = "shop", **query: str) -> AppTest:
    """Tables read (or left where they are), checked and accepted."""
    app = choose(browse(open_page("data", **query), connection), *names, connection=connection)
    app.button(key="leave_tables" if connection == "lake" else "read_tables").click().run()
    app.button(key="check").click().run()
    app.button(key="accept").click().run()
    assert not app.exception
    return app


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def keys(app: AppTest) -> set[str]:
    return {str(button.key) for button in app.button}


def titles(app: AppTest) -> str:
    return "\n".join(expander.label for expander in app.expander)


def test_without_connections_the_page_says_how_one_is_added() -> None:
    assert "connections.toml" in texts(browse())


def test_a_configuration_with_faults_is_told_and_the_rest_works(home: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / "connections.toml").write_text(f'[connections.shop]\nurl = "postgresql://me:{SECRET}@host/db"\nport = 5432\n')
    app = browse()
    assert "connections cannot be used" in app.error[0].value
    found = [str(one) for table in app.dataframe if "What" in table.value for one in table.value["What"]]
    assert any("there is no such key" in one for one in found)
    assert SECRET not in texts(app) + str(found)
    app.segmented_control(key="load_from").select("Upload files").run()
    assert app.file_uploader


def test_connections_are_offered_by_their_labels(connected: None) -> None:
    app = browse()
    assert app.selectbox(key="connection").options == ["The shop", "The lake"]
    assert not app.text_input  # neither URL nor password is asked for


def test_two_connections_of_one_label_are_told_apart(home: Path, file: Path) -> None:
    connect(home, one=f"sqlite:///{file}", two=f"sqlite:///{file}")
    (home / "connections.toml").write_text((home / "connections.toml").read_text().replace("The two", "The one"))
    assert browse().selectbox(key="connection").options == ["The one (one)", "The one (two)"]


def test_tables_and_views_are_listed_and_looked_into(connected: None) -> None:
    app = choose(browse(), "sales")
    assert "late · view" in app.multiselect(key="tables_shop_None_0").options
    rows = next(table.value for table in app.dataframe if "order_id" in table.value)
    types = next(table.value for table in app.dataframe if "Type" in table.value)
    assert len(rows) == 20
    assert dict(zip(types["Column"], types["Type"], strict=True))["ordered_at"] == "TIMESTAMP"


def test_names_of_a_database_are_text_and_no_markup(connected: None) -> None:
    app = choose(browse(), "![x](http://a.example/x.png)")
    assert "\\!\\[x\\]\\(http\\:" in titles(app)
    assert "](http" not in titles(app)


def test_of_very_many_tables_those_are_offered_that_hold_a_part(connected: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_form, "MOST_OFFERED", 2)
    app = browse()
    assert len(app.multiselect(key="tables_shop_None_0").options) == 2
    app.text_input(key="find_shop_None_0").input("sale").run()
    app = choose(app, "sales")
    app.text_input(key="find_shop_None_0").input("cust").run()
    assert app.multiselect(key="tables_shop_None_0").options == ["sales", "customers"]
    assert app.multiselect(key="tables_shop_None_0").value == ["sales"]


def test_a_database_that_is_not_there_is_told_and_another_can_be_chosen(home: Path, file: Path, tmp_path: Path) -> None:
    connect(home, gone=f"sqlite:///{tmp_path / 'gone.db'}", shop=f"sqlite:///{file}")
    app = browse(connection="gone")
    assert "no such file" in app.error[0].value
    app.selectbox(key="connection").select("shop").run()
    assert not app.error
    assert "sales" in app.multiselect(key="tables_shop_None_0").options


def test_a_server_that_refuses_is_told_without_its_password(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("SHOP_PASSWORD", SECRET)
    section = '[connections.shop]\nurl = "postgresql+psycopg://me@127.0.0.1:1/shop"\npassword = "env:SHOP_PASSWORD"\nin_place = true\n'
    (home / "connections.toml").write_text(section)
    app = browse()
    assert "refuses connections" in app.error[0].value
    assert SECRET not in texts(app)
    assert "127.0.0.1" not in texts(app)


def test_a_place_that_may_not_be_worked_in_says_who_can_allow_it(home: Path, lake: Path) -> None:
    connect(home, shop=f"parquet://{lake}")
    assert "in_place = true" in texts(browse()).replace("\\", "")


def ask(app: AppTest, sql: str, connection: str = "shop") -> AppTest:
    app.session_state["database_way"] = database_form.QUERY
    app.run()
    app.text_area(key=f"query_{connection}").input(sql)
    return app.button(key=f"ask_{connection}").click().run()


@pytest.mark.parametrize("connection", ["shop", "lake"])
@pytest.mark.parametrize(
    ("sql", "what"), [("DROP TABLE sales", "DROP"), ("SELECT 1; DELETE FROM sales", "more than one"), ("", "Write a SELECT first")]
)
def test_a_query_is_checked_before_it_can_be_used(connected: None, connection: str, sql: str, what: str) -> None:
    app = ask(browse(connection=connection), sql, connection)
    assert not app.exception
    assert what in (app.error or app.warning)[0].value
    assert {"read_tables", "leave_tables"} & keys(app) == set()


def test_a_query_is_looked_at_and_read_under_its_name(connected: None) -> None:
    app = ask(browse(), "SELECT order_id, customer_id, ordered_at, net_amount FROM sales WHERE net_amount > 100")
    assert len(next(table.value for table in app.dataframe if "order_id" in table.value)) == 20
    app.text_input(key="query_name_shop").input("Large sales").run()
    app.button(key="read_tables").click().run()
    assert "Large sales" in titles(app)
    app.button(key="check").click().run()
    assert metrics(app)["Rows used"] == str(int((SALES.net_amount > 100).sum()))


def test_another_query_has_to_be_checked_again(connected: None) -> None:
    app = ask(browse(), "SELECT * FROM sales")
    assert "read_tables" in keys(app)
    app.text_area(key="query_shop").input("SELECT * FROM sales WHERE 1 = 1").run()
    assert "read_tables" not in keys(app)


def test_a_foreign_key_is_a_ready_join(connected: None) -> None:
    app = choose(browse(), "sales")
    app.multiselect(key="joined_shop_None_0_sales_0").select("customers: customer_id = customer_id").run()
    rows = next(table.value for table in app.dataframe if "order_id" in table.value)
    assert rows["customers.customer_name"].tolist()[0] == "Name 1"
    app.button(key="read_tables").click().run()
    assert "customers.customer_name" in app.selectbox(key="field_customer_id_0_1").options


def test_tables_are_joined_by_hand(connected: None) -> None:
    app = choose(browse(), "late")
    app.session_state["join_shop_None_0_late_0"] = True  # the popover is open
    app.run()
    app.selectbox(key="other_shop_None_0_late_0").select("customers").run()
    app.selectbox(key="here_shop_None_0_late_0_0").select("customer_id").run()
    app.button(key="make_shop_None_0_late_0").click().run()
    rows = next(table.value for table in app.dataframe if "order_id" in table.value)
    assert "customers.customer_name" in rows


def test_tables_become_data_with_a_receipt(shop: Entry, connected: None) -> None:
    app = imported("sales", "customers", **LOAD)
    assert metrics(app) == {"Rows read": "128", "Rows used": "128", "Rows rejected": "0", "Customers": "9"}
    assert "From **The shop**: sales, customers." in texts(app)
    assert "refresh" in keys(app)
    assert not app.radio  # no column tells newer rows


def test_refresh_shows_what_came_since_and_can_be_undone(connected: None, file: Path) -> None:
    app = imported("sales")
    add_sale(file, "new", "2024-12-31", 500)
    app.button(key="refresh").click().run()
    assert not app.error
    assert "All rows were read: sales 120 rows" in app.success[0].value
    assert metrics(app)["Rows read"] == "120"
    assert app.session_state[Session.VIEW].ws.receipt.net_sales == f"{TOTAL + 500:.4f}"
    app.button(key="undo").click().run()
    assert metrics(app)["Rows read"] == "119"
    assert "120 rows" not in texts(app)


def test_only_newer_rows_are_read_where_a_column_tells_them(connected: None, file: Path) -> None:
    app = choose(browse(open_page("data")), "sales")
    app.button(key="read_tables").click().run()
    app.selectbox(key="next_0_1").select("only newer rows").run()
    assert app.selectbox(key="newer_0_1").options == ["ordered_at", "net_amount"]
    app.number_input(key="overlap_0_1").set_value(3).run()
    app.button(key="check").click().run()
    app.button(key="accept").click().run()
    assert "Newer by ordered\\_at in sales, the last 3 days again." in app.radio(key="refresh_rows").proto.captions
    add_sale(file, "new", "2024-12-31", 500)
    add_sale(file, "old", "2024-01-01", 500)
    app.button(key="refresh").click().run()
    assert "Newer rows were read" in app.success[0].value
    assert metrics(app)["Rows read"] == "120"
    app.radio(key="refresh_rows").set_value("All rows").run()
    app.button(key="refresh").click().run()
    assert metrics(app)["Rows read"] == "121"


def test_a_refresh_that_fails_leaves_the_data(connected: None, file: Path) -> None:
    app = imported("sales")
    file.rename(file.with_suffix(".away"))
    app.button(key="refresh").click().run()
    assert "no such file" in app.error[0].value
    assert "The former data is still shown" in texts(app)
    assert metrics(app)["Rows read"] == "119"
    file.with_suffix(".away").rename(file)
    app.button(key="refresh").click().run()
    assert not app.error
    assert app.success


def test_a_table_that_changed_is_told_and_the_data_stays(connected: None, file: Path) -> None:
    app = imported("sales")
    with sqlite3.connect(file) as con:
        con.execute("DROP VIEW late")
        con.execute("ALTER TABLE sales RENAME COLUMN net_amount TO total")
    app.button(key="refresh").click().run()
    assert app.error
    assert "The former data is still shown" in texts(app)
    assert metrics(app)["Rows read"] == "119"


def test_files_are_refreshed_by_nobody(shop: Entry) -> None:
    app = open_page("data")
    assert "refresh" not in keys(app)
    assert "Refresh" not in texts(app)


def test_tables_that_stay_are_worked_out_where_they_lie(shop: Entry, connected: None) -> None:
    app = browse(connection="lake")
    assert "read_tables" not in keys(app)
    app = imported("sales", "customers", connection="lake", **LOAD)
    assert metrics(app) == {"Rows read": "128", "Rows used": "128", "Rows rejected": "0", "Customers": "9"}
    assert "No row is kept here: figures are worked out in DuckDB over Parquet" in texts(app)
    assert "worked out in DuckDB over Parquet, as of" in app.caption[0].value
    assert "imported" not in app.caption[0].value
    assert app.session_state[Session.VIEW].ws.receipt.net_sales == f"{TOTAL:.4f}"
    assert not any(tab.label.startswith("Order lines") for tab in app.tabs)
    app.button(key="make_profile").click().run()
    assert not app.exception
    assert not app.error
    assert f"Order lines ({len(SALES)})" in [tab.label for tab in app.tabs]
    overview = switch(app, "")
    assert not overview.exception
    assert not overview.error


def test_the_command_for_private_data_names_its_connection(connected: None) -> None:
    app = switch(imported("sales", "customers", connection="lake"), "segments")
    command = app.code[-1].value
    assert command.startswith("python -m crm_core segments connection:lake --in-place --table sales --table customers --as-of")


def test_what_stays_goes_with_no_file(connected: None) -> None:
    app = choose(browse(connection="lake"), "sales", connection="lake")
    app.button(key="leave_tables").click().run()
    app.segmented_control(key="load_from").select("Upload files").run()
    assert "files cannot be added" in texts(app)
    assert not app.file_uploader
    app.button(key="start_over").click().run()
    app.segmented_control(key="load_from").select("Upload files").run()
    assert app.file_uploader


def test_what_stays_cannot_be_added_to_files(connected: None, workspaces: Workspaces) -> None:
    app = open_page("data", **LOAD)
    app.file_uploader[0].upload("people.csv", b"customer_id;Full name\nc1;Ada\nc2;Bo\n")
    app = choose(browse(app.run(), connection="lake"), "sales", connection="lake")
    assert "cannot be mixed with files" in texts(app)
    assert app.button(key="leave_tables").proto.disabled


def test_looking_again_sees_what_changed(connected: None, lake: Path) -> None:
    app = imported("sales", connection="lake")
    SALES.head(50).assign(ordered_at=SALES.ordered_at.head(50).astype("datetime64[us]")).to_parquet(lake / "sales.parquet")
    app.button(key="look_again_now").click().run()
    assert not app.error
    rows = next(table.value for table in app.dataframe if list(table.value) == ["Table", "Rows"])
    assert dict(zip(rows["Table"], rows["Rows"], strict=True))["Order lines"] == "50"


@pytest.mark.parametrize("path", ["", "data", "segments"])
def test_a_place_that_is_down_leaves_the_rest_usable(
    shop: Entry, connected: None, lake: Path, path: str, put_shop: Callable[..., Entry]
) -> None:
    app = imported("sales", connection="lake", **LOAD)
    lake.rename(lake.with_name("away"))
    app.button(key="look_again_now").click().run()
    app = switch(app, path)
    assert not app.exception
    assert app.error
    assert "No data yet" not in texts(app)
    assert "try_again" in keys(app)
    if path == "data":
        assert "erase" in keys(app)
        assert app.file_uploader or app.segmented_control
    lake.with_name("away").rename(lake)
    app.button(key="try_again").click().run()
    assert not app.error
    lake.rename(lake.with_name("away"))
    from ui import cache

    cache.opened(app.session_state[Session.VIEW].entry.path).again()
    app.run()
    app.sidebar.selectbox(key=Url.WORKSPACE).select("Six shop").run()
    assert not app.error
    assert app.session_state[Session.VIEW].name == "Six shop"


def test_another_session_sees_nothing_of_what_is_chosen(shop: Entry, connected: None) -> None:
    app = choose(browse(), "sales")
    app.button(key="read_tables").click().run()
    other = browse()
    assert other.multiselect(key="tables_shop_None_0").value == []
    assert "check" not in keys(other)
