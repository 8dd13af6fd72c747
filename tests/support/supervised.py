"""A supervisor over stand-in workers. Run as a process: `supervised.py FILE`, a configuration."""

import os
import sys
from pathlib import Path

from gateway import supervisor, worker
from gateway.source import Source

STAND_IN = (sys.executable, "-P", str(Path(__file__).with_name("stand_in_worker.py")))


def main() -> int:
    worker.KILL_AFTER = float(os.environ.get("KILL_AFTER", worker.KILL_AFTER))
    source = Source(Path(sys.argv[1]))
    return supervisor.run(source.load(), source, STAND_IN)


if __name__ == "__main__":
    sys.exit(main())
