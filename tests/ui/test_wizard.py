"""One import on its way: nothing touches the data in use before it is accepted."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_core.errors import DataError, MappingError, SourceError
from crm_core.store.mappings import open_mappings
from crm_core.store.workspaces import Workspaces, private_id
from crm_core.workspace import Workspace
from ui.wizard import Wizard

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SALES = "Client;Bill;Day;Total;Plan\n" + "\n".join(
    f"k{i % 7};{i};{i % 28 + 1:02}.01.2024;{i},50;{'pro' if i % 2 else 'basic'}" for i in range(1, 60)
)
AMBIGUOUS = "customer,order,date,amount\n" + "\n".join(f"k{i % 4},{i},{i % 9 + 1:02}/0{i % 8 + 1}/2024,{i}.5" for i in range(1, 40))


@pytest.fixture
def wizard(workspaces: Workspaces) -> Iterator[Wizard]:
    found = Wizard(workspaces, private_id("me"), open_mappings(workspaces.home, {}))
    yield found
    found.close()


def read(wizard: Wizard, text: str, name: str = "sales.csv") -> None:
    wizard.add(name, wizard.receive(io.BytesIO(text.encode())))
    wizard.suggest()


def load(workspaces: Workspaces, text: str, owner: str = "me") -> Path:
    """Reads, checks and accepts in one go; gives the data file."""
    found = Wizard(workspaces, private_id(owner), open_mappings(workspaces.home, {}))
    read(found, text)
    found.check("Shop", NOW)
    return found.accept(NOW)[0].path


def test_a_file_is_read_checked_and_accepted(wizard: Wizard, workspaces: Workspaces) -> None:
    read(wizard, SALES)
    receipt = wizard.check("Shop", NOW).receipt
    assert (receipt.rows_read, receipt.rows_used, receipt.customers) == (59, 59, 7)
    assert workspaces.private("me") is None
    entry, failure = wizard.accept(NOW)
    assert failure is None
    with Workspace.open(entry.path) as loaded:
        assert loaded.receipt.net_sales == receipt.net_sales == f"{sum(range(1, 60)) + 59 * 0.5:.4f}"


def test_a_bad_file_leaves_what_was_read_before(wizard: Wizard) -> None:
    read(wizard, SALES)
    with pytest.raises(SourceError):
        read(wizard, "", "empty.csv")
    assert list(wizard.files) == ["sales.csv"]
    assert [table.name for table in wizard.staging.tables] == ["sales.csv"]


def test_a_bad_import_leaves_the_data_in_use(workspaces: Workspaces) -> None:
    former = load(workspaces, SALES)
    found = Wizard(workspaces, private_id("me"))
    read(found, SALES)
    found.set_field("sales.csv", "ordered_at", "Plan")
    with pytest.raises((MappingError, DataError)):
        found.check("Shop", NOW)
    found.close()
    entry = workspaces.private("me")
    assert entry is not None
    assert entry.path == former
    assert sorted(file.name for file in former.parent.glob("*.duckdb")) == [former.name]


def test_changing_a_decision_drops_what_was_checked(wizard: Wizard) -> None:
    read(wizard, SALES)
    path = wizard.check("Shop", NOW).path
    wizard.set_attributes("sales.csv", ("Plan",))
    assert wizard.checked is None
    assert not path.exists()
    with pytest.raises(MappingError, match="Nothing to accept"):
        wizard.accept(NOW)


def test_aiming_at_another_workspace_drops_what_was_checked(wizard: Wizard) -> None:
    read(wizard, SALES)
    path = wizard.check("Shop", NOW).path
    wizard.aim("nother")
    assert not path.exists()


def test_decisions_are_remembered_for_the_next_file_of_the_shape(wizard: Wizard, workspaces: Workspaces) -> None:
    read(wizard, SALES)
    wizard.set_field("sales.csv", "product", "Plan")
    wizard.check("Shop", NOW)
    wizard.accept(NOW)
    again = Wizard(workspaces, private_id("other"), open_mappings(workspaces.home, {}))
    read(again, SALES.replace("k1", "z1"), "february.csv")
    assert again.mapping.table("february.csv").fields["product"] == "Plan"
    assert again.recalled == {"february.csv"}
    again.close()


def test_a_second_file_leaves_decisions_on_the_first(wizard: Wizard) -> None:
    read(wizard, SALES)
    wizard.set_field("sales.csv", "product", "Plan")
    read(wizard, "Client;Full name\nk1;Ada\nk2;Bo\nk3;Cy\n", "people.csv")
    assert wizard.mapping.table("sales.csv").fields["product"] == "Plan"
    assert len(wizard.mapping.tables) == 2


def test_a_column_that_a_field_takes_is_no_attribute(wizard: Wizard) -> None:
    read(wizard, SALES)
    wizard.set_attributes("sales.csv", ("Plan",))
    wizard.set_field("sales.csv", "country", "Plan")
    assert wizard.mapping.table("sales.csv").attributes == ()


def test_dates_that_read_both_ways_are_asked_before_the_check(wizard: Wizard) -> None:
    read(wizard, AMBIGUOUS)
    with pytest.raises(MappingError) as told:
        wizard.check("Shop", NOW)
    assert "date_order" in {problem.code for problem in told.value.problems}


def test_answering_the_date_question_lets_the_check_pass(wizard: Wizard) -> None:
    from crm_core.mapping.values.date_styles import with_order

    read(wizard, AMBIGUOUS)
    column = wizard.mapping.table("sales.csv").fields["ordered_at"]
    wizard.set_date("sales.csv", column, with_order(wizard.mapping.table("sales.csv").dates[column], "mdy"))
    assert wizard.check("Shop", NOW).receipt.period == ("2024-01-02", "2024-09-04")


def test_a_table_left_out_is_in_no_data(wizard: Wizard) -> None:
    read(wizard, SALES)
    read(wizard, "Client;Full name\nk1;Ada\nk2;Bo\nk3;Cy\n", "people.csv")
    wizard.set_grain("people.csv", "ignore")
    receipt = wizard.check("Shop", NOW).receipt
    assert receipt.customers == 7


def test_removing_a_file_takes_its_tables_away(wizard: Wizard) -> None:
    read(wizard, SALES)
    wizard.remove("sales.csv")
    assert wizard.is_empty


def test_words_of_a_column_are_listed_once(wizard: Wizard) -> None:
    rows = "\n".join(f"k{i % 4},{i},2024-01-{i % 28 + 1:02},{i}.5,{'shipped' if i % 3 else 'cancelled'}" for i in range(1, 40))
    read(wizard, f"customer id,order id,date,amount,status\n{rows}")
    assert wizard.words("status") == ["cancelled", "shipped"]


def test_closing_removes_all_copies(wizard: Wizard) -> None:
    read(wizard, SALES)
    folder = wizard.staging.folder
    wizard.close()
    assert wizard.is_closed
    assert not folder.exists()


def test_a_session_that_ends_leaves_no_copies(workspaces: Workspaces) -> None:
    import gc

    found = Wizard(workspaces, private_id("me"))
    folder = found.staging.folder
    del found
    gc.collect()
    assert not folder.exists()


def test_a_question_goes_when_another_column_is_chosen(wizard: Wizard) -> None:
    text = "customer,order,date,amount,amount\n" + "\n".join(f"k{i % 4},{i},2024-01-{i % 28 + 1:02},{i}.5,{2 * i}.5" for i in range(1, 40))
    read(wizard, text)
    assert [one.code for one in wizard.doubts()] == ["which_net_amount"]
    wizard.set_field("sales.csv", "net_amount", "amount (2)")
    assert wizard.doubts() == []


def test_a_question_that_is_asked_at_the_check_is_asked_once(wizard: Wizard) -> None:
    read(wizard, AMBIGUOUS)
    assert [one.code for one in wizard.problem_list()] == ["date_order"]
    assert wizard.doubts() == []


def test_a_file_of_the_same_name_takes_the_place_of_the_former_and_is_told(wizard: Wizard) -> None:
    for text in (SALES, AMBIGUOUS):
        wizard.take("sales.csv", wizard.receive(io.BytesIO(text.encode())))
    assert wizard.replaced == ["sales.csv"]
    assert [table.rows for table in wizard.staging.tables] == [39]


def test_a_scale_is_shown_as_recognised_and_can_be_declared(wizard: Wizard, workspaces: Workspaces) -> None:
    read(wizard, "day,CES\n" + "\n".join(f"2024-01-{at + 1:02},{1 + at % 7}" for at in range(28)), "survey.csv")
    assert wizard.recognised_scale("survey.csv") == "ces on 1 to 7, recognised by its name and its values"
    wizard.set_scale("survey.csv", "ces 7-1")
    choices = wizard.check("Shop", NOW).receipt.choices
    assert choices["survey.csv › Score measures"] == "ces on 1 to 7 (1 is best in the file: turned round), as declared"
    wizard.accept(NOW)
    again = Wizard(workspaces, private_id("me"), open_mappings(workspaces.home, {}))
    read(again, "CES,day\n" + "\n".join(f"{1 + at % 7},2024-02-{at + 1:02}" for at in range(28)), "february.csv")
    assert again.mapping.table("february.csv").scale == "ces 7-1"
    again.close()
