"""Invalidation over sockets: what an unsafe request makes void (RFC 9111 section 4.4)."""

import asyncio
from typing import Any

import pytest

from tests.support.gateway import Client
from tests.support.http_front import front
from tests.support.origin import ask, held, said
from tests.support.upstream import Asked, Wire

MINUTE = "Cache-Control: max-age=60"
READS: dict[str, Any] = {"match": {"method": ["GET", "HEAD"], "path": "/*"}}


def resource(done: bytes) -> Any:
    """GET brings what may be stored, anything else `done`."""

    async def script(asked: Asked, wire: Wire) -> None:
        await wire.send(said("200 OK", MINUTE) if asked.line.startswith(b"GET") else done)

    return script


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PURGE", "X-UNKNOWN"])
@pytest.mark.parametrize("route", [{}, READS], ids=["on-the-route", "beside-the-route"])
async def test_9111_4_4_the_target_of_what_succeeded(method: str, route: dict[str, Any]):
    async with front(route=route) as at:
        at.origin.answers("*", resource(said("201 Created")))
        for target in ("/a", "/a?q", "/b"):
            await at.get(target)
        await at.get("/a", method=method)
        hits = [(await at.get(target)).hit for target in ("/a", "/a?q", "/b")]
    assert hits == [False, True, True]


@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "303 See Other"])
async def test_9111_4_4_what_counts_as_success(status: str):
    async with front() as at:
        at.origin.answers("*", resource(said(status, body=None if status.startswith("204") else b"")))
        await at.get()
        await at.get(method="DELETE")
        assert not (await at.get()).hit


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "412 Precondition Failed", "500 No"])
async def test_9111_4_4_what_failed_makes_nothing_void(status: str):
    async with front() as at:
        at.origin.answers("*", resource(said(status)))
        await at.get()
        await at.get(method="PUT", body=b"x")
        assert (await at.get()).hit


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "REPORT"])
async def test_9110_9_2_1_safe_methods_make_nothing_void(method: str):
    async with front() as at:
        at.origin.answers("*", resource(said("200 OK")))
        await at.get()
        await at.get(method=method)
        assert (await at.get()).hit


NAMED = [
    pytest.param("/b", True, id="9111-4.4-relative"),
    pytest.param("http://gw/b", True, id="9111-4.4-absolute"),
    pytest.param("http://GW:80/b#part", True, id="9111-4.4-in-another-spelling"),
    pytest.param("http://other/b", False, id="9111-4.4-of-another-host"),
    pytest.param("https://gw/b", False, id="9111-4.4-of-another-scheme"),
    pytest.param("http://gw:81/b", False, id="9111-4.4-of-another-port"),
    pytest.param("/c", False, id="9111-4.4-another-path"),
]


@pytest.mark.parametrize("field", ["Location", "Content-Location"])
@pytest.mark.parametrize(("uri", "void"), NAMED)
async def test_what_an_answer_names(field: str, uri: str, void: bool):
    async with front() as at:
        at.origin.answers("*", resource(said("201 Created", f"{field}: {uri}")))
        await at.get("/b")
        await at.get("/a", method="POST", body=b"x")
        assert (await at.get("/b")).hit is not void


async def test_9111_4_4_all_variants_are_void():
    async with front() as at:

        async def script(asked: Asked, wire: Wire) -> None:
            await wire.send(said("200 OK", MINUTE, "Vary: Accept"))

        at.origin.answers("*", script)
        for name in ("a/a", "b/b"):
            await at.get("/a", f"Accept: {name}")
        await at.get("/a", method="DELETE")
        assert [(await at.get("/a", f"Accept: {name}")).hit for name in ("a/a", "b/b")] == [False, False]


async def test_9111_4_4_a_call_that_was_under_way_does_not_bring_the_old_answer_back():
    gate = asyncio.Event()
    async with front() as at, Client(at.gateway.port) as writer:
        at.origin.answers(
            "/a",
            held(gate, said("200 OK", MINUTE, body=b"old")),
            said("204 No Content", body=None),
            said("200 OK", MINUTE, body=b"new"),
        )
        reading = asyncio.create_task(at.get())
        await at.origin.until(lambda: len(at.origin.asked) == 1)
        assert (await ask(writer, "POST", "/a", body=b"x")).status == 204
        assert (await ask(writer, "GET", "/a")).body == b"new"  # nor does anybody wait for it
        gate.set()
        assert (await reading).body == b"old"
        assert (await at.get()).body == b"new"
