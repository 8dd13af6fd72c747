"""Jobs: for whom a refusal is none."""

import pytest

from gateway.model.outcome import Reason
from gateway.pipeline import calls
from gateway.pipeline.job import Job
from tests.support.pipeline import rigged
from tests.support.upstream import Asked, ScriptedUpstream, Wire

ROUTE = {"name": "rag", "budget": {"rate": "1/m", "client": "header X-Client"}}


async def never(asked: Asked, wire: Wire) -> None:
    raise AssertionError


@pytest.mark.parametrize(
    ("reason", "wanted", "of", "expected"),
    [
        (Reason.BUDGET, True, (b"X-Client", b"other"), True),
        (Reason.BUDGET, True, (b"X-Client", b"same"), False),
        (Reason.BUDGET, False, (b"X-Client", b"same"), True),
        (Reason.CONCURRENCY, True, (b"X-Class", b"high"), True),
        (Reason.CONCURRENCY, True, (b"X-Class", b"normal"), False),
        (Reason.CONCURRENCY, True, (b"X-Class", b"low"), False),
    ],
)
async def test_a_spent_budget_is_one_clients_and_a_full_queue_a_classs(reason, wanted, of, expected):
    concurrency = {"mode": "fixed", "priority_header": "x-class"}
    async with ScriptedUpstream(never) as service, rigged(service.url, ROUTE, concurrency=concurrency) as rig:

        def job(*fields: tuple[bytes, bytes]) -> Job:
            x = rig.exchange(b"/rag", b"{}", *fields)
            rule = rig.pipeline.plan.match(x.request, None)
            assert rule is not None
            return Job(rule, x.request, calls.for_fill(rig.pipeline.plan, x, rule.upstream), b"key", b"key")

        refused = job((b"X-Client", b"same"), (b"X-Class", b"normal"))
        refused.wanted = wanted
        goes_on = refused.unlike(reason)
        assert goes_on(job(of)) is expected
        assert not goes_on(None)
