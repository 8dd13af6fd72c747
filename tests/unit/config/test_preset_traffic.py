"""Presets on recorded-shape traffic: who takes a request, what its key is made of, what is kept of the answers."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from gateway.config.load import from_upstream
from gateway.config.presets import presets
from gateway.model.entry import EntryFlag
from gateway.model.fields import Fields
from gateway.model.outcome import Reason
from gateway.policy.admission import Admission
from gateway.policy.conditions import compile_conditions
from gateway.policy.keying import Keyer
from gateway.policy.routing import Router
from gateway.policy.storing import Skip, Store, Storing
from gateway.policy.streaming import Streaming
from tests.support.recorded import FOLDER, JSON, asked, of_all, route, stream_fields, traffic, variants

Wanted = Mapping[str, Any]
REQUESTS = [pytest.param(name, item, id=f"{name} {item['path']}") for name, item in of_all("requests")]
ANSWERS = [pytest.param(name, item, id=f"{name} {index}") for index, (name, item) in enumerate(of_all("answers"))]
STREAMS = [pytest.param(name, *pair, id=f"{name}/{pair[0]}") for name, pair in of_all("streams")]
UNASKED = Router(from_upstream("http://x", {}).routes)


def test_every_preset_has_its_traffic_and_every_stream_its_verdict() -> None:
    assert sorted(folder.name for folder in FOLDER.iterdir()) == list(presets())
    for name in presets():
        streams = {file.name for file in (FOLDER / name).iterdir()} - {"traffic.yaml"}
        assert streams == set(traffic(name).get("streams") or {}), name
        assert traffic(name)["requests"]
        if presets()[name].streams:
            assert {"whole", "failed"} <= set(traffic(name)["streams"].values()), name


@pytest.mark.parametrize(("name", "wanted"), REQUESTS)
def test_its_requests_are_taken_and_looked_up(name: str, wanted: Wanted) -> None:
    request, _, document = asked(wanted)
    assert Router([route(name)]).match(request, document) is route(name)
    assert Admission(route(name)).check(request, document) is None


@pytest.mark.parametrize(("name", "wanted"), REQUESTS)
def test_who_takes_them_without_a_file(name: str, wanted: Wanted) -> None:
    request, _, document = asked(wanted)
    found = UNASKED.match(request, document)
    assert (found and found.name) == wanted.get("unasked", traffic(name)["unasked"])


@pytest.mark.parametrize(("name", "item"), of_all("not_claimed"))
def test_what_is_left_alone_is_left_alone_without_a_file_too(name: str, item: Any) -> None:
    wanted = (
        item if isinstance(item, dict) else {"path": item, "body": {"question": "x", "input": "x", "inputs": ["x"]}}
    )
    request, _, document = asked(wanted)
    assert Router([route(name)]).match(request, document) is None
    assert UNASKED.match(request, document) is None


@pytest.mark.parametrize(("name", "wanted"), REQUESTS)
def test_noise_does_not_change_the_key_and_meaning_does(name: str, wanted: Wanted) -> None:
    key = Keyer(route(name)).key
    base = key(*asked(wanted))
    for body in variants(wanted, "same"):
        assert key(*asked(wanted, body)) == base, body
    for path in wanted.get("same_paths", ()):
        assert key(*asked(wanted, path=path)) == base, path
    others = [key(*asked(wanted, body)) for body in variants(wanted, "other")]
    others += [key(*asked(wanted, path=path)) for path in wanted.get("other_paths", ())]
    assert len({base, *others}) == 1 + len(others)


@pytest.mark.parametrize(("name", "wanted"), REQUESTS)
def test_stateful_calls_bypass(name: str, wanted: Wanted) -> None:
    admission = Admission(route(name))
    for body in variants(wanted, "bypass"):
        request, _, document = asked(wanted, body)
        assert Router([route(name)]).match(request, document) is route(name), body
        assert admission.check(request, document) is Reason.BYPASS_WHEN, body


@pytest.mark.parametrize(("name", "wanted"), REQUESTS)
def test_a_request_for_a_stream_is_known_by_its_body(name: str, wanted: Wanted) -> None:
    asks = compile_conditions(route(name).stream.when)
    for body in variants(wanted, "streams"):
        assert asks(body), body
    for body in variants(wanted, "plain"):
        assert not asks(body), body


@pytest.mark.parametrize(("name", "answer"), ANSWERS)
def test_answers_are_kept_as_what_they_are(name: str, answer: Wanted) -> None:
    request, _, _ = asked(traffic(name)["requests"][0])
    stated = {key.encode(): str(value).encode() for key, value in (answer.get("fields") or {}).items()}
    fields = Fields((JSON, *stated.items()))
    storing = Storing(route(name))
    assert storing.head(request, 200, fields, 0.0) is None
    verdict = storing.whole(request, 200, fields, orjson.dumps(answer["body"]), 1000.0, lambda: 0.5)
    if answer["kept"] == "never":
        assert isinstance(verdict, Skip)
        assert verdict.reason is Reason.STORE_UNLESS
        return
    assert isinstance(verdict, Store)
    assert verdict.flags is (EntryFlag.EMPTY if answer["kept"] == "empty" else EntryFlag.NONE)
    assert list(verdict.tags) == (answer.get("tags") or [])
    assert [pair[0].decode() for pair in verdict.fields[1:]] == (answer.get("replayed") or [])


@pytest.mark.parametrize(("name", "file", "verdict"), STREAMS)
@pytest.mark.parametrize("size", [1, 7, 1 << 20], ids=lambda size: f"by {size}")
def test_streams_are_judged_however_their_bytes_come(name: str, file: str, verdict: str, size: int) -> None:
    fields = Fields(stream_fields(name, file))
    body = (FOLDER / name / file).read_bytes()
    watch = Streaming(route(name)).watch(fields)
    assert watch is not None
    for at in range(0, len(body), size):
        watch.feed(body[at : at + size])
    watch.close()
    request, _, _ = asked(traffic(name)["requests"][0])
    assert Storing(route(name)).head(request, 200, fields, 0.0) is None
    found = Storing(route(name)).whole(request, 200, fields, body, 1000.0, lambda: 0.5, watch)
    if isinstance(found, Skip):
        reasons = {Reason.TRUNCATED: "cut", Reason.STREAM_FAILED: "failed", Reason.STORE_UNLESS: "unless"}
        assert reasons.get(found.reason) == verdict
    else:
        assert verdict == ("empty" if found.flags & EntryFlag.EMPTY else "whole")


@pytest.mark.parametrize(("name", "file", "verdict"), [param for param in STREAMS if param.values[2] == "whole"])
def test_a_whole_stream_that_is_cut_anywhere_before_its_last_event_is_not_kept(
    name: str, file: str, verdict: str
) -> None:
    if not route(name).stream.terminal:
        return  # its last event is like any other
    body = (FOLDER / name / file).read_bytes()
    whole = False
    for cut in range(len(body)):
        watch = Streaming(route(name)).watch(Fields(stream_fields(name, file)))
        assert watch is not None
        watch.feed(body[:cut])
        watch.close()
        assert watch.whole or not whole  # once whole it stays so: what may follow is more, not less
        whole = watch.whole
    watch = Streaming(route(name)).watch(Fields(stream_fields(name, file)))
    assert watch is not None
    watch.feed(body[: len(body) // 2])
    watch.close()
    assert not watch.whole
