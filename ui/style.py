"""The little that the theme cannot say: a page that prints clean on A4, and names in any script."""

STYLE = """<style>
@page { size: A4; margin: 14mm; }
@media print {
  [data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stToolbar"], [data-testid="stDownloadButton"],
  [data-testid="stFileUploader"], [data-testid="stSidebarCollapsedControl"], [data-testid="stTextInput"], [data-testid="stSelectbox"],
  [data-testid="stPagination"], [data-testid="stToastContainer"], [data-testid="stPopover"], .stButton,
  .st-key-audience_form, .modebar { display: none !important; }
  /* A dark page prints dark on white as well. */
  [data-testid="stApp"] * { color: #1c2733 !important; }
  .js-plotly-plot :is(.xtick, .ytick, .legend, .xtitle, .ytitle, .infolayer) text, .js-plotly-plot text:is(.xtitle, .ytitle) { fill: #1c2733 !important; }
  [data-testid="stApp"], [data-testid="stAppViewContainer"], [data-testid="stMain"], section.main {
    position: static !important; overflow: visible !important; height: auto !important; background: white !important; }
  /* Charts keep the width they have on the screen, so the page is made smaller until they fit; tiles get room as well. */
  [data-testid="stMainBlockContainer"] { padding: 0 !important; max-width: 100% !important; zoom: 0.62; }
  [data-testid="stMetricDelta"], [data-testid="stMetricDelta"] * { background: transparent !important; }
  [data-testid="stMetricChart"] { display: none !important; }  /* drawn on the ground of the screen, which may be dark */
  [data-testid="stMetric"], [data-testid="stPlotlyChart"], [data-testid="stDataFrame"], [data-testid="stAlert"] { break-inside: avoid; }
  body { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
[data-testid="stMainBlockContainer"] { padding-left: 3rem; padding-right: 3rem; max-width: 1500px; }
/* Each paragraph and cell runs in the direction of its own script, as dir="auto" would have it. */
p, td, th, label, [data-testid="stMarkdownContainer"] li, [data-testid="stSelectbox"] div, [data-testid="stMultiSelect"] span { unicode-bidi: plaintext; }
[data-testid="stMetricValue"] { font-variant-numeric: tabular-nums; }
/* Tiles of a narrow window go on in a second row, and their letters shrink before a number or a word would be cut in two. */
[data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] [data-testid="stMetric"])
{ display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); }
[data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:has([data-testid="stMetric"]) { width: auto !important; min-width: 0; }
[data-testid="stMetric"] { container-type: inline-size; }
[data-testid="stMetricValue"], [data-testid="stMetricValue"] * { font-size: clamp(1.1rem, 24cqi, 1.7rem) !important; }
[data-testid="stMetricLabel"] * { font-size: clamp(0.75rem, 12cqi, 0.875rem); }
/* Charts side by side stand below each other where each would be too narrow for its labels. */
[data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] [data-testid="stPlotlyChart"]) { flex-wrap: wrap; }
[data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] [data-testid="stPlotlyChart"]) > [data-testid="stColumn"] { min-width: min(21rem, 100%); }
/* "New customers: not provided" in lines rather than "New custo…: not provi…" where six tiles stand in a row. */
[data-testid="stMetricLabel"] *, [data-testid="stMetricValue"] *, [data-testid="stMetricDelta"], [data-testid="stMetricDelta"] *
{ white-space: normal !important; line-height: 1.25; }
</style>"""
