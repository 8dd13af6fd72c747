from typing import Any

import pytest

from gateway.model.exchange import Request
from gateway.model.fields import Fields, Pairs
from gateway.model.settings.file import ForwardingSettings
from gateway.policy.forwarding import CONDITIONAL, Forwarding, loops, pseudonym
from tests.support.policy import request

BARE = {"via": "off", "x_forwarded": False}
HOST: Pairs = ((b"Host", b"rag.example:8080"),)


def forwarded(of: Request, *, trusted: bool = False, settings: dict[str, Any] | None = None, **how: Any) -> Pairs:
    arguments: dict[str, Any] = {"upstream_authority": b"up:9", "host": "pass", "body_length": None, **how}
    forwarding = Forwarding(ForwardingSettings.model_validate(BARE if settings is None else settings))
    return forwarding.request_fields(of, trusted=trusted, **arguments)


def test_end_to_end_fields_keep_order_and_spelling() -> None:
    fields: Pairs = (
        (b"X-A", b"1"),
        (b"hOST", b"rag.example:8080"),
        (b"Connection", b"keep-alive, X-Hop"),
        (b"X-Hop", b"1"),
        (b"Keep-Alive", b"timeout=5"),
        (b"Proxy-Connection", b"keep-alive"),
        (b"Upgrade", b"h2c"),
        (b"HTTP2-Settings", b"AAMAAABk"),
        (b"x-a", b"\xff"),
        (b"Expect", b"100-continue"),
        (b"X-Empty", b""),
    )
    assert forwarded(request(fields=fields)) == (
        (b"X-A", b"1"),
        (b"hOST", b"rag.example:8080"),
        (b"x-a", b"\xff"),
        (b"Expect", b"100-continue"),
        (b"X-Empty", b""),
    )


@pytest.mark.parametrize(
    ("fields", "authority", "host", "expected"),
    [
        (((b"X", b"1"), (b"host", b"a")), b"a", "pass", ((b"X", b"1"), (b"host", b"a"))),
        (((b"X", b"1"), (b"host", b"a")), b"a", "rewrite", ((b"X", b"1"), (b"host", b"up:9"))),
        (((b"Host", b"a"),), b"overruled", "pass", ((b"Host", b"overruled"),)),
        (((b"Host", b"a"), (b"X", b"1"), (b"Host", b"b")), b"a", "pass", ((b"Host", b"a"), (b"X", b"1"))),
        (((b"X", b"1"),), b"", "pass", ((b"Host", b"up:9"), (b"X", b"1"))),
        (((b"Host", b"a"), (b"Connection", b"host")), b"a", "pass", ((b"Host", b"a"),)),
    ],
)
def test_exactly_one_host(fields: Pairs, authority: bytes, host: str, expected: Pairs) -> None:
    assert forwarded(request(fields=fields, authority=authority), host=host) == expected


LENGTH: Pairs = ((b"Content-Length", b"5"),)
CHUNKED: Pairs = ((b"Transfer-Encoding", b"chunked"), (b"Trailer", b"X-Sum"))


@pytest.mark.parametrize(
    ("fields", "body_length", "expected"),
    [
        (LENGTH, 5, LENGTH),
        (LENGTH, None, LENGTH),
        ((), 0, ()),
        (CHUNKED, 7, ((b"Content-Length", b"7"),)),
        (CHUNKED, 0, ((b"Content-Length", b"0"),)),
        (CHUNKED, None, ((b"Trailer", b"X-Sum"),)),
        (((b"Expect", b"100-continue"), *LENGTH), 5, LENGTH),
        ((*LENGTH, (b"Connection", b"content-length")), 5, LENGTH),
    ],
)
def test_framing_fits_the_body(fields: Pairs, body_length: int | None, expected: Pairs) -> None:
    assert forwarded(request(fields=(*HOST, *fields)), body_length=body_length) == (*HOST, *expected)


def test_te_is_passed_on_for_trailers_only() -> None:
    trailers: Pairs = ((b"TE", b"gzip, Trailers"), (b"Connection", b"TE"))
    assert forwarded(request(fields=(*HOST, *trailers))) == (*HOST, (b"TE", b"trailers"), (b"Connection", b"TE"))
    assert forwarded(request(fields=(*HOST, (b"TE", b"gzip"), (b"Connection", b"TE")))) == HOST


def test_further_fields_are_left_out_on_demand() -> None:
    fields: Pairs = (*HOST, (b"If-None-Match", b'"x"'), (b"RANGE", b"bytes=0-1"), (b"Accept", b"*/*"))
    assert forwarded(request(fields=fields), without=CONDITIONAL) == (*HOST, (b"Accept", b"*/*"))


