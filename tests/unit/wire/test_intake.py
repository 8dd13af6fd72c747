"""Intake: aiohttp's parser interface, in any pieces."""

import asyncio

import pytest
from aiohttp.base_protocol import BaseProtocol

from gateway.model.errors import MessageError
from gateway.model.exchange import Request
from gateway.wire.intake import Refused, RequestIntake, ResponseIntake

TWO = (
    b"\r\nPOST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
    b"POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n"
    b"GET /c HTTP/1.1\r\nHost: h\r\n\r\n"
)


def intake(max_head: int = 1000) -> RequestIntake:
    loop = asyncio.get_running_loop()
    return RequestIntake(BaseProtocol(loop), loop, max_head=max_head, max_fields=10, max_target=100)


def feed(parser, wire: bytes, step: int):
    messages = []
    for at in range(0, len(wire), step):
        messages += parser.feed_data(wire[at : at + step])[0]
    return messages


@pytest.mark.parametrize("step", [1, 2, 5, 13, 10_000])
async def test_pipelined_requests_come_out_alike_in_any_pieces(step):
    messages = feed(intake(), TWO, step)
    assert [message.path for message, _ in messages] == [b"/a", b"/b", b"/c"]
    assert [await body.read() for _, body in messages] == [b"abc", b"de", b""]
    assert messages[1][1].trailers.pairs == ((b"T", b"1"),)


async def test_no_more_than_so_many_are_parsed_ahead():
    parser = intake()
    one = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    messages, _, _ = parser.feed_data(one * 40)
    assert len(messages) == 32
    assert not parser.mid_head
    for _ in messages:
        parser.message_consumed()
    assert len(parser.feed_data(b"")[0]) == 8


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        (b"GET /\r\n", 400),
        (b"\x16\x03\x01\x02\x00", 400),
        (b"GET / HTTP/1.1\nHost: h\n\n", 400),
        (b"GET /" + b"a" * 200, 414),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 2000, 431),
        (b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ],
)
@pytest.mark.parametrize("step", [1, 10_000])
async def test_refused_as_soon_as_it_is_clear(wire, status, step):
    parser = intake()
    messages = feed(parser, wire, step)
    assert len(messages) == 1
    assert isinstance(messages[0][0], Refused)
    assert messages[0][0].status == status
    assert parser.feed_data(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")[0] == []


async def test_a_broken_body_is_told_through_the_body():
    parser = intake()
    messages = feed(parser, b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 1000)
    assert isinstance(messages[0][0], Request)
    with pytest.raises(MessageError):
        await messages[0][1].read()


async def test_bytes_behind_an_upgrade_are_left_alone():
    parser = intake()
    wire = b"GET /ws HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00raw"
    messages, upgraded, tail = parser.feed_data(wire)
    assert (len(messages), upgraded, tail) == (1, True, b"\x81\x00raw")


async def test_h2c_is_no_upgrade():
    wire = (
        b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n"
    )
    assert intake().feed_data(wire)[1] is False


async def test_a_late_head_is_answered_and_nothing_more_is_read():
    parser = intake()
    parser.feed_data(b"GET / HT")
    assert parser.mid_head
    refused, body = parser.time_out()
    assert refused.status == 408
    assert body.is_eof()
    assert not parser.mid_head


def answers(method: bytes = b"GET") -> ResponseIntake:
    loop = asyncio.get_running_loop()
    return ResponseIntake(BaseProtocol(loop), loop, method=method)


@pytest.mark.parametrize("step", [1, 3, 10_000])
async def test_interim_answers_come_before_the_final_one(step):
    wire = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    messages = feed(answers(), wire, step)
    assert [head.status for head, _ in messages] == [103, 200]
    assert await messages[1][1].read() == b"ok"


@pytest.mark.parametrize("fields", [b"", b"A: b\r\n", b"A:\t b \t\r\nX-C:\xc3\xa0\r\na: c\r\nEmpty:\r\n"])
async def test_a_head_with_bare_line_feeds_says_what_the_ordinary_one_says(fields):
    # The two are read in different ways: the ordinary one without a pattern for each line.
    wire = b"HTTP/1.1 200 Fine\r\n" + fields + b"Content-Length: 4\r\n\r\n"
    ((strict, body),) = feed(answers(), wire + b"\r\nok", 10_000)
    ((tolerant, same),) = feed(answers(), wire.replace(b"\r", b"") + b"\r\nok", 10_000)
    assert strict == tolerant
    assert await body.read() == await same.read() == b"\r\nok"


async def test_an_answer_cut_short_is_an_error():
    parser = answers()
    parser.feed_data(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok")
    with pytest.raises(MessageError):
        parser.feed_eof()


async def test_an_answer_until_close_ends_with_the_connection_but_not_with_a_reset():
    clean, broken = answers(), answers()
    (_, body), *_ = clean.feed_data(b"HTTP/1.1 200 OK\r\n\r\nok")[0]
    clean.feed_eof()
    assert await body.read() == b"ok"
    (_, body), *_ = broken.feed_data(b"HTTP/1.1 200 OK\r\n\r\nok")[0]
    broken.fail(ConnectionResetError())
    with pytest.raises(MessageError):
        await body.read()


async def test_bytes_behind_an_answer_spoil_the_connection_but_not_the_answer():
    parser = answers()
    (_, body), *_ = parser.feed_data(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!")[0]
    assert await body.read() == b"ok"
    assert parser.excess

    late = answers()
    late.feed_data(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert not late.excess
    with pytest.raises(MessageError, match="behind"):
        late.feed_data(b"!")
    assert late.excess


async def test_endless_interim_answers_are_an_error():
    with pytest.raises(MessageError, match="interim"):
        feed(answers(), b"HTTP/1.1 103 Early Hints\r\n\r\n" * 200, 100)


async def test_another_protocol_is_spoken_only_where_it_was_asked_for():
    switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nraw"
    with pytest.raises(MessageError, match="101"):
        answers().feed_data(switching)
    loop = asyncio.get_running_loop()
    asked = ResponseIntake(BaseProtocol(loop), loop, method=b"GET", upgrade=True)
    messages, upgraded, tail = asked.feed_data(switching)
    assert (messages[0][0].status, upgraded, tail) == (101, True, b"raw")


async def test_a_head_answer_has_no_body():
    messages, _, _ = answers(b"HEAD").feed_data(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    assert messages[0][1].is_eof()
