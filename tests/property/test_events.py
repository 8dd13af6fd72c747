"""Events: however a stream's bytes were cut, the same events come out, in order."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.events import reader

LINES = st.sampled_from(
    [b"data: a", b"data:b", b"data", b"event: x", b": note", b"", b"id: 1", b'0:"t"', b"\xef\xbb\xbfdata: c", b"\xff"]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
STREAMS = st.builds(b"".join, st.lists(st.builds(lambda line, end: line + end, LINES, ENDS), max_size=12))
FRAMINGS = st.sampled_from(["sse", "ndjson", "data-stream"])


@given(STREAMS, FRAMINGS, st.lists(st.integers(0, 200), max_size=8))
def test_cuts_do_not_matter(stream, framing, cuts):
    whole, cut = reader(framing, 10_000), reader(framing, 10_000)
    expected = [*whole.feed(stream), *whole.close()]
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    got = [event for a, b in pairwise(edges) for event in cut.feed(stream[a:b])] + [*cut.close()]
    assert [event[:2] for event in got] == [event[:2] for event in expected]
    ends = [event.end for event in got]
    assert ends == sorted(ends)
    assert all(end <= len(stream) for end in ends)


@given(st.binary(max_size=300), FRAMINGS, st.integers(1, 50))
def test_any_bytes_are_read_in_bounded_memory(stream, framing, limit):
    made = reader(framing, limit)
    for at in range(0, len(stream), 7):
        for event in made.feed(stream[at : at + 7]):
            assert len(event.data) <= limit + 7 + len(stream)
        assert len(made._lines._held) <= limit + 7
    list(made.close())
