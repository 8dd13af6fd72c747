"""Parts: what the API works on is what serves clients."""

from tests.support.gateway import RAG, running, settings


async def test_the_api_looks_at_what_is_in_force_now() -> None:
    async with running(settings("http://127.0.0.1:1", RAG)) as gateway:
        parts = gateway.worker._parts()
        assert parts.settings() is parts.stated()
        await parts.control.override("rag", {"cache": {"ttl": "7s"}}, None, "", "ann")
        assert parts.settings().routes[0].cache.ttl == 7.0
        assert parts.stated().routes[0].cache.ttl == 600.0
        assert parts.pipeline.plan.settings is parts.settings()
        assert list(parts.upstreams()) == ["rag"]
