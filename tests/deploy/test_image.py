"""The image, without an engine: the Dockerfile's stages in a clean Debian root, and what they make, run as it would be.

make test-image: as root, on Debian. Read-only root, no privileges, process number 1, an empty volume.
"""

import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import __version__
from tests.support.chroot_image import Builder, Image, ran, started
from tests.support.ports import free_port

pytestmark = pytest.mark.timeout(600)
UID = 10001


@pytest.fixture(scope="module")
def builder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Builder:
    base = request.config.getoption("--image")
    if base is None:
        pytest.skip("make test-image makes the root that this needs")
    return Builder(Path(base), tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def image(builder: Builder) -> Image:
    return builder.build("ragfront")


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """As an engine makes it: with the owner of the image's folder."""
    folder = tmp_path / "volume"
    folder.mkdir(mode=0o750)
    os.chown(folder, UID, UID)
    return folder


@pytest.fixture
def service(builder: Builder, tmp_path: Path) -> Iterator[str]:
    """The example service, out of its own image; its URL."""
    port = free_port()
    demo = builder.build("demo")
    (tmp_path / "demo").mkdir()
    with started(demo, tmp_path / "demo", *demo.entrypoint, "--listen", f"127.0.0.1:{port}"):
        wait_for(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}"


def wait_for(url: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            assert time.monotonic() < end, f"{url} does not answer"
            time.sleep(0.05)


def ask(port: int, question: str) -> tuple[str, bytes]:
    """Cache-Status and body."""
    body = json.dumps({"query": question}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/rag", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers["Cache-Status"], answer.read()


def test_it_holds_the_gateway_and_nothing_to_build_or_install_with(image: Image, volume: Path) -> None:
    assert ran(image, volume, "ragfront", "--version").stdout == f"ragfront {__version__}\n"
    assert ran(image, volume, "python", "-c", "import numpy").returncode == 1
    assert not [path for name in ("pip", "hatchling", "setuptools") for path in image.root.glob(f"opt/**/{name}")]
    assert ran(image, volume, "sh", "-c", "id -u; ls /src /wheels").stdout == f"{UID}\n"


def test_it_can_write_nowhere_but_to_its_volume(image: Image, volume: Path) -> None:
    for folder in ("/", "/tmp", "/etc", "/opt/ragfront", "/run/ragfront", "/var/tmp"):
        done = ran(image, volume, "touch", f"{folder}/x")
        assert (done.returncode, "Read-only" in done.stderr or "denied" in done.stderr) == (1, True), folder
    assert ran(image, volume, "touch", "/var/lib/ragfront/x").returncode == 0


def test_without_a_service_it_says_what_it_needs(image: Image, volume: Path) -> None:
    done = ran(image, volume, *image.entrypoint, *image.cmd)
    assert (done.returncode, done.stderr) == (2, "ragfront: serve needs either --config FILE or --upstream URL\n")


def test_it_serves_from_the_environment_alone_drains_and_remembers(image: Image, volume: Path, service: str) -> None:
    port, admin = free_port(), free_port()
    env = {
        "RAGFRONT_UPSTREAM": service,
        "RAGFRONT_LISTEN": f"127.0.0.1:{port}",
        "RAGFRONT_ADMIN_LISTEN": f"127.0.0.1:{admin}",
        "RAGFRONT_WORKERS": "2",
    }
    at = {"RAGFRONT_ADMIN": f"http://127.0.0.1:{admin}"}
    with started(image, volume, **env) as container:
        wait_for(f"http://127.0.0.1:{admin}/readyz")
        done = ran(image, volume, *image.healthcheck, **at)
        assert (done.returncode, done.stdout) == (0, "ready\n")
        assert "fwd=uri-miss" in ask(port, "What is a decorator?")[0]
        assert "hit" in ask(port, "What is a decorator?")[0]

        answers: list[tuple[str, bytes]] = []
        asking = threading.Thread(target=lambda: answers.append(ask(port, "What is a generator?")))
        asking.start()
        wait_until_in_flight(service, port, admin)
        container.signal(signal.SIGTERM)
        asking.join(30)
        assert b'"response"' in answers[0][1]
        assert container.process.wait(30) == 0
    assert ran(image, volume, *image.healthcheck, **at).returncode == 3
    owners = {path.stat().st_uid for path in volume.rglob("*")}
    assert owners == {UID}

    with started(image, volume, **env):
        wait_for(f"http://127.0.0.1:{admin}/readyz")
        assert "; hit" in ask(port, "What is a generator?")[0]


def wait_until_in_flight(service: str, port: int, admin: int) -> None:
    end = time.monotonic() + 20
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics", timeout=5) as page:
            figures = page.read().decode()
        if 'ragfront_upstream_calls_in_flight{upstream="upstream"} 1.0' in figures:
            return
        assert time.monotonic() < end, figures
        time.sleep(0.02)


def test_it_serves_from_a_mounted_file_with_a_token_from_a_secret(image: Image, volume: Path, service: str) -> None:
    port, admin = free_port(), free_port()
    (volume / "token").write_text("s3cret\n")
    (volume / "gateway.yaml").write_text(
        f"listen: 127.0.0.1:{port}\nadmin: {{listen: '127.0.0.1:{admin}', token: '${{TOKEN}}'}}\n"
        f"upstreams: {{rag: '{service}'}}\nroutes: [{{preset: rag}}]\n"
    )
    env = {"RAGFRONT_CONFIG": "gateway.yaml", "TOKEN_FILE": "token", "RAGFRONT_LISTEN": ""}
    with started(image, volume, **env):
        wait_for(f"http://127.0.0.1:{admin}/readyz")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics", timeout=5)
        told = ran(image, volume, "ragfront", "stats", RAGFRONT_ADMIN=f"http://127.0.0.1:{admin}",
                   RAGFRONT_ADMIN_TOKEN="s3cret")  # fmt: skip
        assert told.returncode == 0, told.stderr


def test_the_example_services_own_probe_tells_whether_it_is_there(builder: Builder, volume: Path, service: str) -> None:
    demo = builder.build("demo")
    for url, code in ((service, 0), ("http://127.0.0.1:1", 1)):
        probe = [word.replace("http://127.0.0.1:8000", url) for word in demo.healthcheck]
        assert ran(demo, volume, *probe).returncode == code