def told(pairs: Pairs) -> dict[bytes, bytes]:
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names))
    return {name: value for name, value in pairs if name != b"Host"}


CAME: Pairs = (
    *HOST,
    (b"X-Forwarded-For", b"203.0.113.1"),
    (b"x-forwarded-for", b"203.0.113.2"),
    (b"X-Forwarded-Proto", b"https"),
    (b"X-Forwarded-Host", b"public.example"),
    (b"Forwarded", b"for=203.0.113.1"),
)


@pytest.mark.parametrize(
    ("settings", "trusted", "expected"),
    [
        (
            {"via": "off"},
            False,
            {
                b"X-Forwarded-For": b"192.0.2.7",
                b"X-Forwarded-Proto": b"http",
                b"X-Forwarded-Host": b"rag.example:8080",
            },
        ),
        (
            {"via": "off"},
            True,
            {
                b"X-Forwarded-For": b"203.0.113.1, 203.0.113.2, 192.0.2.7",
                b"X-Forwarded-Proto": b"https",
                b"X-Forwarded-Host": b"public.example",
                b"Forwarded": b"for=203.0.113.1",
            },
        ),
        (BARE, False, {}),
        (
            {**BARE, "forwarded": True},
            False,
            {b"Forwarded": b'for=192.0.2.7;host="rag.example:8080";proto=http'},
        ),
        (
            {**BARE, "forwarded": True},
            True,
            {
                b"X-Forwarded-For": b"203.0.113.1, 203.0.113.2",
                b"X-Forwarded-Proto": b"https",
                b"X-Forwarded-Host": b"public.example",
                b"Forwarded": b'for=203.0.113.1, for=192.0.2.7;host="rag.example:8080";proto=http',
            },
        ),
    ],
)
def test_the_way_is_told_and_only_trusted_peers_are_believed(
    settings: dict[str, Any], trusted: bool, expected: dict[bytes, bytes]
) -> None:
    assert told(forwarded(request(fields=CAME), trusted=trusted, settings=settings)) == expected


def test_a_trusted_peer_can_take_back_what_it_said_by_naming_it_in_connection() -> None:
    fields: Pairs = (*CAME, (b"Connection", b"X-Forwarded-For, Forwarded"))
    pairs = forwarded(request(fields=fields), trusted=True, settings={"via": "off"})
    assert told(pairs)[b"X-Forwarded-For"] == b"192.0.2.7"


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "element"),
    [
        ("2001:db8::1", b"2001:db8::1", b'for="[2001:db8::1]";'),
        ("fe80::1%eth0", b"fe80::1", b'for="[fe80::1]";'),
        ("", None, b"for=unknown;"),
    ],
)
def test_peers_of_all_kinds(peer: str, forwarded_for: bytes | None, element: bytes) -> None:
    pairs = told(forwarded(request(fields=HOST, peer=peer), settings={"via": "off", "forwarded": True}))
    assert pairs.get(b"X-Forwarded-For") == forwarded_for
    assert pairs[b"Forwarded"].startswith(element)


def test_forwarded_quotes_what_is_no_token() -> None:
    pairs = told(forwarded(request(authority=b'a"b\\c'), settings={**BARE, "forwarded": True}))
    assert pairs[b"Forwarded"] == b'for=192.0.2.7;host="a\\"b\\\\c";proto=http'


@pytest.mark.parametrize(("version", "via"), [((1, 1), b"1.1 ragfront"), ((1, 0), b"1.0 ragfront")])
def test_via_is_added_behind_what_came(version: tuple[int, int], via: bytes) -> None:
    of = request(fields=(*HOST, (b"via", b"1.1 edge")), version=version)
    assert forwarded(of, settings={"x_forwarded": False}) == (*HOST, (b"via", b"1.1 edge"), (b"Via", via))


@pytest.mark.parametrize(
    ("trusted", "peer", "believed"),
    [
        ([], "127.0.0.1", False),
        (["127.0.0.1"], "127.0.0.1", True),
        (["10.0.0.0/8"], "10.9.8.7", True),
        (["10.0.0.1/8"], "10.9.8.7", True),
        (["10.0.0.0/8"], "::ffff:10.9.8.7", True),
        (["10.0.0.0/8"], "11.0.0.1", False),
        (["fd00::/8"], "fd00::1", True),
        (["fe80::/10"], "fe80::1%eth0", True),
        (["0.0.0.0/0"], "::1", False),
        (["0.0.0.0/0"], "", False),
        (["0.0.0.0/0"], "garbage", False),
        (["unix"], "", True),
    ],
)
def test_trusted_peers(trusted: list[str], peer: str, believed: bool) -> None:
    assert Forwarding(ForwardingSettings(trusted=tuple(trusted))).is_trusted(peer) is believed


