"""Pages run with the frame of app.py, on a home with what a test puts into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st

from crm_core.store.home import find_home
from crm_core.store.workspaces import Entry, Workspaces
from tests import buyers as drawn
from tests.apptest import modules_are_no_pages
from tests.pages.shop_of_forty import bare, forty
from tests.pages.shop_with_service import served
from tests.workspaces import six_customers, write

__all__ = ["bare", "forty", "served"]

CUSTOMERS = pd.DataFrame(
    {
        "customer_id": ["a", "b", "c", "d", "e", "f"],
        "name": ["Ada", "Bo", "علی", "Dora", "=1+1", "Finn"],
        "country": ["Iran", "Iran", "Chile", "Chile", "Iran", None],
        "attr_1": ["pro", "basic", "pro", "basic", "pro", "pro"],
    }
)


@pytest.fixture(autouse=True)
def without_sample(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No sample company unless a test wants it, no older way with pages/, and no cache of another test."""
    monkeypatch.setenv("CRM_SAMPLE", "off")
    st.cache_data.clear()
    st.cache_resource.clear()
    with modules_are_no_pages():
        yield
    st.cache_resource.clear()


@pytest.fixture
def workspaces(home: Path) -> Workspaces:
    return Workspaces(find_home({"CRM_HOME": str(home)}))


@pytest.fixture
def shop(workspaces: Workspaces) -> Entry:
    """A named workspace “Six shop” with the six customers whose figures can be checked by hand."""
    return put(workspaces, "nsix", "Six shop")


@pytest.fixture
def buyers(workspaces: Workspaces) -> Entry:
    """A named workspace “Buyers”: the drawn shop of tests/buyers.py, whose forecast is by a model."""
    candidate = workspaces.candidate("nbuyers")
    tables = {"order_lines": drawn.order_lines(), "customers": drawn.customers()}
    write(candidate, name="Buyers", labels=drawn.LABELS, currency="EUR", **tables)
    return workspaces.accept("nbuyers", candidate, "Buyers", "named")


@pytest.fixture
def put_shop(workspaces: Workspaces) -> Callable[[str, str], Entry]:
    """Puts the six customers into a workspace: put_shop(id, name)."""
    return lambda workspace_id, name: put(workspaces, workspace_id, name)


def put(workspaces: Workspaces, workspace_id: str, name: str) -> Entry:
    candidate = workspaces.candidate(workspace_id)
    write(candidate, name=name, labels={"attr_1": "Plan"}, currency="EUR", order_lines=six_customers(), customers=CUSTOMERS)
    return workspaces.accept(workspace_id, candidate, name, "private" if workspace_id.startswith("p") else "named")
