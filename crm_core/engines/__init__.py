"""Where the canonical tables lie and expressions run: one module an engine."""
