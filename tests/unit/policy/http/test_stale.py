import pytest

from gateway.model.entry import Windows
from gateway.model.fields import Fields
from gateway.policy.http.freshness import lifetime
from gateway.policy.http.stale import windows

NOW = 1_764_000_000.0
MOST = Windows(60.0, 3600.0)
GRANTED = Windows(20.0, 200.0)


def of(value: bytes, name: bytes = b"Cache-Control", unstated: Windows = GRANTED) -> tuple[float, float]:
    fields = Fields(((name, value), (b"Expires", b"0")))
    return windows(fields, lifetime(fields, 200, NOW), MOST, unstated)[:2]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(b"max-age=9", (20, 200), id="9111-4.2.4-what-the-route-grants"),
        pytest.param(b"max-age=9, stale-while-revalidate=5", (5, 200), id="5861-3"),
        pytest.param(b"max-age=9, stale-if-error=5", (20, 5), id="5861-4"),
        pytest.param(b"max-age=9, stale-while-revalidate=900, stale-if-error=9000", (60, 3600), id="5861-limited"),
        pytest.param(b"max-age=9, stale-while-revalidate=x, stale-if-error", (0, 0), id="5861-malformed"),
        pytest.param(b"max-age=9, stale-if-error=5, stale-if-error=2", (20, 2), id="5861-two"),
        pytest.param(b"max-age=9, stale-while-revalidate=0, stale-if-error=0", (0, 0), id="5861-none"),
        pytest.param(b"max-age=9, must-revalidate, stale-if-error=5", (0, 0), id="9111-5.2.2.2-must-revalidate"),
        pytest.param(b"max-age=9, proxy-revalidate, stale-if-error=5", (0, 0), id="9111-5.2.2.8-proxy-revalidate"),
        pytest.param(b"max-age=9, no-cache, stale-if-error=5", (0, 0), id="9111-5.2.2.4-no-cache"),
        pytest.param(b'max-age=9, no-cache="x"', (20, 200), id="9111-5.2.2.4-no-cache-of-a-field"),
        pytest.param(b"s-maxage=9", (0, 0), id="9111-5.2.2.10-s-maxage"),
        pytest.param(b"max-age=9, s-maxage=9", (0, 0), id="9111-5.2.2.10-beside-max-age"),
        pytest.param(b"s-maxage=9, stale-while-revalidate=5", (5, 0), id="9111-5.2.2.10-stated-beside-it"),
        pytest.param(b"max-age=0", (0, 0), id="9111-4.2.4-never-fresh"),
        pytest.param(b"max-age=0, stale-while-revalidate=5", (5, 0), id="5861-never-fresh"),
        pytest.param(b"public", (0, 0), id="9111-5.3-expires-passed"),
        pytest.param(b"max-age=9, must-understand, immutable", (20, 200), id="9111-5.2.2.3-other-directives"),
    ],
)
def test_windows(value: bytes, expected: tuple[float, float]) -> None:
    assert of(value)[:2] == expected


def test_targeted_fields_govern_here_too() -> None:  # RFC 9213
    assert of(b"max-age=9, stale-if-error=5", b"CDN-Cache-Control")[:2] == (20, 5)


def test_nothing_stale_is_served_where_neither_says_so() -> None:  # RFC 9111 section 4.2.4
    fields = Fields(((b"Cache-Control", b"max-age=9"),))
    assert windows(fields, lifetime(fields, 200, NOW), MOST) == (0, 0, 0)
