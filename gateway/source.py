"""Source: where a process's settings come from, and what its command line puts over them."""

import os
from dataclasses import dataclass
from pathlib import Path

from gateway.config import places, rules
from gateway.config.load import from_upstream, load
from gateway.model.errors import ConfigError
from gateway.model.settings import Settings

TOKEN = "RAGFRONT_TOKEN"  # the admin listener's, where there is no file to state it


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or else the URL of a service. None: not stated on the command line. Picklable: workers read it, too."""

    config: Path | None = None
    upstream: str | None = None
    listen: str | None = None
    admin: str | None = None
    workers: int | None = None

    def load(self) -> Settings:
        """The settings as they stand now. ConfigError with every problem."""
        if self.config is not None:
            return self._over(load(self.config, os.environ))
        admin = {"listen": self.admin, "token": os.environ.get(TOKEN)}
        return from_upstream(
            self.upstream or "",
            os.environ,
            listen=self.listen,
            admin={key: value for key, value in admin.items() if value} or None,
            workers=self.workers,
        )

    def _over(self, settings: Settings) -> Settings:
        """The file's settings under the command line's, which must go together as if all stood in the file."""
        changes: dict[str, object] = {"listen": self.listen, "workers": self.workers}
        if self.admin is not None:
            changes["admin"] = settings.admin.model_copy(update={"listen": self.admin})
        changes = {key: value for key, value in changes.items() if value is not None}
        if not changes:
            return settings
        settings = settings.model_copy(update=changes)
        source = places.Source(f"{self.config} and command line")
        wrong = [finding for finding in rules.check(settings, source) if not finding.warning]
        if wrong:
            raise ConfigError(source.tell_all(places.Problem(finding.path, finding.text) for finding in wrong))
        return settings
