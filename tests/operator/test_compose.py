"""The compose file: what the specification's models say, what fits together, and that it opens nothing to the world."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec.models import ComposeSpecification
from pydantic import ValidationError

from gateway.config.load import read
from tests.support.dockerfile import ours
from tests.support.promql import DASHBOARD

FOLDER = Path(__file__).parents[2] / "config/deploy/compose"
TEXT = (FOLDER / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
STATED = {name: value for name, value in COMPOSE.items() if not name.startswith("x-")}


def volumes() -> list[tuple[str, str, str]]:
    """Service, source, target."""
    return [
        (name, *volume.split(":")[:2]) for name, service in SERVICES.items() for volume in service.get("volumes", [])
    ]


def test_the_specification_has_nothing_to_say() -> None:
    ComposeSpecification.model_validate(STATED, extra="forbid")


def test_the_specification_would_have() -> None:
    for wrong in ({"services": {"a": {"imagge": "x"}}}, {"services": {"a": {"networks": 5}}}):
        with pytest.raises(ValidationError):
            ComposeSpecification.model_validate(STATED | wrong, extra="forbid")


def test_everything_of_the_issue_is_there() -> None:
    assert set(SERVICES) == {"rag", "token", "gateway", "redis", "prometheus", "grafana"}


def test_what_is_mounted_is_there() -> None:
    for name, source, _ in volumes():
        if source.startswith("."):
            assert (FOLDER / source).exists(), f"{name}: {source}"
        else:
            assert source in COMPOSE["volumes"], f"{name}: {source}"


def test_nobody_but_this_host_reaches_anything() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert COMPOSE["networks"]["inside"] == {"internal": True}


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_images_are_pinned_or_built_here() -> None:
    built = {service["image"]: service["build"] for service in SERVICES.values() if "build" in service}
    for service in SERVICES.values():
        assert "build" in service or ":" in service["image"]  # or an engine would ask a registry for it
    for build in built.values():
        assert build["target"] in ours()
        assert (FOLDER / build["context"] / "Dockerfile").is_file()


def test_the_gateways_file_is_good_and_is_what_the_others_expect() -> None:
    loaded = read(FOLDER / "gateway.yaml", {"RAGFRONT_TOKEN": "s3cret"})
    assert loaded.warnings == ()
    settings = loaded.settings
    hosts = [url.split("//")[1].partition(":")[0] for up in settings.upstreams.values() for url in up.urls]
    assert set(hosts) <= set(SERVICES)
    assert settings.l2 is not None
    assert settings.l2.redis is not None
    assert settings.l2.redis.url.split("//")[1].partition(":")[0] in SERVICES
    assert settings.admin.listen == SERVICES["gateway"]["environment"]["RAGFRONT_ADMIN_LISTEN"]


def test_prometheus_asks_the_gateway_with_its_token() -> None:
    (job,) = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["gateway:9090"]}]
    token = job["authorization"]["credentials_file"]
    assert token == SERVICES["gateway"]["environment"]["RAGFRONT_TOKEN_FILE"]
    folders = {target for name, source, target in volumes() if source == "token"}
    assert folders == {str(Path(token).parent)}


def test_the_token_can_be_read_by_users_of_other_images() -> None:
    """A new volume takes over owner and mode of the image's folder; Prometheus is somebody else."""
    (made,) = [text for name, text in ours()["runtime"].steps if name == "RUN"]
    assert "-m 0755 /run/ragfront" in made


def test_grafana_finds_its_data_and_its_dashboard() -> None:
    (source,) = yaml.safe_load((FOLDER / "grafana-datasource.yaml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert source["type"] == DASHBOARD["templating"]["list"][0]["query"]
    (provider,) = yaml.safe_load((FOLDER / "grafana-dashboards.yaml").read_text())["providers"]
    targets = [target for name, _, target in volumes() if name == "grafana"]
    assert f"{provider['options']['path']}/ragfront.json" in targets


def test_each_installation_makes_a_token_of_its_own_once(tmp_path: Path) -> None:
    program, _, code = SERVICES["token"]["entrypoint"]
    assert program == "python"
    code = code.replace("/run/ragfront", str(tmp_path))
    tokens = []
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], check=True, timeout=20)
        tokens.append((tmp_path / "token").read_text())
    assert tokens[0] == tokens[1]
    assert len(tokens[0]) == 48
    assert "token: " not in TEXT.replace("token: {condition", "")
