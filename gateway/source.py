"""Source: where a process's settings come from, and what its command line puts over them."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.config.environment import Unset, look_up
from gateway.config.load import from_upstream, load
from gateway.config.places import COMMAND_LINE
from gateway.cores import cores
from gateway.model.errors import ConfigError
from gateway.model.settings.file import Settings

TOKEN = "RAGFRONT_TOKEN"  # the admin listener's, where there is no file to state it


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or else the URL of a service. None: not stated on the command line. Workers get it as JSON.

    presets: the routes where there is no file; none named: all that need no asking for.
    """

    config: Path | None = None
    upstream: str | None = None
    listen: str | None = None
    admin: str | None = None
    workers: int | None = None
    l2: str | None = None
    presets: tuple[str, ...] = ()

    def load(self) -> Settings:
        """The settings as they stand now, checked together with the command line's. ConfigError with every problem."""
        if self.config is not None:
            settings = load(self.config, os.environ, self._stated(None))
        else:
            settings = from_upstream(self.upstream or "", os.environ, self.presets, **self._stated(_token()))
        return settings if settings.workers else settings.model_copy(update={"workers": cores()})

    def _stated(self, token: str | None) -> dict[str, Any]:
        """As it would stand in a file."""
        admin = {"listen": self.admin, "token": token}
        stated = {
            "listen": self.listen,
            "workers": self.workers,
            "l2": self.l2,
            "admin": {key: value for key, value in admin.items() if value is not None} or None,
        }
        return {key: value for key, value in stated.items() if value is not None}


def _token() -> str | None:
    try:
        return look_up(TOKEN, os.environ) or None
    except Unset as exc:
        raise ConfigError([f"{COMMAND_LINE}: admin.token: {exc}"]) from None
