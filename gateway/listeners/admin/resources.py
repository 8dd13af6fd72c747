"""Resources: the endpoints of the API, put together."""

from gateway.listeners.admin import (
    bloom,
    entries,
    explain,
    fleet,
    purge,
    reload,
    routes,
    stats,
    upstreams,
    warming,
    workers,
)
from gateway.listeners.admin.operation import Operation
from gateway.listeners.admin.parts import Parts


def operations(parts: Parts) -> list[Operation]:
    """All endpoints, in the order in which they are described."""
    each = (routes, purge, fleet, stats, explain, entries, warming, bloom, upstreams, workers, reload)
    return [operation for resource in each for operation in resource.operations(parts)]
