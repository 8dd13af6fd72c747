"""What goes over a socket is the same with the hit lane on, with its last step only, and off: run all three ways."""

import pytest

from tests.support import gateway

EACH_WAY = {
    "test_ahead", "test_batches", "test_bloom", "test_cache_status", "test_cached", "test_degrade", "test_disk_hits",
    "test_lifecycle", "test_limits", "test_real_clients", "test_shadow", "test_streams", "test_surrogate_keys",
    "test_transparent",
}  # fmt: skip

WAYS = {
    "lane": {"memo": True, "parse": True},
    "parse": {"memo": False, "parse": True},
    "no-lane": {"memo": False, "parse": False},
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.module.__name__.rpartition(".")[2] in EACH_WAY:
        metafunc.fixturenames.append("hit_lane")
        metafunc.parametrize("hit_lane", WAYS, indirect=True)


@pytest.fixture
def hit_lane(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "LANE", WAYS[request.param])
