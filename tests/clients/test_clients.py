"""Real servers and clients through the gateway, twice each: a miss, then a hit with an equal answer.

Not collected with the other tests: `make test-clients` makes the venv that they need.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from gateway.config.presets import unasked
from tests.support.ports import free_port
from tests.support.process import serving

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PYTHON = ROOT / ".venv-clients/bin/python"
SERVICES = {
    "langserve": [str(PYTHON), str(HERE / "services/langserve_app.py"), "{port}"],
    "hayhooks": [
        str(PYTHON.parent / "hayhooks"), "run", "--host", "127.0.0.1", "--port", "{port}",
        "--pipelines-dir", str(HERE / "services/pipelines"), "--without-tracing", "--without-monitoring",
    ],
    "openai-like": [str(PYTHON), str(HERE / "services/openai_like.py"), "{port}"],
}  # fmt: skip


@contextmanager
def service(name: str, folder: Path) -> Iterator[str]:
    """A service as a process of its own -> its URL."""
    port = free_port()
    log = folder / f"{name}.log"
    command = [part.format(port=port) for part in SERVICES[name]]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
    try:
        end = time.monotonic() + 60
        while not _listens(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@asynccontextmanager
async def gateway(folder: Path, upstream: str, *presets: str) -> AsyncIterator[tuple[str, Path]]:
    """The gateway before a service -> its URL and its access log."""
    access = folder / "access.log"
    routes = "".join(f"  - preset: {name}\n" for name in presets)
    more = f"log: {{access: {access}}}\n"
    async with serving(folder, upstream, "off", routes=routes, more=more) as process:
        yield process.url, access


async def ask(what: str, url: str) -> str:
    command = ["node", str(HERE / "ask.mjs")] if what.startswith("node_") else [str(PYTHON), str(HERE / "ask.py")]
    env = os.environ | {"NO_PROXY": "127.0.0.1"}
    done = await asyncio.to_thread(
        subprocess.run, [*command, what, url], capture_output=True, text=True, timeout=50, check=False, env=env
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


QUESTIONS = [
    ("openai-like", "openai-chat", "openai_chat"),
    ("openai-like", "openai-chat", "openai_chat_stream"),
    ("openai-like", "openai-embeddings", "openai_embeddings"),
    ("openai-like", "openai-responses", "openai_responses"),
    ("openai-like", "openai-responses", "openai_responses_stream"),
    ("openai-like", "openai-chat", "node_chat"),
    ("openai-like", "openai-chat", "node_chat_stream"),
    ("openai-like", "ollama", "ollama_chat"),
    ("openai-like", "ollama", "ollama_chat_stream"),
    ("langserve", "langserve", "langserve_invoke"),
    ("langserve", "langserve", "langserve_stream"),
    ("hayhooks", "hayhooks", "hayhooks_run"),
    ("hayhooks", "hayhooks", "openai_chat"),
    ("hayhooks", "hayhooks", "openai_chat_stream"),
]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("services")
    with service("langserve", folder) as langserve, service("hayhooks", folder) as hayhooks:
        with service("openai-like", folder) as openai_like:
            yield {"langserve": langserve, "hayhooks": hayhooks, "openai-like": openai_like}


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("server", "preset", "what"), QUESTIONS, ids=lambda value: value)
async def test_asked_twice_answered_once(
    server: str, preset: str, what: str, services: dict[str, str], tmp_path: Path
) -> None:
    if what.startswith("node_") and not (shutil.which("node") and (HERE / "node_modules/openai").is_dir()):
        pytest.skip("no Node, or its openai is not installed: make test-clients")
    async with gateway(tmp_path, services[server], preset) as (url, access):
        first = await ask(what, url)
        second = await ask(what, url)
        assert first
        assert second == first
    outcomes = [line.split('"outcome":"')[1].split('"')[0] for line in access.read_text().splitlines()]
    assert outcomes == ["miss", "hit"]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("what", ["langserve_invoke", "langserve_stream"])
async def test_it_is_known_without_a_file_too(what: str, services: dict[str, str], tmp_path: Path) -> None:
    known = [name for name in unasked() if name != "rag"]  # the process has a route of that name
    async with gateway(tmp_path, services["langserve"], *known) as (url, _):
        assert await ask(what, url) == await ask(what, url)
