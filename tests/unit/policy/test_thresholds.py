"""Thresholds: so many in a row are believed, a flapping check changes nothing."""

import pytest

from gateway.policy.thresholds import Thresholds


@pytest.mark.parametrize(
    ("checks", "thought"),
    [
        ("+++", "+++"),
        ("--+--+--", "++++++++"),
        ("---", "++-"),
        ("---+-+-", "++-----"),
        ("---++", "++--+"),
        ("---++--+---", "++--+++++" + "+-"),
    ],
)
def test_what_is_thought_after_each_check(checks: str, thought: str) -> None:
    made = Thresholds(healthy=2, unhealthy=3)
    found, before = "", "+"
    for check in checks:
        changed = made.checked(check == "+")
        now = "+" if made.well else "-"
        assert changed is (now != before)
        before = now
        found += now
    assert found == thought
