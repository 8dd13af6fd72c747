"""A real Prometheus over a real gateway: every query of dashboard and rules is answered with data.

The rules' own tests (what fires when) are in rules_test.yaml, for promtool.
"""

import math
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.deploy.conftest import path_of
from tests.support.eventful import all_happened, eventful
from tests.support.eventually import eventually
from tests.support.ports import free_port
from tests.support.promql import CONFIG, Query, of_dashboard, of_rules, rules

HERE = Path(__file__).parent


def test_the_configuration_and_the_rules_are_good() -> None:
    done = subprocess.run(
        [path_of("promtool"), "check", "config", str(CONFIG / "prometheus/prometheus.yml")],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_fire_when_they_should_and_only_then() -> None:
    done = subprocess.run(
        [path_of("promtool"), "test", "rules", str(HERE / "rules_test.yaml")],
        cwd=HERE, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_a_case_in_which_it_fires() -> None:
    fires = set(
        re.findall(r"alertname: (\w+)\n\s+exp_alerts:\n\s+- exp_labels", (HERE / "rules_test.yaml").read_text())
    )
    assert fires == {rule["alert"] for rule in rules("alert")}


class Prometheus:
    """A running one, and what it is asked."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session = session
        self._url = f"http://127.0.0.1:{port}/api/v1"

    async def get(self, path: str, **params: str) -> Any:
        async with self._session.get(f"{self._url}/{path}", params=params) as answer:
            told = await answer.json()
            assert told["status"] == "success", told
            return told["data"]

    async def query(self, text: str) -> list[float]:
        """The values of what it finds, without those that are none."""
        found = await self.get("query", query=text)
        values = [float(series["value"][1]) for series in found["result"]]
        return [value for value in values if not math.isnan(value)]


@contextmanager
def prometheus_process(folder: Path, target: int, port: int) -> Iterator[None]:
    """With our configuration and rules, but once a second, and with this one target."""
    shutil.copytree(CONFIG / "prometheus", folder / "etc")
    file = folder / "etc/prometheus.yml"
    file.write_text(file.read_text().replace("15s", "1s").replace("127.0.0.1:9090", f"127.0.0.1:{target}"))
    records = folder / "etc/rules/records.yaml"
    records.write_text(records.read_text().replace("interval: 30s", "interval: 1s"))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                path_of("prometheus"), f"--config.file={file}", f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


@asynccontextmanager
async def scraping(folder: Path, target: int) -> AsyncIterator[Prometheus]:
    port = free_port()
    with prometheus_process(folder, target, port):
        async with aiohttp.ClientSession() as session:

            async def ready() -> bool:
                try:
                    async with session.get(f"http://127.0.0.1:{port}/-/ready") as answer:
                        return answer.status == 200
                except aiohttp.ClientConnectorError:
                    return False

            await eventually(ready, 30)
            yield Prometheus(session, port)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("workers", [1, 2])
async def test_every_query_is_answered_with_data(workers: int, tmp_path: Path) -> None:
    async with eventful(tmp_path, workers) as run, scraping(tmp_path, run.gateway.admin) as prometheus:
        await run.happen(1)
        await all_happened(run)
        await scraped_twice(prometheus)
        await run.happen(2)
        missing = of_dashboard()

        async def all_answered() -> bool:
            missing[:] = [query for query in missing if not await prometheus.query(query.text)]
            return not missing

        try:
            await eventually(all_answered, 45)
        except AssertionError:
            pytest.fail("\n".join(f"{query.where}: {query.text}" for query in missing))
        await rules_are_well(prometheus)
        await selectors_find_something(prometheus, of_rules())


async def scraped_twice(prometheus: Prometheus) -> None:
    async def twice() -> bool:
        return bool(await prometheus.query("count_over_time(ragfront_warmed_total[1m]) > 1"))

    await eventually(twice, 20)


async def rules_are_well(prometheus: Prometheus) -> None:
    """All were worked out without an error; each record has made something."""
    groups = (await prometheus.get("rules"))["groups"]
    found = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
    assert set(found) == {rule.get("record") or rule["alert"] for rule in (*rules("record"), *rules("alert"))}
    assert set(found.values()) == {"ok"}
    for rule in rules("record"):
        assert await prometheus.query(rule["record"]), rule["record"]


async def selectors_find_something(prometheus: Prometheus, queries: list[Query]) -> None:
    """An alert that is quiet gives no data, but what it looks at does."""
    for query in queries:
        for name, labels in query.selectors:
            assert await prometheus.query(f"{name}{{{labels}}}"), f"{query.where}: {name}{{{labels}}}"
