"""Stats: figures as people read them."""

import pytest

from gateway.operate.stats import headline, seconds, share


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.0004, "0.4 ms"), (0.25, "250 ms"), (2.345, "2.35 s"), (5400.0, "1.5 h")]
)
def test_seconds(value, text) -> None:
    assert seconds(value) == text


def test_share_and_headline() -> None:
    assert (share(None), share(0.875)) == ("-", "87.5 %")
    found = {
        "requests": {"hit": 1500.0, "miss": 500.0}, "hit_ratio": 0.75, "latency": None, "saved_seconds": 30.0,
        "in_flight": 2.0, "workers": 4.0,
    }  # fmt: skip
    assert headline(found) == "2,000 requests, 75.0 % hits, 30 s of upstream time saved, 2 in flight, 4 workers"
