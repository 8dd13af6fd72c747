"""The admin API is as its OpenAPI document says: asked with what fits the document, and with what does not."""

import asyncio
import traceback
from pathlib import Path

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.support.process import serving

EXAMPLES = 10
"""For each endpoint and mode; each is one request over a socket."""

ONCE = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
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


@schemathesis.serializer("application/x-ndjson")
def lines(context: schemathesis.SerializationContext, value: object) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else orjson.dumps(value, default=str)


def ask_everything(url: str, mode: GenerationMode) -> tuple[set[str], dict[str, str]]:
    """Which endpoints were asked, and what is not as described at those that fail."""
    asked, wrong = set(), {}
    for result in schemathesis.openapi.from_url(f"{url}/admin/openapi.json").get_all_operations():
        operation = result.ok()
        name = operation.definition.raw["operationId"]
        asked.add(name)
        try:
            ask(operation, mode, name)
        except Unsatisfiable:  # nothing could be sent that does not fit: it takes no parameters
            asked.discard(name)
        except Exception as exc:
            wrong[name] = "".join(traceback.format_exception_only(exc))
    return asked, wrong


def ask(operation: schemathesis.APIOperation, mode: GenerationMode, name: str) -> None:
    wanted = list(ALWAYS)
    if mode is GenerationMode.NEGATIVE:
        wanted.append(checks.negative_data_rejection)
    elif name in OPEN:
        wanted.append(checks.positive_data_acceptance)

    @ONCE
    @given(case=operation.as_strategy(generation_mode=mode))
    def once(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=wanted, timeout=60)

    once()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
async def test_the_api_is_as_described(mode: GenerationMode, tmp_path: Path) -> None:
    async with serving(tmp_path, "http://127.0.0.1:1", f"{{disk: {{path: {tmp_path}/l2}}}}") as gateway:
        asked, wrong = await asyncio.to_thread(ask_everything, f"http://127.0.0.1:{gateway.admin}", mode)
        assert wrong == {}
        assert asked >= OPEN or mode is GenerationMode.NEGATIVE
        assert "Traceback" not in gateway.log.read_text()
