"""Parts of pages: a tab or a section each, with its charts, what a click in them chooses, and the table behind them."""
