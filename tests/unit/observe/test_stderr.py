"""Standard error: lines an operator can read."""

import subprocess
import sys

SPEAK = """
import logging
from gateway.observe import stderr
stderr.configure("debug")
stderr.configure("info")
logging.getLogger("ragfront.redis").info("it is %s", "back")
logging.getLogger("ragfront.redis").debug("a detail")
logging.getLogger("asyncio").info("a selector")
from aiohttp.http_exceptions import LineTooLong
try:
    raise LineTooLong(b"Bearer s3cret")
except LineTooLong:  # as aiohttp tells of what cannot be read
    logging.getLogger("aiohttp.server").exception("Error handling request")
"""


def test_one_line_each_from_the_level_on() -> None:
    done = subprocess.run([sys.executable, "-c", SPEAK], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    time, rest = line.split(" ", 1)
    assert rest == "info ragfront.redis: it is back"
    assert len(time) == len("2026-01-31T12:00:00Z")
    assert time.endswith("Z")
