"""Settings of how it is found out whether stored answers are still right."""

from pydantic import Field

from gateway.model.settings.base import Frozen, Pointers
from gateway.model.settings.warm import Pace
from gateway.model.units import Share, ShareField


class DriftSettings(Frozen):
    """Some hits are asked again aside, and what the upstream says now is compared with what was served."""

    sample: ShareField = Field(
        default=Share(),
        description="of hits; in shadow mode, unless this is 0, every hit that there would have been; 0: off",
    )
    rate: Pace = Field(
        default="1/s",
        description="calls of the upstream, as 1/s or 30/m (s, m, h), by all workers together; free turns only",
    )
    at_once: int = Field(default=2, ge=1, le=64, description="of one worker: calls under way")
    similarity: ShareField = Field(
        default=Share(0.5),
        description="texts that share fewer of their runs of three words differ; one put anew shares next to none",
    )
    ignore: Pointers = Field(
        default=(),
        description="members that differ from call to call; where `shape` names neither answer nor documents",
    )
    accept: ShareField = Field(
        default=Share(0.01), description="of hits that may differ, for the ttl that is suggested"
    )
