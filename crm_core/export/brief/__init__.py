"""What must everyone know before a campaign goes out? One page: whom, why, how many, what to expect, by which rules, how it will be judged.

model.py   what the page says, and how much of it a page holds
html.py    the page for a browser
pdf.py     the page for a printer, drawn without a browser
"""

from crm_core.export.brief.html import to_html
from crm_core.export.brief.model import Brief, Groups
from crm_core.export.brief.pdf import to_pdf

__all__ = ["Brief", "Groups", "to_html", "to_pdf"]
