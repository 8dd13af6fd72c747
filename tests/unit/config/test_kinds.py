"""What the settings' types say at a path."""

from gateway.config import kinds
from gateway.model.settings.base import Condition
from gateway.model.settings.file import Settings
from gateway.model.settings.route import CacheSettings
from gateway.model.settings.tiers import L2Settings
from gateway.model.settings.upstream import UpstreamSettings


def test_fields_go_by_the_names_in_the_file() -> None:
    assert list(kinds.fields(Condition)) == ["pointer", "is", "is_not", "in", "exists", "matches"]


def test_bare_drops_none_and_annotations() -> None:
    assert kinds.bare(L2Settings | None) is L2Settings
    assert kinds.bare(Settings.model_fields["drain"].annotation) is float


def test_models_are_found_through_lists_mappings_and_options() -> None:
    assert kinds.model_at(Settings, ()) is Settings
    assert kinds.model_at(Settings, ("l2",)) is L2Settings
    assert kinds.model_at(Settings, ("upstreams", "rag")) is UpstreamSettings
    assert kinds.model_at(Settings, ("routes", 0, "cache")) is CacheSettings
    assert kinds.model_at(Settings, ("routes", 0, "empty", "when", 3)) is Condition
    assert kinds.model_at(Settings, ("routes", 0, "cache", "ttl")) is None
    assert kinds.model_at(Settings, ("nowhere", 0)) is None


def test_fields_are_found_through_lists_and_unions() -> None:
    info = kinds.field_at(Settings, ("routes", 0, "key", "body", 0))
    assert info is not None
    assert info.description == "the whole JSON, or these members only"
    assert kinds.field_at(Settings, ("nowhere",)) is None
