"""Views: what one worker tells is read by another as it was."""

from gateway.listeners.admin.views import WorkerView
from gateway.listeners.admin.workers import view
from tests.support.gateway import RAG, running, settings


async def test_it_comes_through_json_unchanged() -> None:
    async with running(settings("http://127.0.0.1:1", RAG | {"bloom": {"seen_empty": {"mode": "observe"}}})) as gateway:
        told = view(gateway.worker._parts(), 3)
        assert WorkerView.model_validate_json(told.model_dump_json()) == told
        assert (told.worker, [u.name for u in told.upstreams], [f.kind for f in told.filters]) == (
            3, ["rag"], ["seen_empty"],
        )  # fmt: skip
