"""`ragfront` with a wall clock that a test can set: `jumping_gateway.py OFFSET ARGUMENT ...`. Run as a program.

OFFSET is a file that holds the seconds by which its clock is ahead (negative: behind). The monotonic clock goes on as
it does where an operator or NTP sets a clock.
"""

import sys
import time
from pathlib import Path

real, offset = time.time, Path(sys.argv.pop(1))
time.time = lambda: real() + float(offset.read_text())

from gateway.cli import main  # noqa: E402 (the clock comes first)

if __name__ == "__main__":
    main()
