"""The command `audience`: who, with which groups and columns, by which rules; and its refusals with a status of 2."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.fields import catalogue, measures
from crm_core.analytics.audience.language import parse
from crm_core.analytics.audience.listed import NO_SEGMENT
from crm_core.analytics.audience.members import members
from crm_core.analytics.audience.respect import Rules
from crm_core.analytics.audience.terms import Terms
from crm_core.analytics.campaign.assign import assign
from crm_core.analytics.campaign.members import CONTROL, TREATMENT
from crm_core.analytics.scores import RfmSettings
from crm_core.cli import BAD_INPUT, main
from crm_core.store.home import find_home
from crm_core.store.saved.audiences import Definition
from crm_core.store.saved.opening import open_saved
from crm_core.store.workspaces import Workspaces
from crm_core.workspace import Workspace

NOW = datetime(2026, 1, 2, tzinfo=UTC)
WHERE = "net_sales > 20 and not (country = 'Germany')"
COUNTRIES = ("Germany", "Austria", "Iran")
CONSENT = ("yes", "no", "yes", "yes")


@pytest.fixture
def sources(tmp_path: Path) -> list[str]:
    """30 customers with one to three orders; every second name begins with what a spreadsheet would calculate."""
    bills = [f"C{one:02};{one}-{step};{1 + one % 28:02}.0{1 + step}.2024;{10 + one},50" for one in range(30) for step in range(1 + one % 3)]
    people = [
        f"C{one:02};{'=1+1 ' if one % 2 else ''}Name {one};c{one}@example.com;{COUNTRIES[one % 3]};{CONSENT[one % 4]}" for one in range(30)
    ]
    (tmp_path / "sales.csv").write_text("\n".join(["client;bill;day;total", *bills]), encoding="utf-8")
    (tmp_path / "people.csv").write_text("\n".join(["client;name;e-mail;country;consent", *people]), encoding="utf-8")
    return [str(tmp_path / "sales.csv"), str(tmp_path / "people.csv")]


@pytest.fixture
def kept(sources: list[str]) -> Iterator[Workspace]:
    """The same, imported as a workspace of the dashboard."""
    assert main(["import", *sources, "--workspace", "Shop"]) == 0
    with Workspace.open(Workspaces(find_home()).find("Shop").path) as ws:
        yield ws


def rows(tmp_path: Path, *arguments: str) -> pd.DataFrame:
    out = tmp_path / "out.csv"
    assert main(["audience", *arguments, "--out", str(out)]) == 0
    return pd.read_csv(out, dtype={"customer_id": str})


def test_the_list_holds_the_members_in_the_order_of_their_ids(kept: Workspace, sources: list[str], tmp_path: Path) -> None:
    basis = Basis(kept.as_of)
    condition = parse(WHERE, catalogue(kept, basis), measures(kept))
    expected = sorted(kept.execute(members(kept, condition, basis))["customer_id"])
    assert expected == [f"C{one:02}" for one in range(30) if one % 3 and (10.5 + one) * (1 + one % 3) > 20]
    for source in (["workspace:Shop"], sources):
        found = rows(tmp_path, *source, "--where", WHERE)
        assert list(found.columns) == ["customer_id", "name", "email", "segment", "net_sales", "count_orders", "days_since_last_order"]
        assert found["customer_id"].tolist() == expected


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": pd.read_csv,
    ".xlsx": partial(pd.read_excel, engine="calamine"),
    ".parquet": pd.read_parquet,
    ".json": pd.read_json,
}


def test_every_kind_of_file_holds_the_same(kept: Workspace, tmp_path: Path) -> None:
    worth = sum((10.5 + one) * (1 + one % 3) for one in range(30) if one % 3 and (10.5 + one) * (1 + one % 3) > 20)
    for ending, read in READERS.items():
        out = tmp_path / f"out{ending}"
        assert main(["audience", "workspace:Shop", "--where", WHERE, "--columns", "net_sales, country", "--out", str(out)]) == 0
        found = read(out)
        assert list(found.columns) == ["customer_id", "net_sales", "country"]
        assert found["net_sales"].astype(float).sum() == worth
        assert set(found["country"]) == {"Austria", "Iran"}


def test_a_control_group_is_drawn_by_the_seed_within_segments(kept: Workspace, tmp_path: Path) -> None:
    def drawn(*arguments: str) -> pd.DataFrame:
        return rows(tmp_path, "workspace:Shop", "--where", "everybody", "--control", "0.2", "--columns", "segment", *arguments)

    found = drawn("--seed", "5")
    assert list(found.columns) == ["customer_id", "group", "segment"]
    is_control = assign(found["customer_id"].tolist(), found["segment"].fillna(NO_SEGMENT).tolist(), 0.2, 5)
    assert found["group"].tolist() == [CONTROL if one else TREATMENT for one in is_control]
    assert (found["group"] == CONTROL).sum() == 6
    assert drawn("--seed", "5").equals(found)
    assert not drawn("--seed", "6").equals(found)
    assert drawn().equals(drawn("--seed", "1"))


def test_the_rules_of_the_company_leave_out_and_say_so(sources: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(tmp_path, *sources, "--where", "everybody", "--respect")
    assert found["customer_id"].tolist() == [f"C{one:02}" for one in range(30) if one % 4 != 1]
    said = capsys.readouterr().err
    assert "no consent to contact: 8 left out" in said
    assert "opted out: cannot be asked: needs a table of contacts with their outcome" in said
    assert "22 of 30 customers are left." in said
    with open_saved(find_home()) as saved:
        saved.contact_rules.save_rules(Rules(without_consent=False).as_dict(), 0, who="", now=NOW)
    assert len(rows(tmp_path, *sources, "--where", "everybody", "--respect")) == 30


def test_the_summary_tells_counts_and_value(sources: list[str], tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    rows(tmp_path, *sources, "--where", " COUNTRY='Iran' ", "--respect", "--control", "0.1", "--summary", str(summary))
    found = json.loads(summary.read_text(encoding="utf-8"))
    worth = [(10.5 + one) * (1 + one % 3) for one in range(30)]
    assert found["where"] == 'country = "Iran"'
    assert (found["customers"], found["of_customers"], found["control_share"], found["seed"]) == (10, 30, 0.1, 1)
    assert found["net_sales"] == pytest.approx(sum(worth[2::3]))
    assert found["sales_share"] == pytest.approx(sum(worth[2::3]) / sum(worth))
    assert found["average_order_value"] == pytest.approx(sum(worth[2::3]) / 30)
    refused = sum(one % 4 == 1 for one in range(2, 30, 3))
    assert (found["left"], found["left_out"]) == (10 - refused, {"without_consent": refused})


def test_a_saved_audience_comes_with_its_terms_unless_told_otherwise(kept: Workspace, tmp_path: Path) -> None:
    scoring = RfmSettings("quintiles", cuts_r=(1000, 1001, 1002, 1003))
    terms = Terms(scoring=scoring, columns=("country", "r_score"), control_share=0.5, seed=9, is_respecting=False)
    entry = Workspaces(find_home()).find("Shop")
    with open_saved(find_home()) as saved:
        saved.audiences.create(entry.id, "All of them", Definition("everybody", terms.as_dict()), who="", now=NOW)
    found = rows(tmp_path, "workspace:Shop", "--saved", "all OF them")
    assert list(found.columns) == ["customer_id", "group", "country", "r_score"]
    assert ((found["group"] == CONTROL).sum(), set(found["r_score"])) == (15, {5})
    other = rows(
        tmp_path, "workspace:Shop", "--saved", "All of them", "--control", "0", "--columns", "r_score,f_score", "--cuts-f", "1,2,3,4"
    )
    assert list(other.columns) == ["customer_id", "r_score", "f_score"]
    assert set(other["r_score"]) == {5}  # the other cut points stay as they were saved
    assert set(other["f_score"]) == {2, 3, 4}


def test_the_day_looked_from_can_be_another(sources: list[str], tmp_path: Path) -> None:
    assert rows(tmp_path, *sources, "--where", "count_orders >= 1", "--as-of", "2024-01-03")["customer_id"].tolist() == [
        "C00",
        "C01",
        "C28",
        "C29",
    ]


REFUSED: list[tuple[list[str], list[str]]] = [
    (["--where", "countri = 'Iran'"], ["There is no field “countri”", "  countri = 'Iran'\n  ^^^^^^^\n", "country"]),
    (["--where", "country = Iran"], ["stands without quotes", "            ^^^^"]),
    (["--where", "everybody", "--columns", "shoe_size"], ["There is no such column", "shoe_size"]),
    (["--where", "net_sales on 2030-01-01 > 1"], ["looks ahead", "2030-01-01"]),
    (["--saved", "Nothing"], ["There is no such audience", "Saved are: none."]),
]


def test_what_cannot_be_answered_is_said_with_status_two(kept: Workspace, sources: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, said in REFUSED:
        assert main(["audience", "workspace:Shop", *arguments]) == BAD_INPUT == 2
        error = capsys.readouterr().err
        assert [words for words in said if words not in error] == []
        assert "Traceback" not in error
    assert main(["audience", *sources, "--saved", "x"]) == BAD_INPUT
    assert "workspace:NAME" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["--where", "everybody", "--control", "0.95"], ["--where", "everybody", "--control", "nan"], ["--where", "everybody", "--seed", "-1"],
                  ["--where", "a", "--saved", "b"], ["--where", "everybody", "--cuts-r", "4,3,2,1"]],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["audience", "sample", *arguments])
    assert ended.value.code == 2
