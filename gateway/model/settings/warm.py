"""Settings of what is made ready before anybody asks."""

from typing import Annotated

from pydantic import Field, StringConstraints

from gateway.model.settings.base import Frozen

Pace = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}/[smh]$")]


class WarmSettings(Frozen):
    """The questions asked most are asked again where their answers are gone: after a start, and after a purge."""

    top: int = Field(
        default=0, ge=0, le=1000, description="so many questions; none that bear credentials are remembered; 0: off"
    )
    rate: Pace = Field(
        default="5/s",
        description="calls of the upstream, as 5/s or 30/m (s, m, h), by all workers together; free turns only",
    )
