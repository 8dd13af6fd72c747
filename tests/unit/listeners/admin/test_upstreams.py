"""/admin/upstreams: state as answered; drains that the ledger keeps."""

from gateway.listeners.admin.upstreams import operations, together
from gateway.listeners.admin.views import Replica, Turns, UpstreamView
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


def seen(breaker: str = "closed", *, healthy: bool = True, drained: bool = False, pending: int = 1) -> UpstreamView:
    replica = Replica(
        name="a:1", url="http://a:1", pending=pending, healthy=healthy, ejected=False, drained=drained,
        breaker=breaker, ejections=2,
    )  # fmt: skip
    turns = Turns(limit=2, in_flight=1, queued=0, shed=3)
    return UpstreamView(name="rag", replicas=[replica], retries=1, retries_refused=0, concurrency=turns)


def test_what_is_wrong_for_one_worker_is_told() -> None:
    (told,) = together({0: [seen()], 1: [seen("open", healthy=False)], 3: [seen("half-open")]})
    (replica,) = told.replicas
    assert (replica.breaker, replica.healthy, replica.pending, replica.ejections) == ("open", False, 3, 6)
    assert [(one.worker, one.breaker) for one in replica.workers] == [(0, "closed"), (1, "open"), (3, "half-open")]
    assert (told.retries, told.concurrency) == (3, Turns(limit=6, in_flight=3, queued=0, shed=9))


def test_where_all_see_it_alike_nobody_is_named() -> None:
    (told,) = together({0: [seen(pending=1)], 1: [seen(pending=4)]})
    assert (told.replicas[0].pending, told.replicas[0].workers) == (5, [])


def test_a_worker_that_has_not_reloaded_yet_does_not_matter() -> None:
    (told,) = together({0: [seen()], 1: []})
    assert told.replicas[0].pending == 1
