"""Parts: what the API's endpoints look at and change. Put together by the app."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.cache.inspect import Inspector
from gateway.cache.shared import TierStats
from gateway.control.control import Control
from gateway.guard.bloom import Filters
from gateway.guard.sharing import Sharing
from gateway.listeners.admin.views import WorkerView
from gateway.model.settings.file import Settings
from gateway.observe.metrics import Metrics
from gateway.pipeline.handle import Pipeline
from gateway.pipeline.top import Top
from gateway.pipeline.uploaded import Jobs
from gateway.upstream.fetch import Upstream


@dataclass(slots=True)
class Parts:
    """One worker's.

    settings: as they are in force. stated: as in the file when it was last read. load: as they stand there now;
    ConfigError. reload: have all workers take them. drain: a replica out of use, or back, by upstream and name, in all
    workers, for whom; StoreUnavailable. fixed: names of settings that need a restart. wall: Unix seconds. memory: the
    first tier. views: what all workers have told lately, this one first.
    """

    metrics: Metrics
    pipeline: Pipeline
    inspector: Inspector
    filters: Filters
    sharing: Sharing
    top: Top
    jobs: Jobs
    control: Control
    settings: Callable[[], Settings]
    stated: Callable[[], Settings]
    upstreams: Callable[[], dict[str, Upstream]]
    load: Callable[[], Settings]
    reload: Callable[[], None]
    drain: Callable[[str, str, bool, str], Awaitable[None]]
    fixed: tuple[str, ...]
    wall: Callable[[], float]
    memory: Callable[[], TierStats]
    views: Callable[[], list[WorkerView]]
    workers: int = 1
