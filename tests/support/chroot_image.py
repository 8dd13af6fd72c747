"""A Dockerfile carried out without an engine, as root: each stage in a copy of a Debian root, and the result run there.

What runs has a mount and a process namespace of its own: its root is read-only, its process is number 1, and it has no
more rights than the image's user. It shares the network of this machine.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.dockerfile import ROOT, lineage, ours, pairs, words

# What the way to the package registry may need on this machine; no part of the image.
_NETWORK = ("PIP_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
_FILES = ("/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")


@dataclass
class Image:
    """root: its files. The rest is what an engine would know of it."""

    root: Path
    env: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin"})
    user: str = "0:0"
    workdir: str = "/"
    entrypoint: list[str] = field(default_factory=list)
    cmd: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)


class Builder:
    """base: the Debian root, which stays as it is. folder: where the stages' roots are made."""

    def __init__(self, base: Path, folder: Path) -> None:
        self._base = base
        self._folder = folder
        self._stages = ours()
        self._built: dict[str, Image] = {}

    def build(self, name: str) -> Image:
        """Carry out a stage, and before it all that it needs."""
        if name not in self._built:
            image = Image(self._folder / name)
            known = lineage(self._stages, name)[:-1]
            self._copy_root(self.build(known[-1].name).root if known else self._base, image.root)
            for stage in known:
                for instruction, text in stage.steps:
                    self._remember(image, instruction, text)
            for instruction, text in self._stages[name].steps:
                self._remember(image, instruction, text)
                self._carry_out(image, instruction, text)
            self._built[name] = image
        return self._built[name]

    def _copy_root(self, base: Path, root: Path) -> None:
        subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(root)], check=True)
        for file in _FILES:
            if Path(file).is_file():
                shutil.copy(file, root / file.lstrip("/"))

    def _remember(self, image: Image, instruction: str, text: str) -> None:
        if instruction == "ENV":
            image.env |= {name: value.replace("$PATH", image.env["PATH"]) for name, value in pairs(text).items()}
        elif instruction == "WORKDIR":
            image.workdir = text
        elif instruction == "USER":
            image.user = text
        elif instruction in ("ENTRYPOINT", "CMD"):
            setattr(image, instruction.lower(), words(text))
        elif instruction == "HEALTHCHECK":
            image.healthcheck = words(text.partition("CMD ")[2])

    def _carry_out(self, image: Image, instruction: str, text: str) -> None:
        if instruction == "WORKDIR":
            (image.root / text.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif instruction == "COPY":
            self._copy(image, words(text))
        elif instruction == "RUN":
            env = image.env | {name: value for name, value in os.environ.items() if name.startswith(_NETWORK)}
            command = ["chroot", str(image.root), "/bin/sh", "-c", f"cd {image.workdir} && {text}"]
            done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=540, check=False)
            assert done.returncode == 0, f"RUN {text}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"

    def _copy(self, image: Image, arguments: list[str]) -> None:
        context = ROOT
        if arguments[0].startswith("--from="):
            context = self.build(arguments.pop(0).removeprefix("--from=")).root
        *sources, target = arguments
        into = image.root / (target if target.startswith("/") else f"{image.workdir}/{target}").lstrip("/")
        for source in (context / source.lstrip("/") for source in sources):
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__") if context == ROOT else None  # as .dockerignore says
                shutil.copytree(source, into, symlinks=True, ignore=ignored, dirs_exist_ok=True)
            else:
                shutil.copy(source, into / source.name if target.endswith("/") else into)


class Container:
    """A process of an image. volume: its /var/lib/ragfront."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    @property
    def pid(self) -> int:
        """Of the image's own process, seen from outside."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        assert len(children) == 1
        return int(children[0])

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)


def command(image: Image, volume: Path, *words: str) -> list[str]:
    """What runs `words` (none: what the image runs by itself) as an engine would with --read-only."""
    root = image.root
    wanted = words or (*image.entrypoint, *image.cmd)
    script = f"""
        set -e
        mount --bind {root} {root}
        mount -o remount,ro,bind {root}
        mount --bind {volume} {root}/var/lib/ragfront
        mount -t proc proc {root}/proc
        mount -t tmpfs tmpfs {root}/dev/shm
        exec chroot --userspec={image.user} {root} /bin/sh -c 'cd {image.workdir} && exec "$@"' sh "$@"
    """
    return ["unshare", "--mount", "--pid", "--fork", "/bin/sh", "-c", script, "sh", *wanted]


@contextlib.contextmanager
def started(image: Image, volume: Path, *words: str, **env: str) -> Iterator[Container]:
    """A running one; gone afterwards. env: on top of the image's own, and nothing else of this process's."""
    process = subprocess.Popen(
        command(image, volume, *words), env=image.env | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    container = Container(process)
    try:
        yield container
    finally:
        if process.poll() is None:
            container.signal(signal.SIGKILL)  # number 1 of its namespace: all that is in there goes with it
        process.communicate(timeout=30)


def ran(image: Image, volume: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """One that ends by itself."""
    line = command(image, volume, *words)
    return subprocess.run(line, env=image.env | env, capture_output=True, text=True, timeout=60, check=False)
