"""Fetch: sent once, answered once; retried only where nothing can have happened."""

import asyncio

import pytest

from gateway.model.errors import NoReplica, UpstreamProtocol, UpstreamReset, UpstreamTimeout, UpstreamUnreachable
from tests.support.ports import free_port
from tests.support.talk import body_of, call, upstream_of
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def fine(asked: Asked, wire: Wire) -> None:
    await wire.json(b"{}")


async def pieces(*data: bytes):
    for piece in data:
        yield piece


async def test_target_fields_and_body_arrive_as_given():
    async with ScriptedUpstream(fine) as service, upstream_of(service.url + "/base") as (upstream, calls):
        reply = await upstream.fetch(call(b"BREW", b"/a%2F?\xff", body=b""))
        assert await body_of(reply) == b"{}"
        assert upstream.pending == 0
    assert service.asked[0].line == b"BREW /base/a%2F?\xff HTTP/1.1"
    assert calls.ended == [("rag", "2xx")]


async def test_a_streamed_body_is_chunked_with_its_trailers():
    async with ScriptedUpstream(fine) as service, upstream_of(service.url) as (upstream, _):
        chunked = ((b"Host", b"h"), (b"Transfer-Encoding", b"chunked"))
        sent = call(b"POST", rest=pieces(b"b", b"", b"c"), body=b"a", chunked=True, trailers=lambda: ((b"T", b"1"),))
        sent.fields = lambda authority: chunked
        await body_of(await upstream.fetch(sent))
    assert service.asked[0].raw.endswith(b"1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n")


async def test_an_early_answer_is_taken_while_the_body_is_still_being_sent():
    class Impatient(ScriptedUpstream):
        async def _serve(self, reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
            await reader.read()
            writer.close()

    async def endless():
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0.001)

    async with Impatient(fine) as service, upstream_of(service.url) as (upstream, calls):
        reply = await upstream.fetch(call(b"POST", rest=endless(), chunked=True))
        assert reply.head.status == 413
        assert await body_of(reply) == b"no"
    assert calls.ended == [("rag", "4xx")]


async def test_nobody_there_is_unreachable():
    async with upstream_of(f"http://127.0.0.1:{free_port()}") as (upstream, calls):
        with pytest.raises(UpstreamUnreachable) as error:
            await upstream.fetch(call())
    assert "Connection refused" in error.value.detail
    assert {result for _, result in calls.ended} == {"upstream-unreachable"}


async def test_the_other_replica_is_asked_where_one_is_gone():
    async with ScriptedUpstream(fine) as service:
        async with upstream_of(f"http://127.0.0.1:{free_port()}", service.url) as (upstream, _):
            for _ in range(4):
                assert await body_of(await upstream.fetch(call(b"POST"))) == b"{}"
    assert len(service.asked) == 4


@pytest.mark.parametrize(("repeatable", "answered"), [(True, True), (False, False)])
async def test_a_kept_connection_that_dies_under_the_request(repeatable, answered):
    async def dies_at_the_second(asked: Asked, wire: Wire) -> None:
        if asked.connection == 1 and len(service.asked) == 2:
            wire.reset()
            return
        await wire.json(b"{}")

    async with ScriptedUpstream(dies_at_the_second) as service, upstream_of(service.url) as (upstream, _):
        await body_of(await upstream.fetch(call(b"POST", repeatable=repeatable)))
        if answered:
            await body_of(await upstream.fetch(call(b"POST", repeatable=repeatable)))
            assert len(service.asked) == 3
        else:
            with pytest.raises(UpstreamReset):
                await upstream.fetch(call(b"POST", repeatable=repeatable))
            assert len(service.asked) == 2


async def test_a_fresh_connection_that_dies_is_not_tried_again():
    async def dies(asked: Asked, wire: Wire) -> None:
        wire.close()

    async with ScriptedUpstream(dies) as service, upstream_of(service.url) as (upstream, _):
        with pytest.raises(UpstreamReset, match="without an answer"):
            await upstream.fetch(call(b"GET", repeatable=True))
    assert len(service.asked) == 1


async def test_silence_is_a_timeout_and_frees_the_connection():
    async def silent(asked: Asked, wire: Wire) -> None:
        await wire.reader.read(1)

    limits = {"timeouts": {"first_byte": "50ms"}}
    async with ScriptedUpstream(silent) as service, upstream_of(service.url, **limits) as (upstream, calls):
        with pytest.raises(UpstreamTimeout, match=r"no answer within 0\.05 s"):
            await upstream.fetch(call())
        assert upstream.pending == 0
        await service.until(lambda: service.open == 0)
    assert calls.ended == [("rag", "upstream-timeout")]


