"""The Kubernetes manifests: what Kubernetes' own schemas say, what fits together, and the gateway's files in them."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from gateway import __version__
from gateway.config.load import Loaded, parse
from gateway.model.errors import ConfigError
from gateway.worker import KILL_AFTER

FOLDER = Path(__file__).parents[2] / "config/deploy/kubernetes"
FILES = ("gateway.yaml", "sidecar.yaml")
ENV = {"RAGFRONT_TOKEN": "s3cret", "REDIS_PASSWORD": "s3cret"}
Manifest = dict[str, Any]


def manifests(file: str) -> list[Manifest]:
    return [one for one in yaml.safe_load_all((FOLDER / file).read_text()) if one]


def of(file: str, kind: str) -> Manifest:
    return next(one for one in manifests(file) if one["kind"] == kind)


def pod(file: str) -> Manifest:
    spec: Manifest = of(file, "Deployment")["spec"]["template"]["spec"]
    return spec


def containers(file: str) -> list[Manifest]:
    return [*pod(file).get("initContainers", []), *pod(file)["containers"]]


def ragfront(file: str) -> Manifest:
    return next(one for one in containers(file) if one["name"] == "ragfront")


def configured(file: str, env: dict[str, str]) -> Loaded:
    return parse(of(file, "ConfigMap")["data"]["gateway.yaml"], "gateway.yaml", env)


@pytest.mark.parametrize("version", ["1.29", "1.33", "1.37"])
@pytest.mark.parametrize("file", FILES)
def test_the_schemas_have_nothing_to_say(file: str, version: str) -> None:
    for manifest in manifests(file):
        kubernetes_validate.validate(manifest, version, strict=True)


def test_the_schemas_would_have() -> None:
    manifest = of("gateway.yaml", "Deployment")
    manifest["spec"]["replicass"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, "1.37", strict=True)


def test_all_that_a_shared_gateway_needs_is_there() -> None:
    kinds = [manifest["kind"] for manifest in manifests("gateway.yaml")]
    assert kinds == [
        "Secret", "ConfigMap", "Service", "Service", "Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget",
        "NetworkPolicy",
    ]  # fmt: skip


@pytest.mark.parametrize("file", FILES)
def test_the_gateways_file_is_good_and_without_doubts(file: str) -> None:
    loaded = configured(file, ENV)
    assert loaded.warnings == ()
    ports = {port["name"]: port["containerPort"] for port in ragfront(file)["ports"]}
    assert loaded.settings.admin.listen == f"0.0.0.0:{ports['admin']}"
    assert loaded.settings.listen == f"0.0.0.0:{ports.get('http') or ports['cached']}"


@pytest.mark.parametrize("file", FILES)
def test_without_a_token_it_does_not_start(file: str) -> None:
    assert of(file, "Secret")["stringData"]["token"] == ""
    with pytest.raises(ConfigError, match="token"):
        configured(file, ENV | {"RAGFRONT_TOKEN": ""})


@pytest.mark.parametrize("file", FILES)
def test_there_is_time_to_drain(file: str) -> None:
    pause = int(ragfront(file)["lifecycle"]["preStop"]["exec"]["command"][-1])
    drain = configured(file, ENV).settings.drain
    assert pod(file)["terminationGracePeriodSeconds"] > pause + drain + KILL_AFTER


@pytest.mark.parametrize("file", FILES)
def test_memory_is_enough_for_what_workers_may_hold(file: str) -> None:
    settings = configured(file, ENV).settings
    limit = ragfront(file)["resources"]["limits"]["memory"]
    bytes_ = int(limit[:-2]) * {"Mi": 1 << 20, "Gi": 1 << 30}[limit[-2:]]
    assert bytes_ >= settings.workers * (settings.l1.max_bytes + (100 << 20))


@pytest.mark.parametrize("file", FILES)
def test_nothing_runs_with_more_rights_than_it_needs(file: str) -> None:
    for container in containers(file):
        held = pod(file).get("securityContext", {}) | container["securityContext"]
        assert held["runAsNonRoot"] is True
        assert held["readOnlyRootFilesystem"] is True
        assert held["allowPrivilegeEscalation"] is False
        assert held["capabilities"] == {"drop": ["ALL"]}
        assert held["seccompProfile"] == {"type": "RuntimeDefault"}
        assert {"requests", "limits"} <= set(container["resources"])


@pytest.mark.parametrize("file", FILES)
def test_names_lead_to_what_is_there(file: str) -> None:
    labels = of(file, "Deployment")["spec"]["template"]["metadata"]["labels"]
    ports = {port["name"] for container in containers(file) for port in container.get("ports", [])}
    for manifest in manifests(file):
        spec = manifest.get("spec", {})
        if manifest["kind"] == "Service":
            assert spec["selector"].items() <= labels.items()
            assert {port["targetPort"] for port in spec["ports"]} <= ports
        for at in ("selector", "podSelector"):
            if "matchLabels" in spec.get(at, {}):
                assert spec[at]["matchLabels"].items() <= labels.items()
    probed = {ragfront(file)[f"{kind}Probe"]["httpGet"]["port"] for kind in ("startup", "readiness", "liveness")}
    assert probed == {"admin"}
    named = {
        manifest["metadata"]["name"] for manifest in manifests(file) if manifest["kind"] in ("Secret", "ConfigMap")
    }
    assert {env["valueFrom"]["secretKeyRef"]["name"] for env in ragfront(file)["env"]} <= named
    mounted = {mount["name"] for container in containers(file) for mount in container.get("volumeMounts", [])}
    assert mounted == {volume["name"] for volume in pod(file)["volumes"]}


@pytest.mark.parametrize("file", FILES)
def test_images_are_of_this_version(file: str) -> None:
    assert {container["image"].partition(":")[2] for container in containers(file)} == {__version__}


def test_the_policy_lets_it_talk_to_what_its_file_names() -> None:
    settings = configured("gateway.yaml", ENV).settings
    policy = of("gateway.yaml", "NetworkPolicy")["spec"]
    out = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    wanted = {int(url.rpartition(":")[2]) for upstream in settings.upstreams.values() for url in upstream.urls}
    assert settings.l2 is not None
    assert settings.l2.redis is not None
    assert out == wanted | {53, int(settings.l2.redis.url.rpartition(":")[2].partition("/")[0])}
    assert {port["port"] for rule in policy["ingress"] for port in rule["ports"]} == {"http", "admin"}
    assert all("from" in rule for rule in policy["ingress"])
