"""Rules over the ledger's settings."""

import os
from collections.abc import Iterator

from gateway.config.findings import Finding
from gateway.config.places import Path, Source
from gateway.model.settings.control import ControlSettings
from gateway.model.settings.file import Settings

OFF = "off"


def check_control(settings: Settings, source: Source) -> Iterator[Finding]:
    """Findings about where the ledger is kept, and who waits for whom."""
    stated, path = settings.control, ("control", "path")
    redis = settings.l2 is not None and settings.l2.redis is not None
    if redis:
        if source.wrote(path) and stated.path != ControlSettings().path:
            yield Finding(path, "no effect: the ledger is kept in Redis, as l2 is", warning=True, also=(("l2",),))
    elif stated.path == OFF:
        if settings.workers != 1:
            yield Finding(path, "several workers need a folder to hear of purges by", also=(("workers",),))
        elif settings.l2 is not None:
            text = "the answers on disk outlive a ledger in memory: expected a folder, or l2: off"
            yield Finding(path, text, also=(("l2",),))
    elif os.path.exists(stated.path) and not os.path.isdir(stated.path):
        yield Finding(path, "expected a folder; this is a file")
    at: Path = ("control", "wait")
    if stated.wait > stated.lost_after:
        text = "longer than lost_after: whoever is waited for is given up before"
        yield Finding(at, text, warning=True, also=(("control", "lost_after"),))
