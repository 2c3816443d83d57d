"""The dashboard: page config, navigation, and the frame around every page. Start it with `streamlit run app.py`.

Streamlit finds `app` below and serves it as an ASGI app, which reads this file once more, as the script of every run.
Why not a plain script: a deep link as the first request after a start would run the file in pages/ without this
frame (Streamlit's older way with a folder of that name), and security headers need a middleware.
"""

import streamlit as st

from pages import audience, clusters, customer_value, data, key_customers, overview, satisfaction, segments, service, watch_list
from ui import frame, guards, server, who

CUSTOMERS = (
    (overview.render, "Overview", "overview", ":material/trending_up:"),
    (segments.render, "Segments", "segments", ":material/grid_view:"),
    (clusters.render, "Clusters", "clusters", ":material/scatter_plot:"),
    (key_customers.render, "Key customers", "key-customers", ":material/star:"),
    (customer_value.render, "Customer value", "customer-value", ":material/query_stats:"),
)
CAMPAIGNS = ((audience.render, "Audience", "audience", ":material/group_add:"),)
SATISFACTION = (
    (satisfaction.render, "Satisfaction", "satisfaction", ":material/sentiment_satisfied:"),
    (service.render, "Service", "service", ":material/support_agent:"),
    (watch_list.render, "Watch list", "watch-list", ":material/notification_important:"),
)


def main() -> None:
    st.set_page_config(page_title="CRM Strategy Dashboard", page_icon="📈", layout="wide")
    customers = [
        st.Page(render, title=title, url_path="" if path == "overview" else path, icon=icon, default=path == "overview")
        for render, title, path, icon in CUSTOMERS
    ]
    satisfied = [st.Page(render, title=title, url_path=path, icon=icon) for render, title, path, icon in SATISFACTION]
    campaigns = [st.Page(render, title=title, url_path=path, icon=icon) for render, title, path, icon in CAMPAIGNS]
    loading = [st.Page(data.render, title="Data", url_path="data", icon=":material/database:")]
    by_name = st.Page(overview.render, title="Overview", url_path="overview", visibility="hidden")  # the default page answers to "/" alone
    groups = {"Customers": [*customers, by_name], "Satisfaction": satisfied, "Campaigns": campaigns, "Data": loading}
    who.gate(groups)
    page = st.navigation(groups)
    pages = zip((*CUSTOMERS, *SATISFACTION, *CAMPAIGNS), (*customers, *satisfied, *campaigns), strict=True)
    frame.draw({**{path: one for (_, _, path, _), one in pages}, "data": loading[0]})
    who.sidebar()
    with guards.guard():
        page.run()


if __name__ == "__main__":
    main()
else:
    app = st.App(__file__, lifespan=server.lifespan, middleware=server.middleware())
