"""What stands in front of ragfront: nginx is run for real; Envoy's file is read by the classes of its own API."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest
import yaml

from tests.deploy.conftest import path_of
from tests.support.eventually import eventually
from tests.support.ports import free_port
from tests.support.process import serving
from tests.support.upstream import Asked, ScriptedUpstream, Wire

DEPLOY = Path(__file__).parents[2] / "config/deploy"
MAIN = """\
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/ragfront.conf;
}}
"""


@contextmanager
def nginx(folder: Path, gateway: int) -> Iterator[int]:
    """Our file, with other ports; the port that it listens on."""
    port = free_port()
    text = (DEPLOY / "nginx/ragfront.conf").read_text()
    ours = text.replace("127.0.0.1:8080", f"127.0.0.1:{gateway}").replace("listen 80;", f"listen 127.0.0.1:{port};")
    assert ours.count(str(port)) == 1
    (folder / "ragfront.conf").write_text(ours)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
    command = [path_of("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=20, check=False)
    assert (tested.returncode, "warn" in tested.stderr) == (0, False), tested.stderr
    process = subprocess.Popen(command)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(20)


class Slow:
    """A stream whose second event waits for a word of ours; and a plain answer that tells what it was asked."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        if b"stream" not in asked.line:
            told = b",".join(asked.all(b"x-forwarded-for"))
            await wire.json(b'{"for": "%b"}' % told)
            return
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n")
        await self.go_on.wait()
        await wire.send(b"data: 2\n\n")
        wire.close()


@asynccontextmanager
async def fronted(folder: Path, service: Slow) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """A client, and the URL of the nginx before the gateway before the service."""
    more = "forwarding: {trusted: [127.0.0.1]}"
    async with ScriptedUpstream(service) as upstream, serving(folder, upstream.url, "off", more=more) as gateway:
        with nginx(folder, gateway.port) as port:
            async with aiohttp.ClientSession() as session:

                async def listens() -> bool:
                    try:
                        async with session.get(f"http://127.0.0.1:{port}/x"):
                            return True
                    except aiohttp.ClientConnectorError:
                        return False

                await eventually(listens, 20)
                yield session, f"http://127.0.0.1:{port}"


async def test_hits_come_through_nginx(tmp_path: Path) -> None:
    async with fronted(tmp_path, Slow()) as (session, url):
        for expected in ("fwd=uri-miss", "; hit;"):
            async with session.post(f"{url}/rag", json={"query": "a"}) as answer:
                assert expected in answer.headers["Cache-Status"]
                assert await answer.json() == {"for": "127.0.0.1, 127.0.0.1"}  # the client's, and nginx's


async def test_streams_come_through_nginx_event_by_event(tmp_path: Path) -> None:
    service = Slow()
    async with fronted(tmp_path, service) as (session, url):
        async with session.post(f"{url}/stream", json={"query": "a"}) as answer:
            async with asyncio.timeout(10):
                assert await answer.content.readuntil(b"\n\n") == b"data: 1\n\n"
                service.go_on.set()
                assert await answer.content.read() == b"data: 2\n\n"


def test_envoys_own_classes_understand_every_word_of_its_file() -> None:
    bootstrap = pytest.importorskip("envoy_data_plane.envoy.config.bootstrap.v3").Bootstrap
    for module in (
        "filters.network.http_connection_manager.v3", "filters.http.router.v3", "upstreams.http.v3",
    ):  # fmt: skip
        pytest.importorskip(f"envoy_data_plane.envoy.extensions.{module}")  # their types are known once imported
    stated = yaml.safe_load((DEPLOY / "envoy/envoy.yaml").read_text())
    read = bootstrap.from_dict(stated)
    (listener,) = read.static_resources.listeners
    manager = listener.filter_chains[0].filters[0].typed_config.unpack()
    route = manager.route_config.virtual_hosts[0].routes[0].route
    (cluster,) = read.static_resources.clusters
    assert route.cluster == cluster.name
    assert route.timeout is not None  # stated, as no limit: 15 s without
    assert cluster.health_checks[0].http_health_check.path == "/readyz"
    stated["static_resources"]["clusters"][0]["conect_timeout"] = "2s"
    with pytest.raises(KeyError, match="conect_timeout"):
        bootstrap.from_dict(stated)
