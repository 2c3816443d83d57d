"""A page rerun with unchanged filters at 10 million order lines, against a page that draws the same ready-made charts.

Both run in Streamlit's own test runner, in one process, so the time is that of the script and of what it sends; the peer's charts, figures, tables and texts
are those that the page drew, kept as they were sent. What the page has beyond them (filters, tabs, downloads, the search of a table) is its own cost.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from benchmarks import company
from benchmarks.measure import ROOT, holds

LINES = 10_000_000
TIMES_READY_MADE = 3.0
RUNS = 15
PAGES = ("overview", "segments", "clusters", "key_customers", "customer_value")
TIMEOUT = 300

PAGE = """
import streamlit as st
from pages import {page}
from ui import frame, links
st.set_page_config(layout="wide")
names = ("overview", "segments", "clusters", "key-customers", "customer-value", "data")
pages = {{name: st.Page({page}.render if name.replace("-", "_") == "{page}" else lambda: None, title=name, url_path=name) for name in names}}
chosen = st.navigation(list(pages.values()), position="hidden")
frame.draw(pages)
{page}.render()
"""

PEER = """
import plotly.graph_objects as go
import streamlit as st
import benchmarks.page_rerun as ready
st.set_page_config(layout="wide")
for text in ready.TEXTS:
    st.markdown(text)
for metric in ready.METRICS:
    st.metric(**metric)
for number, figure in enumerate(ready.FIGURES):
    st.plotly_chart(figure, key=f"chart {number}")
for frame in ready.FRAMES:
    st.dataframe(frame)
"""

#: What the peer draws, as the page drew it.
TEXTS: list[str] = []
METRICS: list[dict[str, object]] = []
FIGURES: list[object] = []
FRAMES: list[object] = []


def main(lines: int = LINES) -> int:
    """Print a ratio a page; 1 if one is missed."""
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory(dir=company.CACHE if company.CACHE.exists() else None) as home:
        os.environ |= {"CRM_HOME": home, "CRM_SAMPLE": "off"}
        _put(company.workspace(lines), Path(home))
        held = [_compare(page) for page in PAGES]  # all of them, also after a miss
        return 0 if all(held) else 1


def _put(file: Path, home: Path) -> None:
    """The benchmark's company as a workspace of that home; the large file is linked, not copied."""
    from crm_core.store.home import Home
    from crm_core.store.workspaces import Workspaces

    store = Workspaces(Home(home).prepare())
    workspace_id, name = store.place("Benchmark")
    candidate = store.candidate(workspace_id)
    os.link(file, candidate)
    store.accept(workspace_id, candidate, name, "named")


def _compare(page: str) -> bool:
    ours = AppTest.from_string(PAGE.format(page=page), default_timeout=TIMEOUT)
    ours.query_params["data"] = "Benchmark"
    _run(ours)
    _keep_ready(ours)
    peer = AppTest.from_string(PEER, default_timeout=TIMEOUT)
    _run(peer)
    assert len(peer.main.get("plotly_chart")) == len(FIGURES), "the peer draws something else"
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(RUNS):
        times["ours"].append(_run(ours))
        times["peer"].append(_run(peer))
    seconds = {side: statistics.median(each) for side, each in times.items()}
    print(f"{page:<48} {seconds['ours'] * 1000:8.0f} ms, ready-made {seconds['peer'] * 1000:.0f} ms, {len(FIGURES)} charts")
    return holds(f"rerun of {page} per ready-made page", seconds["ours"] / seconds["peer"], TIMES_READY_MADE)


def _keep_ready(page: AppTest) -> None:
    import plotly.io

    TEXTS[:] = [one.value for one in page.main.markdown] + [one.value for one in page.main.caption]
    METRICS[:] = [_metric(one.proto) for one in page.main.metric]
    FIGURES[:] = [plotly.io.from_json(one.proto.spec) for one in page.main.get("plotly_chart")]
    FRAMES[:] = [one.value for one in page.main.dataframe]
    assert FIGURES, "the page drew no chart"


def _metric(sent: Any) -> dict[str, object]:
    """A figure of the page with its change and the small chart of its trend."""
    return {
        "label": sent.label,
        "value": sent.body,
        "delta": sent.delta or None,
        "chart_data": list(sent.chart_data) or None,
        "border": True,
    }


def _run(app: AppTest) -> float:
    start = time.perf_counter()
    app.run()
    assert not app.exception, app.exception[0].value
    return time.perf_counter() - start


if __name__ == "__main__":
    # in the module that the peer draws from, which this run of its file is not
    raise SystemExit(import_module(f"benchmarks.{Path(__file__).stem}").main())
