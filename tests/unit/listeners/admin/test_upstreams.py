"""/admin/upstreams: state as answered; drains that the ledger keeps."""

from gateway.listeners.admin.upstreams import operations
from tests.support.gateway import RAG, running, settings


async def test_states_name_every_replica_and_its_turns() -> None:
    configured = settings("http://127.0.0.1:1", RAG)
    rag = configured.upstreams["rag"].model_copy(
        update={
            "urls": ("http://127.0.0.1:1", "http://127.0.0.1:2"),
            "concurrency": configured.upstreams["rag"].concurrency.model_copy(update={"mode": "fixed", "limit": 3}),
        }
    )
    configured = configured.model_copy(update={"upstreams": {"rag": rag}})
    async with running(configured) as gateway:
        all_of_them = next(op for op in operations(gateway.worker._parts()) if op.path == "/admin/upstreams")
        told = (await all_of_them.work(None)).model_dump()  # type: ignore[arg-type,union-attr]
        (state,) = told["upstreams"]
        assert [replica["name"] for replica in state["replicas"]] == ["127.0.0.1:1", "127.0.0.1:2"]
        assert state["concurrency"] == {"limit": 3, "in_flight": 0, "queued": 0, "shed": 0}


async def test_a_drain_outlives_a_reload() -> None:
    async with running(settings("http://127.0.0.1:1", RAG)) as gateway:
        worker = gateway.worker
        await worker._drain("rag", "127.0.0.1:1", True, "ann")
        assert worker._upstreams["rag"].drained == {"127.0.0.1:1"}
        worker.reload()
        assert worker._upstreams["rag"].drained == {"127.0.0.1:1"}
        await worker._drain("rag", "127.0.0.1:1", False, "ann")
        assert worker._upstreams["rag"].drained == frozenset()
