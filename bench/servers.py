"""The servers that are measured: the same answers behind each, caching set up as its own documentation advises."""

import os
import pwd
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.harness import LOAD_CORE, SERVER_CORE, WORK, Server, free_port, need, running

BODY = '{"query": "How does the with statement work?", "top_k": 3}'
LANE_OFF = "hit_lane: {memo: false, parse: false}"


def question(number: int) -> bytes:
    """The request body of one question out of many: as lua/keys.lua asks it."""
    return b'{"query": "question %09d", "top_k": 3}' % number


@contextmanager
def upstream(size: int = 1400) -> Iterator[Server]:
    """The service behind them: one fixed JSON answer of about `size` bytes, on the load generator's core."""
    port = free_port()
    command = [sys.executable, "-m", "bench.answering", str(port), str(size)]
    with running("upstream", command, port, core=LOAD_CORE) as server:
        yield server


@contextmanager
def service(size: int = 1400, delay: float = 0.0, *, event: int = 5, exact: bool = False) -> Iterator[Server]:
    """An upstream that takes `delay` seconds for an answer, streams where it is asked to, and counts its calls.

    event: bytes of text in each of a stream's events. exact: to the microsecond.
    """
    port = free_port()
    command = [sys.executable, "-m", "bench.service", str(port), str(size), str(delay), str(event), *["exact"] * exact]
    with running("service", command, port, core=LOAD_CORE) as server:
        yield server


@contextmanager
def redis() -> Iterator[str]:
    """A Redis that keeps nothing on disk, on the load generator's core; its URL."""
    need("redis-server")
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with running("redis-server", command, port, core=LOAD_CORE):
        yield f"redis://127.0.0.1:{port}/0"


def disk(name: str) -> str:
    """The setting `l2` for a disk tier that is empty at first."""
    folder = (WORK / "disk" / name).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    return f"{{disk: {{path: {folder}}}}}"


@contextmanager
def floor(size: int = 1400) -> Iterator[Server]:
    """The least that a Python server under uvloop can do: answer whatever comes with fixed bytes."""
    port = free_port()
    with running(
        "bare uvloop protocol", [sys.executable, "-m", "bench.answering", str(port), str(size)], port
    ) as server:
        yield server


@contextmanager
def ragfront(
    upstream_url: str,
    name: str = "ragfront",
    *,
    workers: int = 1,
    l2: str = "off",
    cache: str = "ttl: 1h",
    more: str = "",
    routes: str = "",
    upstream_settings: str = "",
    admin: str = "off",
    control: str = "",
    core: int | str = SERVER_CORE,
) -> Iterator[Server]:
    """ragfront with one cached POST route, one cached GET route, and everything else passed through.

    l2, cache: those settings. more: further lines of the configuration. routes: lines instead of those two routes.
    upstream_settings: further ones, such as "pool: {connections: 64}". admin: where its API listens. control: the
    ledger's folder, if others are to share it. core: where it runs.
    """
    WORK.mkdir(exist_ok=True)
    port = free_port()
    slug = re.sub("[^a-z0-9]+", "-", name.lower())
    config = WORK / f"{slug}.yaml"
    upstream = ", ".join(filter(None, [f"urls: {upstream_url}", upstream_settings]))
    routes = routes or (
        f"  - {{name: ask, match: {{method: POST, path: /rag}}, cache: {{{cache}}}}}\n"
        f"  - {{name: get, match: {{method: GET, path: /doc}}, cache: {{{cache}}}}}\n"
    )
    config.write_text(
        f"listen: 127.0.0.1:{port}\nadmin: {{listen: '{admin}'}}\nworkers: {workers}\nl2: {l2}\n"
        f"control: {{path: {control or f'{WORK}/{slug}-control'}}}\n"
        f"upstreams: {{rag: {{{upstream}}}}}\n{more}\nroutes:\n{routes}"
    )
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(config)]
    with running(name, command, port, core=core) as server:
        yield server


