"""The command line: the page's answers without a browser, and its refusals with a status of 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from crm_core.cli import BAD_INPUT, main
from tests.crm_core.analytics.clv.stories import shop

SALES = """client;bill;day;total
A;1;05.01.2024;100,00
A;2;25.03.2024;50,50
B;3;10.02.2024;20,00
B;3;10.02.2024;5,25
C;4;31.12.2023;-7,00
"""


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text(SALES, encoding="utf-8")
    return path


def output(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_segments_gives_one_row_a_customer(sales: Path, tmp_path: Path):
    assert main(["segments", str(sales), "--out", str(tmp_path / "out.csv")]) == 0
    found = pd.read_csv(tmp_path / "out.csv", dtype={"customer_id": str})
    names = ["customer_id", "days_since_last_order", "count_orders", "net_sales", "r_score", "f_score", "m_score", "segment"]
    assert list(found.columns) == names
    assert found.iloc[0].tolist()[:4] == ["A", 1, 2, 150.5]
    assert found.iloc[1].tolist()[:4] == ["B", 45, 1, 25.25]
    assert len(found) == 2  # C only returned something: no purchase, no score


@pytest.mark.parametrize(("ending", "read"), [(".csv", pd.read_csv), (".parquet", pd.read_parquet), (".json", pd.read_json)])
def test_every_kind_of_output_file_holds_the_same(sales: Path, tmp_path: Path, ending: str, read: Callable[[Path], pd.DataFrame]):
    assert main(["segments", str(sales), "--out", str(tmp_path / f"out{ending}")]) == 0
    assert read(tmp_path / f"out{ending}").net_sales.astype(float).tolist() == [150.5, 25.25]


def test_standard_output_is_the_same_table(sales: Path):
    done = subprocess.run([sys.executable, "-m", "crm_core", "segments", str(sales)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0].replace('"', "").startswith("customer_id,days_since_last_order,count_orders,net_sales")
    assert len(done.stdout.splitlines()) == 3


def test_pareto_gives_the_concentration(sales: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["pareto", str(sales)]) == 0
    found = output(capsys)
    assert list(found) == ["customers", "top20_share", "vital_few_share", "gini", "class_a", "class_b", "class_c"]
    assert found["customers"] == 3
    assert found["top20_share"] == pytest.approx(150.5 / 168.75)
    assert (found["class_a"], found["class_b"], found["class_c"]) == (1, 1, 1)


def test_overview_gives_the_figures_of_a_period(sales: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["overview", str(sales), "--start", "2024-01-05", "--end", "2024-03-01"]) == 0
    found = output(capsys)
    assert (found["start"], found["end"]) == ("2024-01-05", "2024-03-01")
    assert found["net_sales"] == {"value": 125.25, "previous": None, "n": 3}
    assert found["average_order_value"] == {"value": 62.625, "previous": None, "n": 2}
    assert main(["overview", str(sales), "--as-of", "2024-02-10"]) == 0
    assert (found := output(capsys))["net_sales"] == {"value": 93, "previous": None, "n": 2}
    assert (found["start"], found["end"]) == ("2023-02-10", "2024-02-10")
    assert main(["overview", str(sales), "--start", "2024-03-01", "--end", "2024-01-05"]) == BAD_INPUT
    assert "ends before it starts" in capsys.readouterr().err


def test_as_of_cuts_that_day_and_later(sales: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["pareto", str(sales), "--as-of", "2024-03-25"]) == 0
    assert output(capsys)["top20_share"] == pytest.approx(100 / 118.25)


def test_check_gives_the_receipt(sales: Path, capsys: pytest.CaptureFixture[str]):
    sales.write_text(SALES + "D;5;99.99.2024;1,00\nE;6;01.02.2024;\n", encoding="utf-8")
    assert main(["check", str(sales)]) == 0
    receipt = output(capsys)
    assert (receipt["rows_read"], receipt["rows_used"], receipt["rows_rejected"]) == (7, 5, 2)
    assert receipt["lines_returned"] == 1
    assert receipt["net_sales"] == "168.7500"


def test_a_mapping_given_wins_over_the_suggestion(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "sales.csv"
    path.write_text("client;day;total;paid\nA;05.01.2024;100;1\nB;25.03.2024;50;2\n", encoding="utf-8")
    assert main(["pareto", str(path), "--map", "net_amount=sales.csv:paid", "--map", "orders.ordered_at=day"]) == 0
    assert output(capsys)["top20_share"] == pytest.approx(2 / 3)


def test_dates_that_may_be_read_two_ways_are_asked_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "sales.csv"
    path.write_text("client,day,total\nA,05/01/2024,100\nB,03/02/2024,50\n", encoding="utf-8")
    assert main(["segments", str(path)]) == BAD_INPUT
    assert "--date-order" in capsys.readouterr().err
    assert main(["segments", str(path), "--date-order", "mdy", "--out", str(tmp_path / "out.json")]) == 0
    assert pd.read_json(tmp_path / "out.json").days_since_last_order.tolist() == [1, 61]


@pytest.mark.parametrize(
    "content", [b"", b"client,day,total\n", b"\x89PNG\r\n\x1a\n" + bytes(300)], ids=["empty", "header alone", "picture"]
)
@pytest.mark.parametrize("command", ["check", "overview", "segments", "pareto", "clv"])
def test_bad_files_end_with_status_2_and_words(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, content: bytes):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    assert main([command, str(path)]) == BAD_INPUT
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "bad.csv" in shown.err
    assert "Traceback" not in shown.err


def test_all_missing_files_are_named(tmp_path: Path, sales: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["check", str(tmp_path / "a.csv"), str(sales), str(tmp_path / "b.csv")]) == BAD_INPUT
    shown = capsys.readouterr().err
    assert "a.csv" in shown
    assert "b.csv" in shown


def test_an_unknown_field_is_refused_with_those_known(sales: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["check", str(sales), "--map", "customer=client"]) == BAD_INPUT
    assert "customer_id" in capsys.readouterr().err


def test_duplicates_are_dropped_when_asked(sales: Path, capsys: pytest.CaptureFixture[str]):
    sales.write_text(SALES + "A;2;25.03.2024;50,50\n", encoding="utf-8")
    assert main(["check", str(sales), "--drop-duplicates"]) == 0
    receipt = output(capsys)
    assert receipt["net_sales"] == "168.7500"
    assert receipt["sources"][0]["duplicates_removed"] == 1  # type: ignore[index]


def test_the_receipt_tells_what_the_suggestion_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "sales.csv"
    path.write_text(SALES.replace("client", "client name"), encoding="utf-8")
    assert main(["check", str(path)]) == 0
    assert "customer_by_contact" in {problem["code"] for problem in output(capsys)["problems"]}
    assert main(["import", str(path), "--workspace", "Named"]) == 0
    told = output(capsys)
    assert main(["check", "workspace:Named"]) == 0
    assert output(capsys) == told


def test_a_folder_is_all_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    lines = SALES.splitlines(keepends=True)
    folder = tmp_path / "months"
    folder.mkdir()
    (folder / "1.csv").write_text("".join(lines[:4]), encoding="utf-8")
    (folder / "2.csv").write_text("".join([lines[0], *lines[4:]]), encoding="utf-8")
    assert main(["check", str(folder)]) == 0
    assert output(capsys)["net_sales"] == "168.7500"


def test_an_import_stays_under_its_name_until_erased(sales: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["import", str(sales), "--workspace", "My shop"]) == 0
    receipt = output(capsys)
    assert receipt["rows_used"] == 5
    assert main(["check", "workspace:my shop"]) == 0
    assert output(capsys) == receipt
    assert main(["pareto", "workspace:my shop"]) == 0
    assert output(capsys)["customers"] == 3
    assert main(["erase", "My shop"]) == 0
    assert main(["pareto", "workspace:My shop"]) == BAD_INPUT
    assert "My shop" in capsys.readouterr().err


def test_an_import_that_fails_leaves_the_former_data(sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["import", str(sales), "--workspace", "My shop"]) == 0
    bad = tmp_path / "bad.csv"
    bad.write_text("client,day,total\nA,never,none\n", encoding="utf-8")
    assert main(["import", str(bad), "--workspace", "My shop"]) == BAD_INPUT
    capsys.readouterr()
    assert main(["pareto", "workspace:My shop"]) == 0
    assert output(capsys)["customers"] == 3


def test_the_sample_company_is_a_source(capsys: pytest.CaptureFixture[str]):
    assert main(["pareto", "sample"]) == 0
    assert output(capsys)["customers"] > 5_000  # type: ignore[operator]


def test_the_same_file_under_two_names_is_not_counted_twice(sales: Path, capsys: pytest.CaptureFixture[str]):
    twin = sales.with_name("copy.csv")
    twin.write_bytes(sales.read_bytes())
    assert main(["check", str(sales), str(twin)]) == BAD_INPUT
    assert "same file" in capsys.readouterr().err


def test_files_of_one_name_from_two_folders_are_both_read(sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    other = tmp_path / "march" / sales.name
    other.parent.mkdir()
    other.write_text(SALES.replace("2024", "2022"), encoding="utf-8")
    assert main(["check", str(sales), str(other), str(sales)]) == 0
    assert [one["rows_read"] for one in output(capsys)["sources"]] == [5, 5]


def test_rates_bring_several_currencies_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "sales.csv"
    path.write_text("customer,order,date,amount,currency\nA,1,2024-01-05,10,EUR\nB,2,2024-01-16,10,USD\n", encoding="utf-8")
    assert main(["check", str(path)]) == BAD_INPUT
    assert "--rate USD=RATE" in capsys.readouterr().err
    assert main(["check", str(path), "--rate", "usd=0.9"]) == 0
    assert output(capsys)["net_sales"] == "19.0000"
    with pytest.raises(SystemExit):
        main(["check", str(path), "--rate", "USD"])


def run(*arguments: object, **how: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "crm_core", *map(str, arguments)], text=True, stderr=subprocess.PIPE, **how)  # type: ignore[call-overload]


@pytest.mark.parametrize("command", ["check", "segments", "pareto", "clv"])
@pytest.mark.parametrize("out", ["no/such/folder/out.json", "folder.json", "out.xyz", "out"])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_read(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, out: str
):
    (tmp_path / "folder.json").mkdir()
    assert main([command, str(sales.with_name("gone.csv")), "--out", str(tmp_path / out)]) == BAD_INPUT
    shown = capsys.readouterr().err
    assert Path(out).name in shown
    assert "gone.csv" not in shown


def test_a_full_disk_is_told_in_words(sales: Path):
    with Path("/dev/full").open("w") as full:
        for command in ("check", "segments", "pareto", "clv"):
            done = run(command, sales, stdout=full)
            assert done.returncode == BAD_INPUT
            assert "No space left" in done.stderr
            assert "Traceback" not in done.stderr
            assert "Exception ignored" not in done.stderr


def test_a_closed_standard_output_is_told_in_words(sales: Path):
    done = run("pareto", sales, preexec_fn=lambda: os.close(1))
    assert done.returncode == BAD_INPUT
    assert "Standard output is closed" in done.stderr


def test_concentration_fits_every_kind_of_output_file(sales: Path, tmp_path: Path):
    for ending in (".json", ".csv", ".parquet"):
        assert main(["pareto", str(sales), "--out", str(tmp_path / f"out{ending}")]) == 0
    found = json.loads((tmp_path / "out.json").read_text())
    assert pd.read_csv(tmp_path / "out.csv").to_dict("records") == [found]
    assert pd.read_parquet(tmp_path / "out.parquet").to_dict("records") == [found]


def test_a_fault_of_the_program_is_no_stack_trace(sales: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def fail(*_: object) -> None:
        raise KeyError("of ours")

    monkeypatch.setattr("crm_core.cli.inputs.build_workspace", fail)
    assert main(["pareto", str(sales)]) == 1
    assert "KeyError" in capsys.readouterr().err


def test_a_failed_import_leaves_nothing_behind(tmp_path: Path, home: Path):
    bad = tmp_path / "bad.csv"
    bad.write_text("client,day,total\nA,never,none\n", encoding="utf-8")
    assert main(["import", str(bad), "--workspace", "New"]) == BAD_INPUT
    assert list((home / "workspaces").iterdir()) == []


def test_a_damaged_workspace_can_be_erased_by_its_folder_and_the_others_used(sales: Path, home: Path, capsys: pytest.CaptureFixture[str]):
    for name in ("Broken", "Whole"):
        assert main(["import", str(sales), "--workspace", name]) == 0
    capsys.readouterr()
    (broken,) = (one for one in (home / "workspaces").iterdir() if "Broken" in (one / "pointer.json").read_text())
    (broken / "pointer.json").write_text("{")
    assert main(["pareto", "workspace:Whole"]) == 0
    assert main(["erase", broken.name]) == 0
    assert not broken.exists()


# -- clv ---------------------------------------------------------------------------------------------------------------


def forecast(sales: Path, *options: str) -> pd.DataFrame:
    out = sales.with_name("clv.csv")
    assert main(["clv", str(sales), "--out", str(out), *options]) == 0
    return pd.read_csv(out, dtype={"customer_id": str}).set_index("customer_id")


@pytest.fixture(scope="module")
def shop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """250 customers of 300 days up to 31 December 2023."""
    path = tmp_path_factory.mktemp("shop") / "shop.csv"
    shop(250, seed=5, days=300)[["customer_id", "order_id", "line_at", "net_amount"]].to_csv(path, index=False)
    return path


def test_clv_gives_one_row_a_customer_with_a_purchase(sales: Path):
    found = forecast(sales)
    assert list(found.columns) == [
        "frequency", "recency", "T", "monetary_value", "p_alive", "expected_purchases", "expected_spend", "clv", "clv_low", "clv_high",
    ]  # fmt: skip
    assert found.index.tolist() == ["A", "B"]
    assert found.loc["A", ["frequency", "recency", "T", "monetary_value"]].tolist() == pytest.approx([1, 80 / 7, 80 / 7, 50.5])
    assert found.loc["B", ["frequency", "recency", "T"]].tolist() == pytest.approx([0, 0, 44 / 7])
    assert found["p_alive"].isna().all()  # two customers are too few for a model
    assert found["monetary_value"].isna().tolist() == [False, True]


def test_clv_looks_as_far_and_in_the_unit_asked_for(sales: Path):
    year, two = forecast(sales), forecast(sales, "--horizon-months", "24")
    assert two["expected_purchases"].tolist() == pytest.approx((2 * year["expected_purchases"]).tolist())
    dear = forecast(sales, "--discount-rate", "0.2", "--unit", "days")
    assert ((dear["clv"] < 0.93 * year["clv"]) & (dear["clv"] > 0.8 * year["clv"])).all()
    assert dear[["recency", "T"]].to_numpy() == pytest.approx(7 * year[["recency", "T"]].to_numpy())
    early = forecast(sales, "--as-of", "2024-03-25")
    assert (early["frequency"].tolist(), early.loc["A", "T"]) == ([0, 0], pytest.approx(79 / 7))


def test_clv_takes_a_margin_or_the_costs(sales: Path, capsys: pytest.CaptureFixture[str]):
    whole, part = forecast(sales), forecast(sales, "--margin", "0.25")
    assert part["clv"].to_numpy() == pytest.approx(0.25 * whole["clv"].to_numpy())
    assert main(["clv", str(sales), "--margin", "costs", "--out", str(sales.with_name("no.csv"))]) == BAD_INPUT
    assert "no costs" in capsys.readouterr().err
    assert not sales.with_name("no.csv").exists()
    priced = "client;bill;day;total;cost\nA;1;05.01.2024;100,00;60,00\nA;2;25.03.2024;50,00;30,00\nB;3;10.02.2024;50,00;40,00\n"
    sales.write_text(priced, encoding="utf-8")
    assert forecast(sales, "--margin", "costs")["clv"].to_numpy() == pytest.approx(0.35 * forecast(sales)["clv"].to_numpy())


@pytest.mark.parametrize("model", ["auto", "last_period"])
def test_clv_forecasts_by_the_model_asked_for(shop_file: Path, tmp_path: Path, model: str):
    summary = tmp_path / "summary.json"
    found = forecast(shop_file, "--model", model, "--summary", str(summary), "--horizon-months", "3")
    told = json.loads(summary.read_text())
    assert told["model"] == (told["holdout"]["winner"] if model == "auto" else model)
    assert told["customers"] == len(found)
    assert told["totals"]["value"] == pytest.approx(found["clv"].sum())
    assert told["totals"]["low"] < told["totals"]["value"] < told["totals"]["high"]
    assert told["totals"]["horizon_months"] == 3
    assert found["p_alive"].notna().all() == (told["totals"]["active_customers"] is not None)
    assert set(told["holdout"]["models"]) == {"bg_nbd", "mbg_nbd", "pareto_nbd", "same_rate", "last_period"}


def test_clv_is_fitted_until_a_day_and_judged_by_what_came_after(shop_file: Path, tmp_path: Path):
    summary = tmp_path / "summary.json"
    found = forecast(shop_file, "--fit-until", "2023-10-15", "--summary", str(summary), "--model", "bg_nbd")
    told = json.loads(summary.read_text())
    assert (told["as_of"], told["holdout"]["cut"], told["holdout"]["until"]) == ("2023-10-15", "2023-10-15", "2024-01-01")
    assert told["holdout"]["customers"] == len(found)
    bought = pd.read_csv(shop_file, parse_dates=["line_at"], dtype={"customer_id": str}).drop_duplicates(["customer_id", "line_at"])
    later = bought[(bought["line_at"] >= "2023-10-15") & bought["customer_id"].isin(found.index)]
    assert sum(told["holdout"]["actual_weekly"]) == len(later)
    assert (found["T"] * 7).max() == pytest.approx((pd.Timestamp("2023-10-14") - bought["line_at"].min()).days)
    shorter = forecast(shop_file, "--fit-until", "2023-10-15", "--as-of", "2023-11-12", "--summary", str(summary), "--model", "bg_nbd")
    assert json.loads(summary.read_text())["holdout"]["until"] == "2023-11-12"
    assert shorter["clv"].tolist() == pytest.approx(found["clv"].tolist())


@pytest.mark.filterwarnings("ignore:The 'mode.chained_assignment'")
def test_clv_by_lifetimes_is_ours(shop_file: Path):
    own, theirs = (forecast(shop_file, "--model", "bg_nbd", "--engine", engine) for engine in ("own", "lifetimes"))
    assert theirs["clv"].to_numpy() == pytest.approx(own["clv"].to_numpy(), rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        "--model nbd", "--engine theirs", "--unit months", "--horizon-months 0", "--horizon-months 1.5", "--horizon-months 121",
        "--holdout-months x", "--margin much", "--margin nan", "--margin 11", "--discount-rate -1", "--discount-rate x", "--fit-until soon",
    ],
)  # fmt: skip
def test_wrong_options_of_clv_are_named(sales: Path, capsys: pytest.CaptureFixture[str], wrong: str):
    with pytest.raises(SystemExit) as ended:
        main(["clv", str(sales), "--out", str(sales.with_name("out.csv")), *wrong.split()])
    assert ended.value.code == BAD_INPUT
    shown = capsys.readouterr()
    assert shown.out == ""
    assert all(word in shown.err for word in wrong.split())
    assert not sales.with_name("out.csv").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--fit-until 2024-03-27", "2024-03-27"),
        ("--as-of 2024-01-05", "no purchase"),
        ("--fit-until 2023-12-31", "no purchase"),
        ("--summary FOLDER/summary.csv", "summary.csv"),
        ("--summary FOLDER/no/such/folder.json", "folder.json"),
        ("--summary FOLDER", "FOLDER"),
        ("--summary FOLDER/both.json --out FOLDER/both.json", "both.json"),
    ],
)
def test_clv_that_cannot_be_leaves_nothing_half_written(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: str, words: str
):
    out, summary = tmp_path / "out.csv", tmp_path / "summary.json"
    asked = ["--out", str(out), "--summary", str(summary), *options.replace("FOLDER", str(tmp_path)).split()]
    assert main(["clv", str(sales), *asked]) == BAD_INPUT
    shown = capsys.readouterr()
    assert shown.out == ""
    assert words.replace("FOLDER", tmp_path.name) in shown.err
    assert "Traceback" not in shown.err
    assert [path for path in tmp_path.iterdir() if path.suffix in {".json", ".csv"}] == [sales]


def test_clv_fits_every_kind_of_output_file(sales: Path, tmp_path: Path):
    table = forecast(sales).reset_index()
    for ending, read in ((".parquet", pd.read_parquet), (".json", pd.read_json)):
        assert main(["clv", str(sales), "--out", str(tmp_path / f"out{ending}")]) == 0
        pd.testing.assert_frame_equal(read(tmp_path / f"out{ending}"), table, check_dtype=False)
    done = run("clv", sales, stdout=subprocess.PIPE)
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr == ""
