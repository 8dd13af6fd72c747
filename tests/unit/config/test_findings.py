"""Findings that rest on what is broken are not told."""

import pytest

from gateway.config.findings import Finding
from gateway.config.places import Path


@pytest.mark.parametrize(
    ("broken", "rests"),
    [
        ([], False),
        ([("a",)], True),
        ([("a", "b")], True),
        ([("a", "b", "c")], True),
        ([("a", "x")], False),
        ([("d", 0, "e")], True),
        ([("d", 1)], False),
    ],
)
def test_a_finding_rests_on_what_it_names(broken: list[Path], rests: bool) -> None:
    assert Finding(("a", "b"), "x", also=(("d", 0),)).rests_on(broken) is rests
