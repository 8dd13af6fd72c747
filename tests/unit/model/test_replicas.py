"""States of replicas are values: two of the same are equal, and none changes."""

from dataclasses import FrozenInstanceError

import pytest

from gateway.model.replicas import ReplicaState, UpstreamState


def test_states_are_values() -> None:
    def made() -> UpstreamState:
        return UpstreamState("rag", (ReplicaState("a", "http://a", 1, True, False, False, "closed", 0),), 2, 3)

    assert made() == made()
    with pytest.raises(FrozenInstanceError):
        made().retries = 4  # type: ignore[misc]
