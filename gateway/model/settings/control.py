"""Settings of the ledger: what all workers and replicas are told at once, and who has to have heard it."""

from pydantic import Field

from gateway.model.settings.base import Frozen
from gateway.model.units import Duration


class ControlSettings(Frozen):
    """Purges and overrides. They are kept in Redis where l2 is Redis, and otherwise on disk."""

    path: str = Field(
        default=".ragfront/control",
        description="a folder, where l2 is not Redis; who shares it shares purges and overrides, and is waited for; "
        "`off`: in memory only, for one worker without l2",
    )
    wait: Duration = Field(
        default=2.0, le=60, description="a purge waits so long for all workers; then it names those that are missing"
    )
    lost_after: Duration = Field(
        default=600.0, ge=10, description="a worker that was not heard of for so long does not count any more"
    )
    strict: bool = Field(
        default=False, description="true: serve nothing stored while the ledger has not been seen for 2 s"
    )