async def test_the_first_byte_limit_runs_from_the_last_byte_of_the_request():
    async def slow_body():
        for _ in range(5):
            await asyncio.sleep(0.05)
            yield b"x"

    limits = {"timeouts": {"first_byte": "150ms"}}
    async with ScriptedUpstream(fine) as service, upstream_of(service.url, **limits) as (upstream, _):
        sent = call(b"POST", rest=slow_body())
        sent.fields = lambda authority: ((b"Host", b"h"), (b"Content-Length", b"5"))
        assert await body_of(await upstream.fetch(sent)) == b"{}"


async def test_what_is_no_http_is_a_protocol_error():
    async def ssh(asked: Asked, wire: Wire) -> None:
        await wire.send(b"SSH-2.0-OpenSSH_9\r\n\r\n")

    async with ScriptedUpstream(ssh) as service, upstream_of(service.url) as (upstream, _):
        with pytest.raises(UpstreamProtocol, match="malformed status line"):
            await upstream.fetch(call())


async def test_connections_over_the_limit_queue():
    gate = asyncio.Event()

    async def gated(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await wire.json(b"{}")

    limits = {"pool": {"connections": 2}}
    async with ScriptedUpstream(gated) as service, upstream_of(service.url, **limits) as (upstream, _):

        async def one() -> bytes:
            return await body_of(await upstream.fetch(call()))

        asking = [asyncio.create_task(one()) for _ in range(6)]
        await service.until(lambda: len(service.asked) == 2)
        gate.set()
        assert await asyncio.gather(*asking) == [b"{}"] * 6
    assert service.connections == 2


async def test_cancelling_closes_the_connection():
    async def silent(asked: Asked, wire: Wire) -> None:
        await wire.reader.read(1)

    async with ScriptedUpstream(silent) as service, upstream_of(service.url) as (upstream, calls):
        task = asyncio.create_task(upstream.fetch(call()))
        await service.until(lambda: len(service.asked) == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await service.until(lambda: service.open == 0)
    assert calls.ended == [("rag", "abandoned")]


async def test_no_budget_no_second_try():
    limits = {"retries": {"burst": 0, "floor": 0, "share": 0}}
    gone = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
    async with upstream_of(*gone, **limits) as (upstream, calls):
        with pytest.raises(UpstreamUnreachable):
            await upstream.fetch(call())
        assert (upstream.state().retries, upstream.state().retries_refused) == (0, 1)
    assert len(calls.ended) == 1


async def test_where_nobody_is_left_to_try_the_first_failure_is_told():
    limits = {"breaker": {"failures": 1}}
    async with upstream_of(f"http://127.0.0.1:{free_port()}", **limits) as (upstream, calls):
        with pytest.raises(UpstreamUnreachable):
            await upstream.fetch(call())
        with pytest.raises(NoReplica):
            await upstream.fetch(call())
    assert len(calls.ended) == 1


async def test_a_kept_connection_that_dies_is_no_failure_of_its_replica():
    async def dies_when_reused(asked: Asked, wire: Wire) -> None:
        if sum(one.connection == asked.connection for one in service.asked) > 1:
            wire.reset()
            return
        await wire.json(b"{}")

    limits = {"breaker": {"failures": 1}}
    async with ScriptedUpstream(dies_when_reused) as service, upstream_of(service.url, **limits) as (upstream, _):
        for _ in range(5):
            assert await body_of(await upstream.fetch(call(repeatable=True))) == b"{}"
        assert upstream.state().replicas[0].breaker == "closed"


async def test_a_cancelled_probe_lets_the_next_call_try():
    async def silent(asked: Asked, wire: Wire) -> None:
        await wire.reader.read(1)

    limits = {"breaker": {"failures": 1, "open": "50ms"}, "timeouts": {"first_byte": "50ms"}}
    async with ScriptedUpstream(silent) as service, upstream_of(service.url, **limits) as (upstream, _):
        with pytest.raises(UpstreamTimeout):
            await upstream.fetch(call())
        await asyncio.sleep(0.06)
        probe = asyncio.create_task(upstream.fetch(call()))
        await service.until(lambda: len(service.asked) == 2)
        with pytest.raises(NoReplica):
            await upstream.fetch(call())
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)
        service.answer = fine
        assert await body_of(await upstream.fetch(call())) == b"{}"
        assert upstream.state().replicas[0].breaker == "closed"


async def test_a_client_that_is_too_slow_is_no_failure_of_the_replica():
    async def slow_body():
        while True:
            yield b"x"
            await asyncio.sleep(0.02)

    limits = {"breaker": {"failures": 1}, "timeouts": {"total": "100ms"}}
    async with ScriptedUpstream(fine) as service, upstream_of(service.url, **limits) as (upstream, calls):
        sent = call(b"POST", rest=slow_body(), chunked=True)
        sent.fields = lambda authority: ((b"Host", authority), (b"Transfer-Encoding", b"chunked"))
        with pytest.raises(UpstreamTimeout):
            await upstream.fetch(sent)
        assert upstream.state().replicas[0].breaker == "closed"
    assert calls.ended == [("rag", "upstream-timeout")]
