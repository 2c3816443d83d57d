"""From `make run` on an installed tree to a drawn Overview, against an app that imports the same packages and draws one figure.

Both are started as a user would (`python -m streamlit run`), and the clock stops when Chromium shows the first drawn chart.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIMIT = 1.5
RUNS = 5
ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

PEER = """
import streamlit as st
import duckdb, filelock, ibis.backends.duckdb, numpy, pandas, plotly.graph_objects as go, pyarrow, sqlglot
st.set_page_config(layout="wide")
st.plotly_chart(go.Figure(go.Bar(x=[1, 2, 3], y=[2, 1, 3])))
"""


@contextmanager
def serve(script: Path, home: Path) -> Iterator[str]:
    """The app behind `script` on a free port, its data in `home`; gives its address as soon as it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true", "--server.port", str(port)]
    server = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "CRM_HOME": str(home)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(address + "/_stcore/health")
        yield address
    finally:
        server.terminate()
        server.wait()


def _wait(address: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(address, timeout=1).close()  # noqa: S310 (our own http address)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"{address} did not answer within {seconds} s")


def seconds_to_chart(browser: object, script: Path, home: Path) -> float:
    """Seconds from starting the server to the first drawn chart."""
    start = time.perf_counter()
    with serve(script, home) as address:
        page = browser.new_page()  # type: ignore[attr-defined]
        page.goto(address)
        page.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=120_000)
        seconds = time.perf_counter() - start
        page.close()
    return seconds


def main() -> int:
    """Print both medians and their ratio; 1 where the ratio is above the limit."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home, peer = Path(folder) / "home", Path(folder) / "peer.py"
        peer.write_text(PEER)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS)
        seconds_to_chart(browser, ROOT / "app.py", home)  # warm-up: it also prepares the sample company, as an installed tree has it
        seconds_to_chart(browser, peer, home)
        times: dict[str, list[float]] = {"ours": [], "peer": []}
        for _ in range(RUNS):
            times["ours"].append(seconds_to_chart(browser, ROOT / "app.py", home))
            times["peer"].append(seconds_to_chart(browser, peer, home))
        browser.close()
    ours, theirs = statistics.median(times["ours"]), statistics.median(times["peer"])
    ratio = ours / theirs
    print(f"start to drawn Overview: {ours:.2f} s; peer {theirs:.2f} s; ratio {ratio:.2f} (limit {LIMIT})")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
