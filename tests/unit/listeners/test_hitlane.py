"""Hit lane: known bytes are answered as long as their entry may be; anything else is not for the lane."""

import pytest

from gateway.listeners.hitlane import HitLane
from gateway.model.entry import Entry, EntryFlag
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome
from gateway.model.settings.tiers import HitLaneSettings
from gateway.observe.tally import Tally
from gateway.policy.noise import noise
from gateway.wire.head import request_head
from tests.support.policy import entry, route

NOW = 1100.0
BODY = b'{"query": "q"}'


def asked(*lines: bytes, body: bytes = BODY) -> bytes:
    fields = b"".join(line + b"\r\n" for line in (b"Host: gw", b"Content-Length: %d" % len(body), *lines))
    return b"POST /rag HTTP/1.1\r\n" + fields + b"\r\n" + body


class Bench:
    """A lane over one entry, and what it has counted."""

    def __init__(self, stored: Entry | None = None, **settings: object) -> None:
        self.stored = entry(fields=(), body=b"{}", upstream_seconds=2.0) if stored is None else stored
        self.now = NOW
        self.tallies: dict[tuple[str, Outcome], Tally] = {}
        self.route = route()
        self.logged: list[tuple[bytes, str]] = []
        self.deep = False  # it is in a store only
        self.lane = HitLane(
            HitLaneSettings.model_validate(settings),
            lambda key, now: self.stored if key == b"key" and not self.deep else None,
            lambda route, key, now, fits: (self.stored, "disk") if fits(self.stored) else None,
            lambda name, outcome: self.tallies.setdefault((name, outcome), Tally()),
            noise([self.route]),
            False,
            lambda data, peer, resolved, entry, tier, *_: self.logged.append((data, tier)),
            clock=lambda: self.now,
        )

    def learn(self, data: bytes) -> None:
        end = data.index(b"\r\n\r\n") + 2
        x = Exchange(request_head(data[:end], 100, 1000, "192.0.2.1"), 0.0, NOW, route=self.route, key=b"key")
        self.lane.learn(data, x, self.stored)

    def hit(self, data: bytes) -> bool:
        return self.lane.answer(data, "192.0.2.1") is not None


def test_known_bytes_are_answered_counted_and_logged():
    bench = Bench()
    assert not bench.hit(asked())
    bench.learn(asked())
    assert bench.lane.answer(asked(), "192.0.2.1") == (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nAge: 100\r\nCache-Status: ragfront; hit; ttl=500\r\n\r\n",
        b"{}",
    )
    tally = bench.tallies["ask", Outcome.HIT]
    assert (tally.requests, tally.sent, tally.saved, sum(tally.duration.counts)) == (1, 2, 2.0, 1)
    assert bench.logged == [(asked(), "memory")]


def test_what_memory_has_not_is_sought_elsewhere_as_long_as_it_fits():
    bench = Bench()
    bench.learn(asked())
    bench.deep = True
    assert bench.hit(asked())
    assert bench.logged == [(asked(), "disk")]
    bench.stored.coding = b"gzip"
    assert not bench.hit(asked())


TRACE = b"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((b"X-Request-Id: 1",), (b"X-Request-Id: 2",)),
        ((b"X-Request-Id: 1",), (b"x-request-ID:", TRACE, b"User-Agent: other")),
        ((), (TRACE,)),
    ],
)
def test_noise_does_not_make_another_request(first, second):
    bench = Bench()
    bench.learn(asked(*first))
    assert bench.hit(asked(*second))
    assert bench.hit(asked(*second))
    assert bench.hit(asked(*second))


@pytest.mark.parametrize(
    "other",
    [
        asked(b"Authorization: Bearer b"),
        asked(b"X-Unknown: 1"),
        asked(b"Accept-Encoding: gzip"),
        asked(body=b'{"query": "r"}'),
        asked(b"X-Request-Id: 1\x00"),
        asked(b"X-Request-Id: 1\rX: 2"),
        asked(b"X-Request-Id: 1\nAuthorization: Bearer b"),
        asked(b"X-Request-Id: 1", b" folded"),
        asked(b"X-Request-Id : 1"),
        asked(b"X-Request-Id"),
        asked()[:-1],
        asked() + b"x",
        asked() + asked(),
        asked().replace(b"POST", b"PUT"),
        asked().replace(b"/rag", b"/rag?x"),
        b"",
        b"\r\n\r\n",
    ],
)
def test_anything_else_is_not_for_the_lane(other):
    bench = Bench()
    bench.learn(asked())
    bench.learn(asked(b"X-Request-Id: 0"))
    assert not bench.hit(other)


