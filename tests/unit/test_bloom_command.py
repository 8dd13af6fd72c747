"""Bloom commands: what is typed, what is printed, how it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.guard.filterfile import load
from tests.support.filters import made
from tests.support.paged_service import paged_service
from tests.unit.test_cli import ROOT, ragfront


def test_lines_become_a_filter_that_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("".join(f"kb-{n}\n" for n in range(2000)))
    done = ragfront("bloom", "build", "--from", str(tmp_path / "ids"), "--out", str(tmp_path / "f"))
    assert (done.returncode, done.stderr) == (0, "")
    told = dict(line.strip().split(maxsplit=1) for line in done.stdout.splitlines()[1:])
    assert told["count"] == "2,000"
    assert int(told["capacity"].split()[0].replace(",", "")) >= 2000
    assert told["error"].startswith("rate 0.001 at capacity")
    assert told["size"].endswith("of each worker")
    assert ragfront("bloom", "info", str(tmp_path / "f")).stdout == done.stdout
    assert all(f"kb-{n}" in load(str(tmp_path / "f"), "known") for n in range(2000))


def test_a_pipe_of_json_lines_with_pointers(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"doc": {"title": f"word{n}", "text": "and more"}}) + "\n" for n in range(100)) + "{}\n"
    command = ["bloom", "build", "--from", "-", "--out", str(tmp_path / "f"), "--vocabulary", "--error-rate", "0.01"]
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *command, "--pointer", "/doc/title", "--pointer", "/doc/text"],
        cwd=ROOT, input=lines, capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert "warning: 1 records without an id or text" in done.stderr
    filter = load(str(tmp_path / "f"), "vocabulary")
    assert filter.error_rate == 0.01
    assert "word7" in filter


def test_ids_of_a_service(tmp_path: Path) -> None:
    with paged_service() as (url, asked):
        done = ragfront(
            "bloom", "build", "--from", f"{url}/collections/kb", "--format", "qdrant", "--pointer", "/payload/kb",
            "--out", str(tmp_path / "f"), "--header", "api-key: ${KEY}", KEY="s3cret",
        )  # fmt: skip
        assert done.returncode == 0
        assert len(load(str(tmp_path / "f"), "known")) == 2500
        assert "s3cret" in asked[0][2].values()
        done = ragfront("bloom", "build", "--from", f"{url}/none", "--out", str(tmp_path / "g"))
    assert done.returncode == 1
    assert done.stderr == f"ragfront: {url}/none: answers 500\n"


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--capacity", "10"], 1, "overfull: more than its capacity of 10; state a larger --capacity"),
        (["--pointer", "/id"], 1, "line 1: not JSON"),
        (["--pointer", "id"], 2, "id: expected a JSON Pointer such as /id"),
        (["--pointer", "{id}"], 2, "expected a JSON Pointer such as /id"),
        (["--format", "qdrant"], 2, "--format qdrant is for a URL"),
        (["--error-rate", "2"], 2, "error-rate"),
        (["--from", "http://127.0.0.1:1", "--cursor", "c"], 2, "--cursor needs --next"),
        (["--from", "http://127.0.0.1:1", "--header", "x"], 2, "expected --header NAME:VALUE"),
        (["--from", "/none"], 1, "/none: No such file or directory"),
        (["--from", "/dev/null"], 1, "nothing to put in"),
        (["--out", "/none/f"], 1, "No such file or directory"),
    ],
)
def test_what_cannot_be_built_is_told_in_a_line_and_the_old_file_stays(tmp_path: Path, more, code, said) -> None:
    (tmp_path / "ids").write_text("".join(f"kb-{n}\n" for n in range(20)))
    before = made(tmp_path / "f", ["old"])
    done = ragfront("bloom", "build", "--from", str(tmp_path / "ids"), "--out", before, *more)
    assert done.returncode == code
    assert said in done.stderr
    assert code == 2 or done.stderr.count("\n") == 1
    assert "old" in load(before, "known")
    assert {file.name for file in tmp_path.iterdir()} == {"ids", "f"}


def test_info_of_what_is_no_filter(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("junk")
    done = ragfront("bloom", "info", str(tmp_path / "f"))
    assert (done.returncode, done.stderr) == (1, f"ragfront: {tmp_path / 'f'}: not a filter of ragfront's\n")


def test_check_looks_into_the_filters_that_routes_name(tmp_path: Path) -> None:
    (tmp_path / "junk").write_text("junk")
    words = made(tmp_path / "words", ["a"], "vocabulary")
    config = tmp_path / "gateway.yaml"
    config.write_text(
        "upstreams: {rag: http://127.0.0.1:8000}\nroutes:\n"
        f"- {{name: a, match: {{path: /a}}, bloom: {{known: {{file: {tmp_path}/junk, at: /kb}}}}}}\n"
        f"- {{name: b, match: {{path: /b}}, bloom: {{known: {{file: {words}, at: /kb}}}}}}\n"
        f"- {{name: c, match: {{path: /c}}, bloom: {{known: {{file: {words}, at: /kb, mode: 'off'}}}}}}\n"
    )
    done = ragfront("check", str(config))
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first == f"ragfront: {config}: routes[0].bloom.known.file: {tmp_path}/junk: not a filter of ragfront's"
    assert "routes[1].bloom.known.file" in second
    assert "expected one built with --known" in second
