"""Affinity: what makes requests alike, so that the same replica is asked that has their prefix in its cache?"""

from typing import Any

import orjson

from gateway.model.settings.upstream import BalanceSettings
from gateway.policy.document import parse
from gateway.policy.pointer import Pointer


class Affinity:
    """One upstream's. wanted: calls need to be told apart."""

    def __init__(self, settings: BalanceSettings, replicas: int) -> None:
        self.wanted = settings.mode == "hash" and replicas > 1
        self._pointer = None if settings.pointer is None else Pointer(settings.pointer)
        self._prefix = settings.prefix

    def of(self, key: bytes | None, body: bytes) -> bytes | None:
        """What requests that should meet have alike. `key`: the cache key, where there is one. None: nothing.

        A body in which the pointer leads nowhere goes by its cache key.
        """
        if self._pointer is None:
            return key
        document = parse(body)
        found = self._pointer.find(document.value) if document.is_json else []
        return _bytes(found[0])[: self._prefix] if found else key


def _bytes(value: Any) -> bytes:
    """Text as it is; else as JSON, members in the sender's order: what a model's prompt is made of comes first."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return orjson.dumps(value, default=str)
