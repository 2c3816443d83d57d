"""Who was assigned and is no longer among the customers."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_core.analytics.campaign.presence import count_gone
from crm_core.errors import AnalysisError
from tests.crm_core.analytics.campaign.companies import snapshot
from tests.crm_core.analytics.conftest import Make
from tests.workspaces import lines

FOUR = snapshot(*[(one, "control" if one == "d" else "treatment", "x") for one in "abcd"])
ORDERS = lines(("a", "1", "2024-03-01", 60), (None, "2", "2024-03-01", 60), ("stranger", "3", "2024-03-01", 60))


def test_whom_orders_or_the_table_of_customers_name_is_there(made: Make) -> None:
    customers = pd.DataFrame({"customer_id": ["b", "z"]})
    assert count_gone(made(order_lines=ORDERS, customers=customers), FOUR) == 2
    assert count_gone(made(order_lines=ORDERS), FOUR) == 3
    assert count_gone(made(customers=customers), FOUR) == 3


def test_whom_only_a_case_or_an_answer_names_is_there(made: Make) -> None:
    """An audience holds them, so no export may call them gone."""
    cases = pd.DataFrame({"case_id": ["1"], "customer_id": ["b"], "opened_at": pd.to_datetime(["2024-02-01"])})
    surveys = pd.DataFrame(
        {"response_id": ["1"], "customer_id": ["c"], "responded_at": pd.to_datetime(["2024-02-01"]), "measure": ["nps"], "score": [9.0]}
    )
    assert count_gone(made(order_lines=ORDERS, cases=cases, surveys=surveys), FOUR) == 1


def test_nobody_is_gone_of_the_same_data(made: Make) -> None:
    assert count_gone(made(customers=pd.DataFrame({"customer_id": list("abcd")})), FOUR) == 0


def test_a_snapshot_that_is_not_complete_is_refused(made: Make) -> None:
    with pytest.raises(AnalysisError, match="not complete"):
        count_gone(made(order_lines=ORDERS), FOUR.drop_columns(["group"]))
