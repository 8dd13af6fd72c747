"""Settings of what stands between clients and upstream calls that are not worth making."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gateway.model.settings.base import Frozen, PointerOrSegment, Pointers
from gateway.model.units import Duration, Share, ShareField

Rate = Annotated[str, StringConstraints(pattern=r"^(off|[1-9][0-9]{0,5}/[smh])$")]
Payer = Annotated[str, StringConstraints(pattern=r"^(peer|credential|header [!#$%&'*+.^_`|~0-9A-Za-z-]+)$")]
GuardMode = Literal["enforce", "observe", "off"]


class KnownSettings(Frozen):
    """All ids that there are: a request that names another has no answer."""

    mode: GuardMode = Field(default="observe", description="enforce rejects; observe only counts")
    file: str = Field(description="made by `ragfront bloom build --known`; followed when it is replaced")
    at: PointerOrSegment = Field(description="where the id stands: a JSON Pointer, or `{kb_id}` of match.path")


class VocabularySettings(Frozen):
    """All terms of the corpus: a query that shares none of them cannot retrieve anything."""

    mode: GuardMode = Field(default="observe", description="enforce rejects; observe only counts")
    file: str = Field(description="made by `ragfront bloom build --vocabulary`; followed when it is replaced")
    pointers: Pointers = Field(default=(), description="the query's text, in the request's body; none: shape.query")


class SeenEmptySettings(Frozen):
    """Questions whose answer was empty lately: remembered longer, and in less room, than null markers."""

    mode: GuardMode = Field(default="observe", description="enforce rejects; observe only counts")
    capacity: int = Field(
        default=100_000,
        ge=1_000,
        le=10_000_000,
        description="questions remembered by one worker, in all generations together, 4 bytes each",
    )
    generations: int = Field(default=4, ge=2, le=16, description="the oldest is forgotten when the newest is full")
    rotate: Duration = Field(
        default=900.0, ge=1, le=604_800, description="a new generation begins after this, too, full or not"
    )


class BloomSettings(Frozen):
    """Filters that know what cannot be found, so that it is not asked for. Several can be combined."""

    sample: ShareField = Field(
        default=Share(0.001), description="of what is to be rejected, let through to see whether there is something"
    )
    known: KnownSettings | None = Field(default=None, description="the ids that there are")
    vocabulary: VocabularySettings | None = Field(default=None, description="the terms that there are")
    seen_empty: SeenEmptySettings | None = Field(default=None, description="questions that came back empty")


class BudgetSettings(Frozen):
    """How many answers one client may have made for it. Only calls of the upstream count."""

    rate: Rate = Field(default="off", description="calls of the upstream per client, as 30/m (s, m, h); off: no limit")
    burst: int = Field(default=20, ge=1, le=100_000, description="calls that one who has been quiet may make at once")
    client: Payer = Field(
        default="peer",
        description="who is one client: peer (its address behind trusted proxies), credential, or header NAME",
    )