def test_upgrades_keep_asking() -> None:
    fields: Pairs = (
        *HOST,
        (b"Connection", b"keep-alive, Upgrade"),
        (b"Upgrade", b"websocket"),
        (b"TE", b"trailers"),
        (b"Sec-WebSocket-Key", b"k"),
    )
    forwarding = Forwarding(ForwardingSettings.model_validate(BARE))
    pairs = forwarding.upgrade_fields(
        request(b"GET", fields=fields), upstream_authority=b"up:9", host="pass", trusted=False
    )
    assert pairs == (*HOST, (b"Sec-WebSocket-Key", b"k"), (b"Connection", b"upgrade"), (b"Upgrade", b"websocket"))


def test_switched_protocols_are_told_to_the_client() -> None:
    fields = Fields([(b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Accept", b"a")])
    assert Forwarding(ForwardingSettings()).upgraded_fields(fields) == (
        (b"Sec-WebSocket-Accept", b"a"),
        (b"Connection", b"upgrade"),
        (b"Upgrade", b"websocket"),
    )


@pytest.mark.parametrize(("via", "added"), [("off", ()), ("request", ()), ("both", ((b"Via", b"1.1 ragfront"),))])
def test_answers_lose_their_hop_and_gain_via_where_wanted(via: str, added: Pairs) -> None:
    forwarding = Forwarding(ForwardingSettings.model_validate({"via": via}))
    fields = Fields([(b"Date", b"d"), (b"connection", b"close"), (b"X-a", b"1"), (b"X-A", b"2"), (b"Trailer", b"t")])
    kept = ((b"Date", b"d"), (b"X-a", b"1"), (b"X-A", b"2"), (b"Trailer", b"t"))
    assert forwarding.response_fields(fields) == (*kept, *added)
    assert forwarding.answer_via == added


@pytest.mark.parametrize(
    ("lines", "looping"),
    [
        ((), False),
        ((b"1.1 ragfront-1",), True),
        ((b"1.1 edge, 1.0 ragfront-1 (comment)", b"1.1 other"), True),
        ((b"1.1 edge", b"HTTP/1.1 ragfront-1"), True),
        ((b"1.1 ragfront-2, 1.1 ragfront-11, 1.1 ragfront",), False),
        ((b"1.1 edge (ragfront-1)",), False),
        ((b",,\xff, ,",), False),
    ],
)
def test_loops_are_found_by_our_name_in_via(lines: tuple[bytes, ...], looping: bool) -> None:
    assert loops(Fields((b"Via", line) for line in lines), b"ragfront-1") is looping


def test_our_name_tells_where_we_forward_to_and_nothing_else() -> None:
    assert pseudonym(["http://b", "http://a"]) == pseudonym(["http://a", "http://b"])
    assert pseudonym(["http://a"]) != pseudonym(["http://b"])


@pytest.mark.parametrize(
    ("fields", "trusted", "expected"),
    [
        pytest.param((), True, (b"http", b"rag.example:8080"), id="nothing-told"),
        pytest.param(((b"X-Forwarded-Proto", b"https"),), True, (b"https", b"rag.example:8080"), id="scheme"),
        pytest.param(((b"X-Forwarded-Host", b"a.example"),), True, (b"http", b"a.example"), id="authority"),
        pytest.param(((b"X-Forwarded-Proto", b"https"),), False, (b"http", b"rag.example:8080"), id="not-trusted"),
        pytest.param(
            ((b"X-Forwarded-Proto", b"https"), (b"Connection", b"x-forwarded-proto")),
            True,
            (b"http", b"rag.example:8080"),
            id="taken-away-by-connection",
        ),
    ],
)
def test_rfc_9110_7_1_the_target_uri_is_the_clients_as_a_trusted_peer_tells_it(
    fields: Pairs, trusted: bool, expected: tuple[bytes, bytes]
) -> None:
    settings = ForwardingSettings(trusted=("192.0.2.0/24",) if trusted else ())
    sent = Forwarding(settings).as_sent(request(fields=fields, peer="192.0.2.7"))
    assert (sent.scheme, sent.authority) == expected
