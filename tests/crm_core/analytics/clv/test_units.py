"""Months, weeks and days: one conversion."""

from __future__ import annotations

import pytest

from crm_core.analytics.clv.units import days_per, months_in


def test_a_year_has_as_many_days_in_either_unit():
    assert months_in("days", 12) == 365.25
    assert 7 * months_in("weeks", 12) == pytest.approx(365.25)
    assert months_in("weeks", 1) == pytest.approx(4.348214, abs=1e-6)
    assert (days_per("days"), days_per("weeks")) == (1, 7)
