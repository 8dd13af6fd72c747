"""What goes over a socket is the same with the hit lane on and off: these tests run both ways."""

import pytest

from tests.support import gateway

BOTH_WAYS = {"test_cached", "test_transparent", "test_limits", "test_real_clients", "test_lifecycle"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.module.__name__.rpartition(".")[2] in BOTH_WAYS:
        metafunc.fixturenames.append("hit_lane")
        metafunc.parametrize("hit_lane", [True, False], ids=["lane", "no-lane"], indirect=True)


@pytest.fixture
def hit_lane(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(gateway, "LANE", {"memo": request.param})
    return bool(request.param)
