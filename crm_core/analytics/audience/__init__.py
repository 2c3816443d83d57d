"""Whom to address: conditions on customers, in words and as tables, and what sets those who meet them apart."""
