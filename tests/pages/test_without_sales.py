"""Data without sales, here answers to a survey alone: each page keeps its question, and says what is missing and where it is added."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_core.store.workspaces import Workspaces
from tests.apptest import open_page
from tests.workspaces import write

PAGES = {
    "": "How is the business doing?",
    "segments": "Who are our customers, and what should we do next?",
    "clusters": "Which groups do customers form by behaviour?",
    "key-customers": "Who are our key customers?",
    "customer-value": "What will our customers be worth?",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_needs_sales_says_so_under_its_question(page: str, workspaces: Workspaces) -> None:
    surveys = pd.DataFrame({"response_id": ["1"], "responded_at": ["2024-01-01"], "measure": ["nps"], "score": [9.0]})
    candidate = workspaces.candidate("nsurvey")
    write(candidate, surveys=surveys)
    workspaces.accept("nsurvey", candidate, "Survey", "named")
    app = open_page(page)
    assert not app.exception
    assert [title.value for title in app.title] == [PAGES[page]]
    assert app.info[0].value.startswith(
        ("The overview needs the table “Order lines”", "Finding ", "Forecasting value needs the table “Order lines”")
    )
