"""Policy: changes as they are typed, states as they are told."""

import pytest

from gateway.operate.failed import Failed
from gateway.operate.policy import _lines, patch


def test_changes() -> None:
    typed = ["cache.mode=off", "cache.ttl=null", 'degrade.ladder=["stale"]', "budget.rate=5/s", "cache.statuses=[200]"]
    assert patch(typed) == {
        "cache": {"mode": "off", "ttl": None, "statuses": [200]},
        "degrade": {"ladder": ["stale"]},
        "budget": {"rate": "5/s"},
    }


@pytest.mark.parametrize("typed", [["cache.mode"], ["=off"], ["cache.=off"], ["cache=off", "cache.mode=on"]])
def test_what_is_no_change(typed: list[str]) -> None:
    with pytest.raises(Failed):
        patch(typed)


def test_a_state_tells_what_is_overridden_by_whom_and_why() -> None:
    state = {
        "name": "rag", "upstream": "u", "policy": {"cache": {"mode": "off", "ttl": "1m"}},
        "overridden": [{"path": "cache.mode", "file": "on", "effective": "off"}],
        "override": {"who": "ann", "until": None, "reason": "incident"},
    }  # fmt: skip
    assert _lines(state) == [
        "rag: mode off, ttl 1m, to u",
        "  cache.mode: off (file: on)",
        "  by ann, for good: incident",
    ]
