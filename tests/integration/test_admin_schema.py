"""The admin API is as its OpenAPI document says: asked with what fits the document, and with what does not."""

import asyncio
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.support.process import serving

EXAMPLES = 15
"""For each endpoint and mode; each is one request over a socket."""

ALWAYS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
# Of these, all that fits the document is done. The others know names, files and rules over several members.
OPEN = {
    "get_routes", "get_overrides", "get_fleet", "get_stats", "get_entries_top", "get_bloom", "get_upstreams",
    "get_config", "get_warm", "get_audit",
}  # fmt: skip


def ask_everything(url: str, mode: GenerationMode) -> set[str]:
    """Which endpoints were asked; the first that is not as described is a failure."""
    asked = set()
    for result in schemathesis.openapi.from_url(f"{url}/admin/openapi.json").get_all_operations():
        operation = result.ok()
        name = operation.definition.raw["operationId"]
        wanted = list(ALWAYS)
        if mode is GenerationMode.NEGATIVE:
            wanted.append(checks.negative_data_rejection)
        elif name in OPEN:
            wanted.append(checks.positive_data_acceptance)

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case, wanted: list = wanted, name: str = name) -> None:
            asked.add(name)
            case.call_and_validate(checks=wanted, timeout=10)

        try:
            ask()
        except schemathesis.core.errors.SchemathesisError as exc:
            raise AssertionError(name) from exc
    return asked


@pytest.mark.timeout(240)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
async def test_the_api_is_as_described(mode: GenerationMode, tmp_path: Path) -> None:
    async with serving(tmp_path, "http://127.0.0.1:1", str(tmp_path / "l2")) as gateway:
        asked = await asyncio.to_thread(ask_everything, f"http://127.0.0.1:{gateway.admin}", mode)
        assert asked >= OPEN or mode is GenerationMode.NEGATIVE
        assert "Traceback" not in gateway.log.read_text()
