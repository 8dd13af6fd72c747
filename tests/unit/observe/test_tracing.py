"""Tracing: which traceparent fields are believed (W3C Trace Context)."""

import pytest

from gateway.model.fields import Fields
from gateway.observe.tracing import incoming, trace_id

TRACE = b"0af7651916cd43dd8448eb211c80319c"
GOOD = b"00-" + TRACE + b"-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("value", "believed"),
    [
        (GOOD, GOOD),
        (b" \t" + GOOD + b" ", GOOD),
        (b"01" + GOOD[2:], b"01" + GOOD[2:]),  # a later version
        (b"01" + GOOD[2:] + b"-more", b"01" + GOOD[2:] + b"-more"),  # ... which may say more
        (GOOD + b"-more", b""),
        (GOOD + b"x", b""),
        (b"01" + GOOD[2:] + b"x", b""),
        (b"ff" + GOOD[2:], b""),
        (GOOD.upper(), b""),
        (b"00-" + b"0" * 32 + b"-b7ad6b7169203331-01", b""),
        (b"00-" + TRACE + b"-" + b"0" * 16 + b"-01", b""),
        (GOOD[:-1], b""),
        (GOOD + b"\n", b""),
        (GOOD.replace(b"a", b"\xc3"), b""),
        (b"01" + GOOD[2:] + b"-" + b"x" * 1000, b""),
        (b"", b""),
    ],
)
def test_traceparent_is_believed_only_where_it_is_well_formed(value: bytes, believed: bytes) -> None:
    assert incoming(Fields([(b"Traceparent", value)])) == believed


def test_none_and_several_are_not_believed() -> None:
    assert incoming(Fields()) == b""
    assert incoming(Fields([(b"traceparent", GOOD), (b"traceparent", GOOD)])) == b""


def test_trace_id_is_what_all_services_share() -> None:
    assert trace_id(GOOD) == TRACE.decode()
    assert trace_id(b"") == ""
