"""The admin API over sockets: what it says is what clients get."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.guard.filterfile import Filter, save
from tests.support.admin import Admin, administered, settled
from tests.support.gateway import RAG, Running, field, once, post
from tests.support.upstream import Asked, ScriptedUpstream, Wire

ROUTE = RAG | {
    "key": {"body": ["/query"]},
    "tags": ["doc:{/docs/*/id}"],
    "empty": {"when": [{"pointer": "/docs", "is": []}]},
}


async def answer(asked: Asked, wire: Wire) -> None:
    query = json.loads(asked.body or b"{}").get("query", "")
    docs = [] if query == "nothing" else [{"id": "42"}]
    await wire.json(json.dumps({"answer": f"about {query}", "docs": docs}).encode())


@pytest.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream(answer) as service:
        yield service


@pytest.fixture
async def served(upstream: ScriptedUpstream, tmp_path: Path) -> AsyncIterator[tuple[Running, Admin]]:
    l2 = {"disk": {"path": str(tmp_path / "l2")}}
    async with administered(upstream.url, ROUTE, l2=l2) as both:
        yield both


def question(text: str) -> bytes:
    return json.dumps({"query": text}).encode()


async def ask(gateway: Running, text: str, *fields: bytes) -> bytes:
    """The Cache-Status of an answer."""
    head, _ = await once(gateway.port, post(b"/rag", question(text), b"Connection: close", *fields))
    return field(head, b"cache-status") or b""


def sample(text: str, **more: object) -> dict[str, object]:
    return {"path": "/rag", "host": "gw", "body": {"query": text}, **more}


# -- explain ----------------------------------------------------------------------------------------------------------


async def test_explain_says_what_a_client_gets_next(served: tuple[Running, Admin]) -> None:
    gateway, admin = served
    told = await admin.post("/explain", sample("a"))
    assert (told["outcome"], told["route"], told["tier"]) == ("miss", "rag", None)
    assert told["tried"] == [{"route": "rag", "takes": True, "objection": None}]
    await ask(gateway, "a")
    told = await admin.post("/explain", sample("a"))
    assert (told["outcome"], told["tier"]) == ("hit", "memory")
    assert 0 < told["ttl"] <= 660
    assert told["entries"][0]["tags"] == ["doc:42"]
    assert b"; hit" in await ask(gateway, "a")


async def test_explain_tells_no_credential_and_does_not_mix_them_up(served: tuple[Running, Admin]) -> None:
    gateway, admin = served
    await ask(gateway, "a", b"Authorization: Bearer s3cret")
    told = await admin.post("/explain", sample("a", headers={"Authorization": "Bearer s3cret"}))
    assert told["outcome"] == "hit"
    assert "s3cret" not in json.dumps(told)
    assert (await admin.post("/explain", sample("a")))["outcome"] == "miss"


@pytest.mark.parametrize(
    ("asked", "outcome", "reason", "objection"),
    [
        ({"path": "/other", "body": {}}, "bypass", "no-route", "path"),
        ({"path": "/rag", "method": "PUT", "body": {}}, "bypass", "no-route", "method"),
        ({"path": "/rag", "text": '{"a": 1, "a": 2}'}, "bypass", "duplicate-members", None),
        ({"path": "/rag", "body": {}, "headers": {"Range": "bytes=0-1"}}, "bypass", "request-range", None),
    ],
)
async def test_explain_says_why_not(served, asked, outcome, reason, objection) -> None:
    _, admin = served
    told = await admin.post("/explain", asked)
    assert (told["outcome"], told["reason"], told["tried"][0]["objection"]) == (outcome, reason, objection)


async def test_a_sample_that_no_client_could_send_is_refused(served: tuple[Running, Admin]) -> None:
    _, admin = served
    for wrong in (
        {"path": "rag"},
        {"path": "/rag", "headers": {"X": "a\r\nY: b"}},
        {"path": "/rag", "method": "GET /"},
        {"path": "/rag", "host": "a b"},
        {"path": "/rag", "body": {}, "text": "x"},
        {"path": "/rag", "bdy": {}},
        {},
    ):
        status, told = await admin.ask("POST", "/explain", wrong)
        assert status == 422, (wrong, told)
        assert told["errors"], wrong


# -- entries ----------------------------------------------------------------------------------------------------------


async def test_entries_are_listed_in_each_tier_and_looked_up(served: tuple[Running, Admin]) -> None:
    gateway, admin = served
    for text in ("a", "b", "nothing"):
        await ask(gateway, text)
    memory = (await admin.get("/entries"))["entries"]
    assert sorted(each["kind"] for each in memory) == ["answer", "answer", "empty"]
    await settled(lambda: admin.get("/entries?tier=disk&tag=doc:*"), lambda found: len(found["entries"]) == 2)
    assert (await admin.get("/entries?tag=doc:4"))["entries"] == []
    assert (await admin.get("/entries?route=nobody"))["entries"] == []
    key = memory[0]["key"]
    found = await admin.get(f"/entries/{key}")
    assert [each["tier"] for each in found["entries"]] == ["memory", "disk"]
    assert json.loads(found["entries"][0]["body"])["answer"].startswith("about")
    looked = await admin.post("/entries/lookup", sample("b"))
    assert json.loads(looked["entries"][0]["body"])["answer"] == "about b"


async def test_every_entry_comes_once_over_all_pages(served: tuple[Running, Admin]) -> None:
    gateway, admin = served
    for number in range(450):
        await ask(gateway, f"q{number}")
    for tier in ("memory", "disk"):
        if tier == "disk":  # written behind the clients' backs
            await settled(lambda: admin.post("/explain", sample("q449")), lambda told: len(told["entries"]) == 2)
        seen: list[str] = []
        query = f"/entries?tier={tier}"
        while True:
            page = await admin.get(query)
            assert len(page["entries"]) <= 200
            seen += [each["key"] for each in page["entries"]]
            if page["cursor"] is None:
                break
            query = f"/entries?tier={tier}&cursor={page['cursor']}"
        assert len(seen) == len(set(seen))
        assert len(seen) == 450


async def test_what_is_not_there_and_what_cannot_be_asked(served: tuple[Running, Admin]) -> None:
    _, admin = served
    assert (await admin.ask("GET", f"/entries/{'0' * 64}"))[0] == 404
    assert (await admin.ask("GET", "/entries/abc"))[0] == 404
    for query in ("tier=redis", "cursor=%00", "cursor=abc", "tag=", "limit=3", "tier=memory&tier=disk"):
        status, told = await admin.ask("GET", f"/entries?{query}")
        assert status == (200 if query == "tag=" else 422), (query, told)


async def test_the_most_asked_for_come_first(served: tuple[Running, Admin]) -> None:
    gateway, admin = served

    async def top() -> dict[str, object]:
        for _ in range(20):
            await ask(gateway, "hot")
        await ask(gateway, "cold")
        return await admin.get("/entries/top")

    hot = (await admin.post("/explain", sample("hot")))["key"]
    # A sample may hit the cold one: it does so seldom.
    found = await settled(top, lambda told: bool(told["entries"]) and told["entries"][0]["key"] == hot)
    assert 0 < found["entries"][0]["share"] <= 1


# -- who may what -----------------------------------------------------------------------------------------------------

TOKENS = {"token": "root", "tokens": [{"name": "ann", "token": "v1ew", "role": "viewer"}]}


async def test_viewers_look_and_operators_change(upstream: ScriptedUpstream) -> None:
    async with administered(upstream.url, ROUTE, admin=TOKENS) as (gateway, root):
        await ask(gateway, "a")
        viewer = root.as_("v1ew")
        assert (await root.as_("guess").ask("GET", "/stats"))[0] == 401
        assert (await viewer.ask("POST", "/upstreams/rag/drain", {"replica": upstream.url}))[0] == 403
        assert upstream.url in json.dumps(await viewer.get("/upstreams"))
        seen = await viewer.post("/entries/lookup", sample("a"))
        assert (seen["entries"][0]["body"], seen["entries"][0]["fields"]) == (None, None)
        assert "about a" in json.dumps(await root.post("/entries/lookup", sample("a")))


async def test_each_change_is_audited_and_so_is_each_attempt(upstream: ScriptedUpstream, caplog) -> None:
    async with administered(upstream.url, ROUTE, admin=TOKENS) as (_, root):
        replica = {"replica": upstream.url}
        await root.as_("v1ew").ask("POST", "/upstreams/rag/drain", replica)
        await root.post("/upstreams/rag/drain", replica)
        await root.ask("POST", "/upstreams/rag/enable", {"replica": "nobody"})
        changes = (await root.get("/audit"))["changes"]
    told = [(c["who"], c["role"], c["what"], c["status"]) for c in reversed(changes)]
    assert told == [
        ("ann", "viewer", "POST /admin/upstreams/rag/drain", 403),
        ("admin", "operator", "POST /admin/upstreams/rag/drain", 200),
        ("admin", "operator", "POST /admin/upstreams/rag/enable", 422),
    ]
    assert changes[1]["before"] == {"drained": []}
    assert changes[1]["after"] == {"drained": [upstream.url.partition("://")[2]]}
    lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == "ragfront.audit"]
    assert lines == list(reversed(changes))


@pytest.mark.parametrize(
    "shown",
    [
        b"", b"Bearer", b"Bearer ", b"Bearer r\xc3\xb6\xc3\xb6t", b"Bearer \xff\xfe\x80", b"Bearer root root",
        b"Bearer root\x7f", b"Bearer " + b"x" * 8000, b"Basic cm9vdA==", b"bearer\troot", b"Bearer ROOT", b"root",
    ],
)  # fmt: skip
async def test_odd_tokens_are_just_wrong_ones(upstream: ScriptedUpstream, shown: bytes) -> None:
    async with administered(upstream.url, ROUTE, admin=TOKENS) as (_, root):
        port = int(root.url.rpartition(":")[2].partition("/")[0])
        lines = b"Host: 127.0.0.1\r\nConnection: close\r\nAuthorization: %b\r\n\r\n" % shown
        head, body = await once(port, b"GET /admin/stats HTTP/1.1\r\n" + lines)
        assert head[9:12] in (b"401", b"400")
        assert b"Traceback" not in body


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "localhost:9090"}, 200),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
async def test_pages_of_other_sites_change_nothing(served, upstream, headers, status) -> None:
    _, admin = served
    got, _ = await admin.ask(
        "POST", "/upstreams/rag/drain", headers={"Content-Type": "application/json"} | headers,
        data=json.dumps({"replica": upstream.url}),
    )  # fmt: skip
    assert got == status
    drained = (await admin.get("/upstreams/rag"))["replicas"][0]["drained"]
    assert drained is (status == 200)


async def test_too_much_is_refused_before_it_is_kept(served: tuple[Running, Admin]) -> None:
    _, admin = served
    body = io.BytesIO(json.dumps({"path": "/rag", "text": "x" * (2 << 20)}).encode())
    status, told = await admin.ask("POST", "/explain", data=body, headers={"Content-Type": "application/json"})
    assert (status, told["title"]) == (413, "Request Entity Too Large")
    status, told = await admin.ask("POST", "/explain", data=b"{", headers={"Content-Type": "application/json"})
    assert (status, told["detail"][:8]) == (400, "not JSON")


# -- upstreams --------------------------------------------------------------------------------------------------------


async def test_a_drained_replica_gets_no_new_calls(served, upstream: ScriptedUpstream) -> None:
    gateway, admin = served
    state = await admin.post("/upstreams/rag/drain", {"replica": upstream.url})
    assert state["replicas"][0]["drained"] is True
    assert b"drained" in await ask(gateway, "a")
    again = await admin.post("/upstreams/rag/drain", {"replica": upstream.url})
    assert again == state
    await admin.post("/upstreams/rag/enable", {"replica": state["replicas"][0]["name"]})
    assert b"stored" in await ask(gateway, "a")
    assert (await admin.ask("POST", "/upstreams/nobody/drain", {"replica": "x"}))[0] == 404


# -- stats ------------------------------------------------------------------------------------------------------------


async def test_stats_add_up(served: tuple[Running, Admin]) -> None:
    gateway, admin = served
    for text in ("a", "a", "a", "b"):
        await ask(gateway, text)
    stats = await settled(lambda: admin.get("/stats"), lambda s: sum(s["requests"].values()) == 4)
    assert stats["requests"] == {"hit": 2.0, "miss": 2.0}
    assert stats["hit_ratio"] == stats["routes"]["rag"]["hit_ratio"] == 0.5
    assert stats["latency"]["number"] == 4
    assert 0 < stats["latency"]["p50"] <= stats["latency"]["p99"]
    assert stats["upstreams"]["rag"]["calls"] == {"2xx": 2.0}
    assert stats["tiers"]["memory"]["entries"] == 2


# -- warm -------------------------------------------------------------------------------------------------------------


async def test_uploaded_questions_are_there_before_anybody_asks(served, upstream: ScriptedUpstream) -> None:
    gateway, admin = served
    await ask(gateway, "there")
    lines = [sample("w1"), sample("w2"), sample("there"), {"path": "/other", "body": {}}]
    data = "\n".join(map(json.dumps, lines))
    job = await admin.post("/warm?rate=1000/s", None, data=data, headers={"Content-Type": "application/x-ndjson"})
    done = await settled(lambda: admin.get(f"/warm/{job['id']}"), lambda j: j["state"] == "done")
    assert (done["stored"], done["present"], done["not_asked"], done["done"]) == (2, 1, 1, 4)
    calls = len(upstream.asked)
    assert b"; hit" in await ask(gateway, "w1")
    assert len(upstream.asked) == calls


async def test_an_upload_can_be_ended_and_is_bounded(served: tuple[Running, Admin]) -> None:
    _, admin = served
    kind = {"Content-Type": "application/x-ndjson"}
    data = "\n".join(json.dumps(sample(f"x{n}")) for n in range(50))
    first = await admin.post("/warm?rate=1/h", None, data=data, headers=kind)
    await admin.post("/warm?rate=1/h", None, data=data, headers=kind)
    assert (await admin.ask("POST", "/warm?rate=1/h", data=data, headers=kind))[0] == 409
    status, ended = await admin.ask("DELETE", f"/warm/{first['id']}")
    assert (status, ended["state"]) == (200, "cancelled")
    assert (await admin.ask("DELETE", f"/warm/{first['id']}"))[1] == ended
    status, told = await admin.ask("POST", "/warm", data='{"path": "/rag"}\n{"path": 1}\nnope', headers=kind)
    assert status == 422
    assert [wrong["pointer"] for wrong in told["errors"]] == ["/1/path", "/2"]
    assert (await admin.ask("GET", "/warm/none"))[0] == 404


# -- bloom ------------------------------------------------------------------------------------------------------------


async def test_an_added_id_is_let_through_within_a_moment(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    file = tmp_path / "kb.bloom"
    filter = Filter("known", 100, 0.001)
    filter.add("kb1")
    save(filter, str(file))
    known = {"mode": "enforce", "file": str(file), "at": "/query"}
    async with administered(upstream.url, ROUTE | {"bloom": {"sample": 0, "known": known}}) as (gateway, admin):
        assert b"bloom-known" in await ask(gateway, "kb2")
        told = await admin.post("/explain", sample("kb2"))
        assert (told["outcome"], told["reason"]) == ("rejected", "bloom-known")
        added = await admin.post("/bloom/rag/known/keys", {"keys": ["kb2", "kb1"]})
        assert (added["added"], added["items"]) == (1, 2)
        assert b"stored" in await ask(gateway, "kb2")
        (state,) = (await admin.get("/bloom"))["filters"]
        assert (state["items"], state["rejected"], state["mode"]) == (2, 1, "enforce")
        too_many = {"keys": [f"k{n}" for n in range(200)]}
        status, told = await admin.ask("POST", "/bloom/rag/known/keys", too_many)
        assert (status, "overfull" in told["detail"]) == (409, True)
        assert (await admin.ask("POST", "/bloom/rag/vocabulary/keys", {"keys": ["x"]}))[0] == 404
        other = Filter("known", 100, 0.001)
        other.add("kb9")
        save(other, str(tmp_path / "next.bloom"))
        assert (await admin.post("/bloom/rag/known/swap", {"file": "next.bloom"}))["items"] == 1
        assert b"bloom-known" in await ask(gateway, "kb3")
        for name in ("../next.bloom", "nothing.bloom"):
            assert (await admin.ask("POST", "/bloom/rag/known/swap", {"file": name}))[0] in (409, 422)
        file.write_bytes(b"broken")
        status, told = await admin.ask("POST", "/bloom/rag/known/reload", {})
        assert (status, told["detail"]) == (409, "kb.bloom: not a filter of ragfront's")


# -- reload and config ------------------------------------------------------------------------------------------------


async def test_config_shows_no_secret(upstream: ScriptedUpstream) -> None:
    async with administered(upstream.url, ROUTE, admin=TOKENS) as (_, admin):
        told = await admin.get("/config")
        assert "root" not in json.dumps(told)
        assert "v1ew" not in json.dumps(told)
        assert told["settings"]["routes"][0]["cache"]["ttl"] == "10m"


# -- routes -----------------------------------------------------------------------------------------------------------


async def test_a_change_of_policy_is_what_clients_get_next(served: tuple[Running, Admin]) -> None:
    gateway, admin = served
    await ask(gateway, "a")
    assert b"; hit" in await ask(gateway, "a")
    status, told = await admin.ask("PATCH", "/routes/rag", {"cache": {"mode": "off"}, "reason": "they asked for it"})
    assert (status, told["mode"], told["overridden"][0]["path"]) == (200, "off", "cache.mode")
    assert told["override"]["reason"] == "they asked for it"
    assert b"mode-off" in await ask(gateway, "a")
    status, told = await admin.ask("PATCH", "/routes/rag", {"cache": {"ttl": "90s"}})
    assert [(o["path"], o["effective"]) for o in told["overridden"]] == [("cache.mode", "off"), ("cache.ttl", "90s")]
    assert (await admin.get("/overrides"))["overrides"][0]["patch"] == {"cache": {"mode": "off", "ttl": "90s"}}
    status, told = await admin.ask("DELETE", "/routes/rag/override")
    assert (status, told["overridden"], told["override"]) == (200, [], None)
    assert b"; hit" in await ask(gateway, "a")
    assert (await admin.ask("DELETE", "/routes/rag/override"))[0] == 200


async def test_a_time_box_ends_by_itself(served: tuple[Running, Admin]) -> None:
    gateway, admin = served
    await ask(gateway, "a")
    _, told = await admin.ask("PATCH", "/routes/rag", {"cache": {"mode": "off"}, "for": "300ms"})
    assert told["override"]["until"] is not None
    reverted = await settled(lambda: admin.get("/routes/rag"), lambda route: route["mode"] == "on")
    assert (reverted["override"], reverted["overridden"]) == (None, [])
    assert b"; hit" in await ask(gateway, "a")


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        ({"cache": {"tll": "1m"}}, "/cache/tll"),
        ({"cache": {"ttl": 600}}, "/cache/ttl"),
        ({"cache": {"ttl": "10 minutes"}}, "/cache/ttl"),
        ({"name": "other"}, "/name"),
        ({"tags": ["a b"]}, "/tags/0"),
        ({"for": "0s"}, "/for"),
        ({"for": "-5m"}, "/for"),
        ({"for": "soon"}, "/for"),
        ({"reason": 1}, "/reason"),
    ],
)
async def test_a_change_that_would_not_do_is_refused_whole(served, patch, pointer) -> None:
    _, admin = served
    status, told = await admin.ask("PATCH", "/routes/rag", {"budget": {"rate": "5/s"}} | patch)
    assert (status, [wrong["pointer"] for wrong in told["errors"]]) == (422, [pointer])
    assert (await admin.get("/routes/rag"))["overridden"] == []


async def test_two_operators_at_once(served: tuple[Running, Admin]) -> None:
    _, admin = served
    async with admin._session.get(f"{admin.url}/routes/rag") as answer:
        seen = answer.headers["ETag"]
    change = {"cache": {"ttl": "1m"}}
    assert (await admin.ask("PATCH", "/routes/rag", change, headers={"If-Match": seen}))[0] == 200
    assert (await admin.ask("PATCH", "/routes/rag", change, headers={"If-Match": seen}))[0] == 412
    assert (await admin.ask("PATCH", "/routes/rag", change, headers={"If-Match": "*"}))[0] == 200
    assert (await admin.ask("PATCH", "/routes/nobody", change))[0] == 404


async def test_of_two_changes_at_the_same_time_none_is_lost(served: tuple[Running, Admin]) -> None:
    _, admin = served
    async with admin._session.get(f"{admin.url}/routes/rag") as answer:
        seen = {"If-Match": answer.headers["ETag"]}
    patches = [{"cache": {"ttl": f"{n}m"}} for n in range(1, 5)]
    told = await asyncio.gather(*(admin.ask("PATCH", "/routes/rag", patch, headers=seen) for patch in patches))
    assert sorted(status for status, _ in told) == [200, 412, 412, 412]
    patches = [{"cache": {"ttl": "7m"}}, {"cache": {"jitter": "3%"}}, {"budget": {"rate": "5/s"}}]
    await asyncio.gather(*(admin.ask("PATCH", "/routes/rag", patch) for patch in patches))
    patch = (await admin.get("/overrides"))["overrides"][0]["patch"]
    assert patch == {"cache": {"ttl": "7m", "jitter": "3%"}, "budget": {"rate": "5/s"}}
    reverted = [admin.ask("DELETE", "/routes/rag/override", headers=seen), admin.ask("DELETE", "/routes/rag/override")]
    assert sorted([status for status, _ in await asyncio.gather(*reverted)])[0] == 200


# -- purge and fleet --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "orders",
    [
        {"all": True},
        {"route": "rag"},
        {"tags": ["doc:42"]},
        {"tags": ["doc:*"]},
        {"request": {"path": "/rag", "host": "gw", "body": {"query": "a"}}},
        {"tags": ["nobody"], "route": "rag"},
    ],
)
async def test_purged_is_gone_and_expired_is_stale(served, orders) -> None:
    gateway, admin = served
    await ask(gateway, "a")
    expired = await admin.post("/expire", orders)
    assert (expired["confirmed"], expired["missing"]) == (True, [])
    assert b"; hit; ttl=-" in await ask(gateway, "a")
    await settled(lambda: admin.post("/explain", sample("a")), lambda told: told["outcome"] == "hit")
    purged = await admin.post("/purge", orders)
    assert purged["version"] > expired["version"]
    assert (await admin.post("/explain", sample("a")))["outcome"] == "miss"
    assert b"fwd=uri-miss" in await ask(gateway, "a")


@pytest.mark.parametrize(
    ("orders", "entries"),
    [
        ({"all": True}, 3),
        ({"route": "rag"}, 3),
        ({"tags": ["doc:*"]}, 2),
        ({"tags": ["doc:nobody"]}, 0),
        ({"request": {"path": "/rag", "host": "gw", "body": {"query": "a"}}}, 1),
    ],
)
async def test_a_dry_run_tells_how_many_and_changes_nothing(served, orders, entries) -> None:
    gateway, admin = served
    for text in ("a", "b", "nothing"):
        await ask(gateway, text)
    version = (await admin.get("/fleet"))["version"]

    async def tell() -> dict[str, int]:
        return (await admin.post("/purge", orders | {"dry_run": True}))["would"]

    would = await settled(tell, lambda would: would["tiers"]["disk"] == entries)  # it is written behind our backs
    assert would == {"entries": entries, "complete": True, "tiers": {"memory": entries, "disk": entries}}
    assert (await admin.post("/expire", orders | {"dry_run": True}))["would"] == would
    assert (await admin.get("/fleet"))["version"] == version
    assert b"; hit" in await ask(gateway, "a")
    assert (await admin.get("/audit"))["changes"][0]["after"]["dry_run"] is True


async def test_a_dry_run_finds_the_variant_of_a_request() -> None:
    async def varies(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}", b"Vary: X-Lang")

    async with ScriptedUpstream(varies) as service, administered(service.url, ROUTE) as (gateway, admin):
        await ask(gateway, "a", b"X-Lang: en")
        request = {"request": sample("a", headers={"X-Lang": "en"}), "dry_run": True}
        assert (await admin.post("/purge", request))["would"]["entries"] == 1


async def test_a_tag_with_spaces_is_one_tag() -> None:
    async def titled(asked: Asked, wire: Wire) -> None:
        await wire.json('{"docs": [{"id": "Handbuch für\u00a0alle, 2. Teil.pdf"}]}'.encode())

    async with ScriptedUpstream(titled) as service, administered(service.url, ROUTE) as (gateway, admin):
        await ask(gateway, "a")
        assert (await admin.get("/entries?tag=doc:Handbuch*"))["looked"] == 1
        await admin.post("/purge", {"tags": ["doc:Handbuch für alle, 2. Teil.pdf"]})
        assert b"; hit" in await ask(gateway, "a")  # that space was another one
        await admin.post("/purge", {"tags": ["doc:Handbuch für\u00a0alle, 2. Teil.pdf"]})
        assert b"fwd=uri-miss" in await ask(gateway, "a")


async def test_a_purge_of_what_nothing_carries_is_done(served: tuple[Running, Admin]) -> None:
    gateway, admin = served
    await ask(gateway, "a")
    assert (await admin.post("/purge", {"tags": ["doc:nothing"]}))["confirmed"] is True
    assert b"; hit" in await ask(gateway, "a")


@pytest.mark.parametrize(
    ("orders", "status"),
    [
        ({}, 422),
        ({"all": False}, 422),
        ({"route": "nobody"}, 422),
        ({"keys": ["abc"]}, 422),
        ({"tags": [""]}, 422),
        ({"tags": ["x" * 1025]}, 422),
        ({"tags": [f"t{n}" for n in range(10_001)]}, 422),
        ({"all": True, "wait": "2h"}, 422),
        ({"request": {"path": "/other"}}, 409),
        ({"alll": True}, 422),
    ],
)
async def test_a_purge_that_names_nothing_is_refused(served, orders, status) -> None:
    gateway, admin = served
    await ask(gateway, "a")
    assert (await admin.ask("POST", "/purge", orders))[0] == status
    assert b"; hit" in await ask(gateway, "a")


async def test_a_million_tags_are_too_many(served: tuple[Running, Admin]) -> None:
    _, admin = served
    body = io.BytesIO(json.dumps({"tags": [f"t{n}" for n in range(1_000_000)]}).encode())
    assert (await admin.ask("POST", "/purge", data=body, headers={"Content-Type": "application/json"}))[0] == 413


async def test_the_fleet_is_this_worker(served: tuple[Running, Admin]) -> None:
    _, admin = served
    fleet = await admin.get("/fleet")
    assert [member["id"] for member in fleet["members"]] == [fleet["me"]]
    assert fleet["members"][0]["behind"] is False
    assert (await admin.ask("POST", "/fleet/nobody/write-off", {}))[0] == 404
