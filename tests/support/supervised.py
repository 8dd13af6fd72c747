"""A supervisor over stand-in workers. Run as a process: `supervised.py LISTEN WORKERS SETTINGS-FILE`.

The settings file holds the drain time in seconds; anything else in it is a mistake in the configuration.
"""

import os
import sys
from functools import partial
from pathlib import Path

from gateway import supervisor, worker
from gateway.model.errors import ConfigError
from gateway.model.settings import AdminSettings, Settings, UpstreamSettings

STAND_IN = (sys.executable, "-P", str(Path(__file__).with_name("stand_in_worker.py")))


def load(listen: str, workers: int, file: Path) -> Settings:
    try:
        drain = float(file.read_text())
    except ValueError:
        raise ConfigError([f"{file.name}:1: drain: expected a duration such as 30s"]) from None
    return Settings(
        listen=listen,
        workers=workers,
        drain=drain,
        admin=AdminSettings(listen="off"),
        upstreams={"rag": UpstreamSettings(urls=("http://127.0.0.1:1",))},
    )


def main() -> int:
    worker.KILL_AFTER = float(os.environ.get("KILL_AFTER", worker.KILL_AFTER))
    source = partial(load, sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
    return supervisor.run(source(), source, int(sys.argv[2]), STAND_IN)


if __name__ == "__main__":
    from tests.support import supervised  # what workers unpickle must not be in __main__

    sys.exit(supervised.main())
