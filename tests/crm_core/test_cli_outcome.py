"""The command `outcome`: the campaign by name or id, figures counted from the orders, and refusals with a status of 2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crm_core.cli import BAD_INPUT, main
from crm_core.store.home import find_home
from crm_core.store.workspaces import Workspaces
from tests.pages import shop_with_campaign as shop
from tests.pages.shop_with_campaign import after, before, keep, put, truth

SOURCE = "workspace:Campaign shop"


@pytest.fixture
def workspaces(home: Path) -> Workspaces:
    return Workspaces(find_home({"CRM_HOME": str(home)}))


def refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is no JSON")


def read(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return found


def test_a_campaign_by_name_has_the_figures_of_the_orders(workspaces: Workspaces, tmp_path: Path) -> None:
    put(workspaces, before(), orders := after())
    made = keep()
    assert main(["outcome", SOURCE, "--campaign", shop.NAME.upper(), "--out", str(tmp_path / "out.json")]) == 0
    found = read((tmp_path / "out.json").read_text())
    assert found["campaign"]["id"] == made.id
    for name in ("treatment", "control"):
        its = truth(name, orders)
        assert (found[name]["customers"], found[name]["buyers"]) == (its.customers, its.buyers)
        assert found[name]["sales"] == pytest.approx(its.sales / its.customers)
        assert found[name]["margin"] == pytest.approx(0.25 * its.sales / its.customers)
    assert (found["verdict"], found["until"], found["gone"]) == ("better", "2026-04-01", 0)
    assert found["campaign"]["plan"] == shop.PLAN
    assert {one["stratum"]: one["p"] for one in found["segments"]}["Promising"] is None
    last = {one["group"]: one for one in found["weeks"] if one["day"] == "2026-03-31"}
    assert last["treatment"]["buyers"] == found["treatment"]["buyers"]


def test_a_campaign_by_id_that_is_on_the_way_has_no_p(workspaces: Workspaces, capsys: pytest.CaptureFixture[str]) -> None:
    put(workspaces, before(), after())
    made = keep()
    assert main(["outcome", SOURCE, f"--campaign={made.id}", "--as-of", "2026-03-17"]) == 0
    found = read(capsys.readouterr().out)
    assert found["verdict"] == "interim"
    assert {one["p"] for one in found["differences"].values()} == {None}


def test_without_a_control_group_what_is_not_known_is_null(workspaces: Workspaces, capsys: pytest.CaptureFixture[str]) -> None:
    put(workspaces, before(), after())
    keep(groups=["treatment"] * shop.NUMBER)
    assert main(["outcome", SOURCE, "--campaign", shop.NAME]) == 0
    found = read(capsys.readouterr().out)
    assert (found["verdict"], found["control"], found["profit"]) == ("no control group", None, None)
    assert set(found["differences"].values()) == {None}


def test_two_of_one_name_are_told_apart_by_id(workspaces: Workspaces, capsys: pytest.CaptureFixture[str]) -> None:
    put(workspaces, before(), after())
    ids = [keep().id, keep().id]
    assert main(["outcome", SOURCE, "--campaign", shop.NAME]) == BAD_INPUT
    told = capsys.readouterr().err
    assert "was exported 2 times" in told
    assert all(one in told for one in ids)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([SOURCE, "--campaign", "Autumn"], "There is no such campaign"),
        (["sample", "--campaign", "Autumn"], "This needs workspace:NAME as the source."),
        (["workspace:Elsewhere", "--campaign", "Autumn"], "Elsewhere"),
        ([SOURCE, "--campaign", shop.NAME], "No results yet"),
    ],
)
def test_what_cannot_be_judged_is_told(
    workspaces: Workspaces, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    put(workspaces, before())
    keep()
    assert main(["outcome", *arguments]) == BAD_INPUT
    assert words in capsys.readouterr().err
