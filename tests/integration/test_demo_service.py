"""The example service as a process of its own: real clients, saturation, clients that leave, signals."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import openai
import pytest

QUESTION = "How does the with statement work?"


@contextmanager
def demo(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, ready, and its base URL. It is killed at the end where it still runs."""
    command = [sys.executable, "-m", "gateway.demo", "--listen", "127.0.0.1:0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("demo RAG service ready on http://127.0.0.1:"), process.communicate()
        yield process, line.split()[5].rstrip(":")
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with demo("--slots", "2", "--retrieval", "0", "--first-token", "100ms", "--per-token", "0") as (_, base):
        yield base


@pytest.fixture(scope="module")
def endless() -> Iterator[str]:
    """One slot, and a generation that does not end by itself."""
    with demo("--slots", "1", "--retrieval", "0", "--first-token", "1h") as (_, base):
        yield base


def health(base: str) -> dict[str, Any]:
    return dict(httpx.get(f"{base}/health").json())


def wait_for(base: str, **expected: int) -> None:
    deadline = time.monotonic() + 10
    while not expected.items() <= health(base).items():
        assert time.monotonic() < deadline, (expected, health(base))
        time.sleep(0.01)


def test_openai_sdk_without_and_with_streaming(url: str) -> None:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        messages: Any = [{"role": "user", "content": QUESTION}]
        whole = client.chat.completions.create(model="ragfront-demo", messages=messages)
        assert whole.usage is not None
        stream = client.chat.completions.create(
            model="ragfront-demo", messages=messages, stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
        said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert said == whole.choices[0].message.content
        assert said.startswith("The `with` statement")
        assert chunks[-1].usage == whole.usage
        assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["stop"]


def test_openai_sdk_embeddings_models_and_errors(url: str) -> None:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        packed = client.embeddings.create(model="e", input=["a list", "a tuple"])
        plain = client.embeddings.create(model="e", input=["a list", "a tuple"], encoding_format="float")
        assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding)
        assert len(plain.data) == 2
        assert next(model.id for model in client.models.list()) == "ragfront-demo"
        with pytest.raises(openai.BadRequestError, match="messages"):
            client.chat.completions.create(model="m", messages=[])


def test_curl_asks_and_is_answered(url: str) -> None:
    body = f'{{"query": "{QUESTION}"}}'
    shown = subprocess.run(["curl", "-sS", f"{url}/rag", "-d", body], capture_output=True, text=True, check=True)
    assert '"generated_answer":"The `with` statement' in shown.stdout


def test_more_clients_than_slots_wait_their_turn(url: str) -> None:
    def ask(_: int) -> int:
        return httpx.post(f"{url}/rag", json={"query": QUESTION}, timeout=30).status_code

    started = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(ask, range(10))) == {200}
    assert time.monotonic() - started >= 5 * 0.1  # ten answers of 100 ms on two slots


def test_documents_come_while_all_slots_are_taken(endless: str) -> None:
    with leaving(endless, b""):
        wait_for(endless, generating=1)
        answer = httpx.post(f"{endless}/retrieve", json={"query": QUESTION}, timeout=5)
        assert len(answer.json()["retrieved_docs"]) == 3
        assert httpx.post(f"{endless}/rag", json={"query": "zxqv blorp"}, timeout=5).status_code == 200
    wait_for(endless, generating=0, waiting=0)


@contextmanager
def leaving(base: str, members: bytes, path: bytes = b"/rag") -> Iterator[socket.socket]:
    """A connection with a request on it, which is closed at the end without reading the answer."""
    host, _, port = base.removeprefix("http://").rpartition(":")
    body = b'{"query": "%s", "model": "m", "messages": [{"role": "user", "content": "%s"}]%s}' % (
        QUESTION.encode(), QUESTION.encode(), members,
    )  # fmt: skip
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST %s HTTP/1.1\r\nHost: demo\r\nContent-Length: %d\r\n\r\n%s" % (path, len(body), body))
        yield connection


@pytest.mark.parametrize(
    ("path", "members"),
    [
        (b"/rag", b""),
        (b"/v1/chat/completions", b""),
        (b"/v1/chat/completions", b', "stream": true'),
    ],
)
def test_a_client_that_leaves_frees_its_slot_and_its_place_in_the_queue(
    endless: str, path: bytes, members: bytes
) -> None:
    with leaving(endless, members, path):
        wait_for(endless, generating=1, waiting=0)
        with leaving(endless, members, path):
            wait_for(endless, generating=1, waiting=1)
        wait_for(endless, generating=1, waiting=0)
    wait_for(endless, generating=0, waiting=0)


def test_sigterm_stops_it_cleanly_though_an_answer_would_take_hours() -> None:
    with demo("--slots", "1", "--first-token", "1h") as (process, base), leaving(base, b""):
        wait_for(base, generating=1)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")


def test_sigint_stops_it_cleanly_though_a_connection_is_kept_alive() -> None:
    with demo() as (process, base), httpx.Client(base_url=base) as client:
        client.get("/health")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")


def test_an_answer_that_is_nearly_done_is_finished_on_stop() -> None:
    with demo("--first-token", "500ms", "--per-token", "0") as (process, base):
        answers: list[httpx.Response] = []
        asking = threading.Thread(target=lambda: answers.append(httpx.post(f"{base}/rag", json={"query": QUESTION})))
        asking.start()
        wait_for(base, generating=1)
        process.send_signal(signal.SIGTERM)
        asking.join(10)
        assert [answer.status_code for answer in answers] == [200]
        assert process.wait(10) == 0


def test_the_gateway_is_not_needed_to_run_it() -> None:
    listed = (
        "import sys, gateway.demo.serve; print(*sorted(m for m in sys.modules if m.startswith('gateway.')"
        " and not m.startswith('gateway.demo')))"
    )
    shown = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["gateway.model", "gateway.model.units"]


async def test_many_clients_at_once_that_all_leave_cost_nothing_afterwards(endless: str) -> None:
    async with httpx.AsyncClient() as client:
        tasks = [asyncio.create_task(client.post(f"{endless}/rag", json={"query": QUESTION})) for _ in range(50)]
        await asyncio.to_thread(wait_for, endless, generating=1, waiting=49)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.to_thread(wait_for, endless, generating=0, waiting=0)