NGINX = """
worker_processes 1; daemon off; pid {work}/nginx.pid; error_log {work}/nginx-error.log warn; user {user};
events {{ worker_connections 4096; multi_accept on; }}
http {{
  access_log off; keepalive_requests 1000000000; tcp_nodelay on; sendfile on;
  client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/f; uwsgi_temp_path {work}/u;
  scgi_temp_path {work}/s; client_body_buffer_size 1m; client_max_body_size 8m;
  proxy_cache_path {work}/cache levels=1:2 keys_zone=rag:64m max_size=1g inactive=1h use_temp_path=off;
  open_file_cache max=10000 inactive=1h; open_file_cache_valid 1h; open_file_cache_min_uses 1;
  upstream rag {{ server {upstream}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://rag; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
    location ~ ^/(rag|doc) {{
      proxy_pass http://rag; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_cache rag; proxy_cache_methods GET HEAD POST; proxy_cache_valid 200 1h; proxy_cache_lock on;
      proxy_cache_key "$request_method$request_uri$http_authorization$request_body";
      add_header X-Cache $upstream_cache_status;
    }}
  }}
}}
"""


@contextmanager
def nginx(upstream_url: str, template: str = NGINX) -> Iterator[Server]:
    """nginx with proxy_cache keyed by the request body, one worker. template: other settings, in `NGINX`'s form."""
    need("nginx")
    work = WORK / "nginx"
    shutil.rmtree(work, ignore_errors=True)  # its cache outlives it, and would answer for another upstream
    work.mkdir(parents=True)
    port = free_port()
    config = work / "nginx.conf"
    user = pwd.getpwuid(os.getuid()).pw_name
    config.write_text(
        template.format(work=work.absolute(), port=port, upstream=upstream_url.removeprefix("http://"), user=user)
    )
    with running(
        "nginx proxy_cache", ["nginx", "-c", str(config.absolute()), "-p", str(work.absolute())], port
    ) as server:
        yield server


VCL = """
vcl 4.1;
import std;
import bodyaccess;
backend default {{ .host = "127.0.0.1"; .port = "{port}"; }}
sub vcl_recv {{
  if (req.method == "POST") {{
    unset req.http.X-Body-Len;
    std.cache_req_body(1MB);
    set req.http.X-Body-Len = bodyaccess.len_req_body();
  }}
  return (hash);
}}
sub vcl_hash {{
  hash_data(req.method);
  hash_data(req.http.Authorization);
  if (req.http.X-Body-Len) {{ bodyaccess.hash_req_body(); }}
}}
sub vcl_backend_fetch {{ if (bereq.http.X-Body-Len) {{ set bereq.method = "POST"; }} }}
sub vcl_backend_response {{ set beresp.ttl = 1h; }}
"""


@contextmanager
def varnish(upstream_url: str, template: str = VCL, parameters: Sequence[str] = ()) -> Iterator[Server]:
    """Varnish with a hash over the request body. template: another VCL, in `VCL`'s form. parameters: of varnishd."""
    need("varnishd")
    work = (WORK / "varnish").absolute()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    port = free_port()
    vcl = work / "default.vcl"
    vcl.write_text(template.format(port=upstream_url.rpartition(":")[2]))
    command = ["varnishd", "-F", "-a", f"127.0.0.1:{port}", "-f", str(vcl), "-n", str(work / "n"), "-s", "malloc,256m",
               "-p", "thread_pools=1", "-T", "none", *parameters]  # fmt: skip
    with running("Varnish, body hash", command, port) as server:
        yield server


@contextmanager
def aiohttp_proxy(upstream_url: str) -> Iterator[Server]:
    """The plainest proxy that one writes with aiohttp: server, client session, no cache."""
    port = free_port()
    command = [sys.executable, "-m", "bench.plain_proxy", str(port), upstream_url]
    with running("plain aiohttp proxy", command, port) as server:
        yield server


__all__ = [
    "BODY", "LANE_OFF", "aiohttp_proxy", "disk", "floor", "nginx", "question", "ragfront", "redis", "service",
    "upstream", "varnish",
]  # fmt: skip
