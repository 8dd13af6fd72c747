"""Standard error: how the process tells an operator what it does, one line each."""

import logging
import time

from aiohttp.http_exceptions import HttpProcessingError


def _is_ours(record: logging.LogRecord) -> bool:
    """Not what a client of the admin listener wrote wrongly: it is told so, and a traceback would hold its bytes."""
    return record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError)


class _Lines(logging.Formatter):
    """`2026-01-31T12:00:00Z warning ragfront.redis: it is down`; a traceback stays, since only a bug has one."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def format(self, record: logging.LogRecord) -> str:
        record = logging.makeLogRecord(record.__dict__)
        record.levelname = record.levelname.lower()
        return super().format(record)


def configure(level: str) -> None:
    """Send everything from `level` ("debug", "info", "warning", "error") on to standard error, and only there."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines())
    handler.addFilter(_is_ours)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # These tell of each connection or request, which the metrics do better.
    logging.getLogger("asyncio").setLevel(max(logging.WARNING, logging.root.level))
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
