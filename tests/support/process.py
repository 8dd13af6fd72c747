"""A gateway as its user starts it: a process of its own, from a YAML file."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.ports import free_port


class GatewayProcess:
    """`ragfront serve`, on free ports of 127.0.0.1."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, admin: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.admin = admin
        self.url = f"http://127.0.0.1:{port}"
        self.log = log

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def rss(self) -> int:
        """Resident memory in bytes, of this one process."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


CONFIG = """\
listen: 127.0.0.1:{port}
admin: {{listen: "127.0.0.1:{admin}"}}
workers: {workers}
upstreams: {{rag: "{upstream}"{upstreams}}}
l2: {l2}
control: {{path: "{folder}/control"{control}}}
routes:
  - name: rag
    match: {{method: POST, path: /rag}}
    key: {{body: [/query]}}
    cache: {{ttl: 10m}}
    lease: {{ttl: 1s}}
{routes}{route}
drain: 5s
{more}
"""


async def _ready(gateway: GatewayProcess, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if gateway.process.poll() is not None:
            raise AssertionError(f"exit code {gateway.process.returncode}: {gateway.log.read_text()}")
        try:
            for port in (gateway.port, gateway.admin):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
            return
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
    raise AssertionError(f"not ready: {gateway.log.read_text()}")


@asynccontextmanager
async def serving(
    folder: Path,
    upstream: str,
    l2: str,
    *,
    workers: int = 1,
    routes: str = "",
    route: str = "",
    more: str = "",
    control: str = "",
    upstreams: str = "",
    name: str = "gateway",
    program: tuple[str, ...] = ("gateway",),
) -> AsyncIterator[GatewayProcess]:
    """routes, more: lines of YAML; further routes, and further settings. control, upstreams: further settings of the
    ledger, further upstreams, inline. program: a module, and what it is told.
    """
    port, admin = free_port(), free_port()
    config, log = folder / f"{name}.yaml", folder / f"{name}.log"
    stated = {"upstream": upstream, "l2": l2, "workers": workers, "routes": routes, "route": route, "more": more}
    stated["upstreams"] = upstreams
    config.write_text(CONFIG.format(port=port, admin=admin, folder=folder, control=control, **stated))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *program, "serve", "--config", str(config)], stdout=output, stderr=output
        )
    gateway = GatewayProcess(process, port, admin, log)
    try:
        await _ready(gateway)
        yield gateway
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(process.wait, 15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