@pytest.mark.parametrize(
    "line",
    [b"If-None-Match: *", b"Range: bytes=0-1", b"Expect: 100-continue", b"If-Modified-Since: x", b"If-Match: x"],
)
def test_what_depends_on_more_is_never_learned(line):
    bench = Bench()
    bench.learn(asked(line))
    assert not bench.hit(asked(line))


@pytest.mark.parametrize(("rules", "known"), [("question", True), ("http", False)])
@pytest.mark.parametrize("line", [b"X-Forwarded-Proto: https", b"X-Forwarded-Host: a.example"])
def test_who_sends_the_same_bytes_counts_where_a_uri_is_the_key(rules, known, line):
    bench = Bench()
    bench.route = route(cache={"rules": rules})
    bench.learn(asked(line))
    assert bench.hit(asked(line)) is known


@pytest.mark.parametrize(("directives", "known"), [("ignore", True), ("respect", False)])
def test_request_directives_count_where_the_route_says_so(directives, known):
    bench = Bench()
    bench.route = route(cache={"request_directives": directives})
    data = asked(b"Cache-Control: max-age=60")
    bench.learn(data)
    assert bench.hit(data) is known


@pytest.mark.parametrize(
    ("values", "now", "hit"),
    [
        ({}, NOW, True),
        ({"flags": EntryFlag.EMPTY}, NOW, True),
        ({"flags": EntryFlag.VARY}, NOW, False),
        ({"flags": EntryFlag.STREAM}, NOW, True),
        ({"flags": EntryFlag.STREAM | EntryFlag.EMPTY}, NOW, True),
        ({"coding": b"gzip"}, NOW, False),
        ({}, 1600.0, False),
        ({}, 1000.0 - 4, True),
        ({}, 1000.0 - 6, False),  # stored in the future: a clock was set back
    ],
)
def test_the_entry_must_still_do(values, now, hit):
    bench = Bench()
    bench.learn(asked())
    bench.stored = entry(fields=(), body=b"{}", **values)
    bench.now = now
    assert bench.hit(asked()) is hit


def test_an_entry_that_is_gone_is_a_miss():
    bench = Bench()
    bench.learn(asked())
    bench.lane._peek = lambda *_: None
    bench.lane._seek = lambda *_: None
    assert not bench.hit(asked())


def test_empty_answers_are_counted_as_such():
    bench = Bench(entry(fields=(), body=b"{}", flags=EntryFlag.EMPTY))
    bench.learn(asked())
    assert bench.hit(asked())
    assert bench.tallies["ask", Outcome.EMPTY].requests == 1
    assert bench.tallies["ask", Outcome.HIT].requests == 0


def test_changed_routes_make_it_forget():
    bench = Bench()
    bench.learn(asked(b"X-Request-Id: 1"))
    bench.lane.forget(noise([route(key={"headers": ["x-request-id"]})]), False)
    assert not bench.hit(asked(b"X-Request-Id: 1"))
    bench.learn(asked(b"X-Request-Id: 1"))
    assert bench.hit(asked(b"X-Request-Id: 1"))
    assert not bench.hit(asked(b"X-Request-Id: 2"))


@pytest.mark.parametrize(
    ("settings", "same", "other"), [({"fold": False}, True, False), ({"memo": False}, False, False)]
)
def test_each_step_can_be_switched_off(settings, same, other):
    bench = Bench(**settings)
    bench.learn(asked(b"X-Request-Id: 1"))
    assert bench.hit(asked(b"X-Request-Id: 1")) is same
    assert bench.hit(asked(b"X-Request-Id: 2")) is other


def test_large_requests_take_the_ordinary_way():
    bench = Bench()
    large = asked(body=b"x" * 70_000)
    bench.learn(large)
    assert not bench.hit(large)


def test_a_stream_that_is_sent_in_its_own_time_is_not_for_the_lane():
    bench = Bench(entry(fields=(), body=b"{}", flags=EntryFlag.STREAM))
    bench.route = route(stream={"replay": {"pace": "50/s"}})
    bench.learn(asked())
    assert not bench.hit(asked())
