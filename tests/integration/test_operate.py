"""The commands of an operator, as typed, in front of a running gateway."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.admin import administered
from tests.support.gateway import RAG, Running, field, once, post
from tests.support.upstream import Asked, ScriptedUpstream, Wire

TOKEN = "s3cret"


async def answer(asked: Asked, wire: Wire) -> None:
    await wire.json(b'{"answer": 1, "docs": [{"id": "42"}]}')


class Commands:
    """url: of the admin listener."""

    def __init__(self, gateway: Running, url: str) -> None:
        self.gateway = gateway
        self.url = url.removesuffix("/admin")

    async def run(self, *typed: str, token: str = TOKEN, stdin: str = "") -> tuple[int, str, str]:
        """Exit code, output, errors."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("RAGFRONT_")}
        env |= {"RAGFRONT_ADMIN": self.url, "RAGFRONT_ADMIN_TOKEN": token, "COLUMNS": "200"}
        command = [sys.executable, "-m", "gateway", *typed]
        done = await asyncio.to_thread(
            subprocess.run, command, env=env, input=stdin, capture_output=True, text=True, timeout=50
        )
        assert "Traceback" not in done.stderr
        assert TOKEN not in done.stdout + done.stderr
        return done.returncode, done.stdout, done.stderr

    async def ask(self, text: str) -> bytes:
        body = json.dumps({"query": text}).encode()
        head, _ = await once(self.gateway.port, post(b"/rag", body, b"Connection: close"))
        return field(head, b"cache-status") or b""


@pytest.fixture
async def commands() -> AsyncIterator[Commands]:
    async with ScriptedUpstream(answer) as upstream:
        route = RAG | {"tags": ["doc:{/docs/*/id}"]}
        async with administered(upstream.url, route, admin={"token": TOKEN}) as (gateway, admin):
            yield Commands(gateway, admin.url)


CURL = "curl -X POST http://gw/rag -H 'Content-Type: application/json' -d '{\"query\": \"a\"}'"


async def test_explain_and_purge(commands: Commands) -> None:
    await commands.ask("a")
    code, out, _ = await commands.run("explain", CURL)
    assert (code, out.split()[:2]) == (0, ["outcome", "hit"])
    code, out, _ = await commands.run("explain", "-", "--json", stdin='{"path": "/rag", "body": {"query": "b"}}')
    assert (code, json.loads(out)["outcome"]) == (0, "miss")
    code, out, _ = await commands.run("purge", "--tag", "doc:*", "--dry-run")
    assert (code, out.splitlines()[2].split()) == (0, ["in", "all", "1"])
    assert b"; hit" in await commands.ask("a")
    code, out, err = await commands.run("purge", "--tag", "doc:42")
    assert (code, out.startswith("purged as of version "), err) == (0, True, "")
    assert b"fwd=uri-miss" in await commands.ask("a")
    code, out, _ = await commands.run("purge", "--request", CURL, "--expire")
    assert (code, out.startswith("expired")) == (0, True)
    assert b"; hit; ttl=-" in await commands.ask("a")


async def test_policy(commands: Commands) -> None:
    code, out, _ = await commands.run("policy", "set", "rag", "cache.mode=off", "--for", "10m", "--reason", "incident")
    assert (code, out.splitlines()[1]) == (0, "  cache.mode: off (file: on)")
    assert b"mode-off" in await commands.ask("a")
    code, out, _ = await commands.run("policy", "show")
    assert (code, "for a while" in out) == (0, True)
    code, out, _ = await commands.run("policy", "revert", "rag")
    assert (code, out) == (0, "rag: mode on, ttl 10m, to rag\n")
    code, _, err = await commands.run("policy", "set", "rag", "cache.tll=1m")
    assert (code, err.splitlines()[1]) == (1, "ragfront: /cache/tll: unknown key; did you mean ttl?")
    assert (await commands.run("policy", "show", "nobody"))[0] == 1


async def test_warm_stats_and_top(commands: Commands, tmp_path: Path) -> None:
    file = tmp_path / "questions"
    file.write_text("\n".join(json.dumps({"path": "/rag", "host": "gw", "body": {"query": q}}) for q in "xyz"))
    code, out, _ = await commands.run("warm", str(file), "--rate", "1000/s")
    assert (code, out) == (0, "3 stored, 0 present, 0 failed, 0 shed, 0 not asked\n")
    assert b"; hit" in await commands.ask("x")
    code, out, _ = await commands.run("stats")
    assert (code, "rag" in out, "memory" in out) == (0, True, True)
    code, out, _ = await commands.run("top", "--interval", "0.2", "--count", "1")
    assert (code, "requests/s" in out, "well" in out) == (0, True, True)


async def test_what_goes_wrong_is_a_line_and_a_code(commands: Commands) -> None:
    assert (await commands.run("stats", token="guess"))[::2] == (
        1,
        "ragfront: a token is needed, or another one: --token-file FILE, or RAGFRONT_ADMIN_TOKEN\n",
    )
    assert (await commands.run("purge"))[0] == 2
    assert (await commands.run("explain", "nonsense"))[0] == 2
    code, _, err = await commands.run("stats", "--admin", "http://127.0.0.1:1")
    assert (code, err.startswith("ragfront: no answer from http://127.0.0.1:1: ")) == (3, True)
    assert (await commands.run("stats", "--admin", commands.gateway.url))[0] in (1, 3)
