"""What stands in config/deploy/compose, without an engine: its files, its token, its commands, by real programs.

Names of services become ports of this host; all else is as it stands there.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from tests.deploy.conftest import path_of
from tests.support.eventually import eventually
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from tests.support.upstream import Asked, ScriptedUpstream, Wire

FOLDER = Path(__file__).parents[2] / "config/deploy/compose"
SERVICES: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]


def placed(text: str, places: dict[str, str]) -> str:
    for name, place in places.items():
        text = text.replace(name, place)
    return text


@contextmanager
def started(*command: str, folder: Path, **env: str) -> Iterator[None]:
    """A program, until the end; it then ends as asked."""
    log = folder / f"{Path(command[0]).name}-{len(list(folder.iterdir()))}.log"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RAGFRONT_")}
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=clean | env, cwd=folder)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()


async def answer(asked: Asked, wire: Wire) -> None:
    await wire.json(b'{"response": {"generated_answer": "x", "retrieved_docs": [{"id": 1}]}}')


@pytest.mark.timeout(120)
async def test_the_gateway_caches_in_redis_and_prometheus_gets_in_with_the_token(tmp_path: Path) -> None:
    _, _, make_token = SERVICES["token"]["entrypoint"]
    subprocess.run([sys.executable, "-c", make_token.replace("/run/ragfront", str(tmp_path))], check=True, timeout=20)
    listen, admin, scraper = free_port(), free_port(), free_port()
    options = tuple(" ".join(pair) for pair in redis_options())
    async with ScriptedUpstream(answer) as service, aiohttp.ClientSession() as session:
        redis = RedisServer(tmp_path, options).start()
        places = {
            "http://rag:8000": service.url,
            "redis:6379": f"127.0.0.1:{redis.port}",
            "gateway:9090": f"127.0.0.1:{admin}",
            "0.0.0.0:9090": f"127.0.0.1:{admin}",
            "/run/ragfront": str(tmp_path),
        }
        for name in ("gateway.yaml", "prometheus.yml"):
            (tmp_path / name).write_text(placed((FOLDER / name).read_text(), places))
        (tmp_path / "rules").symlink_to((FOLDER / "../../prometheus/rules").resolve())
        env = SERVICES["gateway"]["environment"] | {"RAGFRONT_CONFIG": str(tmp_path / "gateway.yaml")}
        env = {name: placed(value, places) for name, value in env.items()} | {"RAGFRONT_LISTEN": f"127.0.0.1:{listen}"}
        prometheus = [
            path_of("prometheus"), f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address=127.0.0.1:{scraper}",
        ]  # fmt: skip
        try:
            with (
                started(sys.executable, "-m", "gateway", "serve", "--workers", "2", folder=tmp_path, **env),
                started(*prometheus, folder=tmp_path),
            ):
                await eventually(lambda: answers(session, f"http://127.0.0.1:{admin}/readyz"), 30)
                statuses = [await ask(session, listen) for _ in range(2)]
                assert "stored" in statuses[0]
                assert "; hit; " in statuses[1]
                assert not await answers(session, f"http://127.0.0.1:{admin}/metrics")  # 401: who shows no token
                url = f"http://127.0.0.1:{scraper}/api/v1/query?query=sum(ragfront_workers)"
                await eventually(lambda: found(session, url, "2"), 40)
            with redis.client() as client:
                assert list(client.scan_iter("ragfront:*"))
        finally:
            redis.kill()


def redis_options() -> Iterator[tuple[str, str]]:
    """Those of its command line, as lines of a configuration."""
    words = SERVICES["redis"]["command"][1:]
    for name, value in zip(words[::2], words[1::2], strict=True):
        if name not in ("--save", "--appendonly"):  # so it is in tests, too
            yield name.removeprefix("--"), value


async def answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientConnectorError:
        return False


async def ask(session: aiohttp.ClientSession, port: int) -> str:
    async with session.post(f"http://127.0.0.1:{port}/rag", json={"query": "a"}) as answer:
        await answer.read()
        return answer.headers["Cache-Status"]


async def found(session: aiohttp.ClientSession, url: str, value: str) -> bool:
    if not await answers(session, url):
        return False
    async with session.get(url) as answer:
        result = (await answer.json())["data"]["result"]
        return [series["value"][1] for series in result] == [value]
