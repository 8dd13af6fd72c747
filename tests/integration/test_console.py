"""The console in a real browser: what is done in the page is what clients get."""

import json
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from gateway.guard.filterfile import Filter, load, save
from gateway.model.outcome import Outcome
from gateway.observe.summary import hit_ratio
from gateway.policy.percentiles import percentile
from tests.support.admin import Admin, administered, settled
from tests.support.browser import Visit, chromium, visiting
from tests.support.gateway import RAG, Running, field, once, post
from tests.support.process import serving
from tests.support.upstream import Asked, ScriptedUpstream, Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARKUP = "<img src=x onerror=document.title='owned'>"
VIEWS = [
    "overview", "routes", "routes/rag", "entries", "entries/hot", "entries/explain", "entries/warm", "purge", "bloom",
    "upstreams", "fleet", "audit",
]  # fmt: skip
TOKENS = {
    "tokens": [
        {"name": "alice", "token": "oper4tor", "role": "operator"},
        {"name": "wall", "token": "v1ewer", "role": "viewer"},
    ]
}


async def answer(asked: Asked, wire: Wire) -> None:
    query = json.loads(asked.body or b"{}").get("query", "")
    await wire.json(json.dumps({"answer": f"about {query} {MARKUP}", "docs": [{"id": query}]}).encode())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream(answer) as service:
        yield service


class Console:
    """A gateway, its API, and a browser that may visit it."""

    def __init__(self, browser: Browser, gateway: Running, admin: Admin) -> None:
        self.browser = browser
        self.gateway = gateway
        self.admin = admin
        self.base = f"{admin.url}/"

    @asynccontextmanager
    async def visit(self, view: str = "", token: str | None = None, **look: Any) -> AsyncIterator[Visit]:
        """A view, signed in where a token is stated."""
        async with visiting(self.browser, self.base, **look) as visit:
            if token:
                await visit.context.add_init_script(f"sessionStorage.setItem('ragfront.token', '{token}')")
            await visit.go(view)
            yield visit

    async def ask(self, query: str) -> bytes:
        """The Cache-Status that a client gets."""
        body = json.dumps({"query": query}).encode()
        head, _ = await once(self.gateway.port, post(b"/rag", body, b"Connection: close"))
        return field(head, b"cache-status") or b""


@asynccontextmanager
async def opened(browser: Browser, upstream: str, folder: Path, admin: Any = None) -> AsyncIterator[Console]:
    file = folder / "known.bloom"
    known = Filter("known", 1000, 0.001)
    known.add("a")
    save(known, str(file))
    route = RAG | {
        "key": {"body": ["/query"]},
        "tags": ["doc:{/docs/*/id}"],
        "bloom": {"known": {"file": str(file), "at": "/query", "mode": "observe"}},
    }
    l2 = {"disk": {"path": str(folder / "l2")}}
    async with administered(upstream, route, l2=l2, admin=admin) as (gateway, api):
        yield Console(browser, gateway, api.as_("oper4tor") if admin else api)


@pytest_asyncio.fixture(loop_scope="module")
async def console(browser: Browser, upstream: ScriptedUpstream, tmp_path: Path) -> AsyncIterator[Console]:
    """Without tokens, on loopback."""
    async with opened(browser, upstream.url, tmp_path) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def guarded(browser: Browser, upstream: ScriptedUpstream, tmp_path: Path) -> AsyncIterator[Console]:
    """With an operator's and a viewer's token."""
    async with opened(browser, upstream.url, tmp_path, TOKENS) as made:
        yield made


def heading(page: Page, text: str) -> Any:
    return expect(page.get_by_role("heading", level=1, name=text, exact=True))


def shown(page: Page, text: str) -> Locator:
    """What stands in the view, and not what is said of it to those who do not see it."""
    return page.get_by_role("main").get_by_text(text)


# -- signing in -------------------------------------------------------------------------------------------------------


async def test_without_tokens_loopback_goes_straight_in(console: Console) -> None:
    async with console.visit() as visit:
        await heading(visit.page, "Overview").to_be_visible()
        await expect(visit.page.get_by_text("anonymous · operator")).to_be_visible()
        await expect(visit.page.get_by_role("button", name="Sign out")).to_have_count(0)


async def test_without_a_token_there_is_a_form_and_nothing_else(guarded: Console) -> None:
    async with guarded.visit("routes/rag") as visit:
        await expect(visit.page.get_by_label("Token")).to_be_focused()
        assert (await visit.page.locator("#console").inner_text()).split("\n")[0] == "ragfront"
        await expect(visit.page.get_by_role("navigation")).to_have_count(0)
        assert "rag " not in await visit.page.content()
        asked = {url.removeprefix(visit.base) for url in visit.urls if "/console/" not in url}
        assert {path.partition("#")[0] for path in asked} == {"", "me"}


async def test_signing_in_with_a_wrong_an_odd_and_the_right_token(guarded: Console) -> None:
    async with guarded.visit() as visit:
        page, token = visit.page, visit.page.get_by_label("Token")
        for shown, told in (
            ("", "Type the token"), ("wrong", "not known"), ("x" * 5000, "not known"), ("pässwörd", "visible ASCII"),
            ("two words", "visible ASCII"), ("\u0001", "visible ASCII"), ("日本", "visible ASCII"),
        ):  # fmt: skip
            await token.fill(shown)
            await token.press("Enter")
            await expect(page.get_by_role("alert")).to_contain_text(told)
        await token.fill("oper4tor")
        await token.press("Enter")
        await expect(page.get_by_text("alice · operator")).to_be_visible()
        await page.reload()
        await expect(page.get_by_text("alice · operator")).to_be_visible()
        assert not any("oper4tor" in url for url in [*visit.urls, page.url])
        assert "oper4tor" not in await page.evaluate("JSON.stringify(localStorage) + document.cookie")
        await page.get_by_role("button", name="Sign out").click()
        await expect(token).to_be_visible()
        assert await page.evaluate("sessionStorage.length") == 0


async def test_a_viewer_sees_everything_and_can_change_nothing(guarded: Console) -> None:
    await guarded.ask("a")
    async with guarded.visit("routes", "v1ewer") as visit:
        page = visit.page
        await expect(page.get_by_text("You look as a viewer")).to_be_visible()
        off = page.get_by_role("button", name="off", exact=True)
        await expect(off).to_be_disabled()
        await expect(off).to_have_accessible_description(
            re.compile("^You look as a viewer. What changes something is for")
        )
        for view, button in (
            ("routes/rag", "Apply to all workers"), ("purge", "Count what it will hit"), ("bloom", "Add keys"),
            ("upstreams", "Drain"), ("fleet", "Compare with what is in force"),
        ):  # fmt: skip
            await visit.go(view)
            await expect(page.get_by_role("button", name=button)).to_be_disabled()
        await visit.go("entries")
        await page.get_by_role("table").get_by_role("link").first.click()
        await expect(page.get_by_text("For operators.")).to_have_count(2)
        assert "about a" not in await page.content()


async def test_a_gateway_that_goes_away_is_told_and_comes_back(
    browser: Browser, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    async with visiting(browser, "") as visit:
        async with opened(browser, upstream.url, tmp_path) as first:
            visit.base = first.base
            await visit.go()
            await expect(visit.page.locator("#state")).to_contain_text("Live")
            port = int(first.base.split(":")[2].partition("/")[0])
        await expect(visit.page.locator("#state")).to_contain_text("does not answer")
        async with opened(browser, upstream.url, tmp_path, {"listen": f"127.0.0.1:{port}"}):
            await expect(visit.page.locator("#state")).to_contain_text("Live")
        async with opened(browser, upstream.url, tmp_path, {"listen": f"127.0.0.1:{port}", **TOKENS}):
            await expect(visit.page.get_by_label("Token")).to_be_visible()
            await expect(visit.page.get_by_role("navigation")).to_have_count(0)


# -- changing what clients get ----------------------------------------------------------------------------------------


async def test_turning_a_route_off_in_the_page_changes_what_clients_get_and_reverting_does(console: Console) -> None:
    await console.ask("a")
    assert b"; hit" in await console.ask("a")
    async with console.visit("routes") as visit:
        page = visit.page
        await page.get_by_role("button", name="off", exact=True).click()
        await page.get_by_label("Reason").fill("looks <b>wrong</b>")
        await page.get_by_role("button", name="Turn to off").click()
        await expect(page.get_by_role("button", name="off", exact=True)).to_have_attribute("aria-pressed", "true")
        assert b"mode-off" in await console.ask("a")
        await expect(page.get_by_role("table", name="Overrides")).to_contain_text("looks <b>wrong</b>")
        overrides = (await console.admin.get("/overrides"))["overrides"]
        assert 590 < overrides[0]["until"] - overrides[0]["at"] <= 600

        await page.get_by_role("button", name="Revert rag").click()
        await page.get_by_role("button", name="Revert", exact=True).click()
        await expect(shown(page, "Everything is as the file says.")).to_be_visible()
        assert b"; hit" in await console.ask("a")


async def test_a_policy_is_changed_by_a_form_that_says_what_is_wrong(console: Console) -> None:
    async with console.visit("routes/rag") as visit:
        page = visit.page
        apply, ttl = page.get_by_role("button", name="Apply to all workers"), page.get_by_label("TTL", exact=True)
        await apply.click()
        await expect(page.get_by_role("alert")).to_contain_text("Nothing is different")
        await ttl.fill("10 parsecs")
        await apply.click()
        await expect(page.get_by_role("alert")).to_contain_text("/cache/ttl")
        await ttl.fill("77s")
        await page.get_by_label("Other settings").fill('{"cache": {"statuses": [200, 404]}}')
        await page.get_by_label("For", exact=True).fill("-1m")
        await apply.click()
        await expect(page.get_by_role("alert")).to_contain_text("/for")
        await page.get_by_label("For", exact=True).fill("")
        await apply.click()
        await expect(shown(page, "Overridden by anonymous, until it is reverted")).to_be_visible()
        told = await console.admin.get("/routes/rag")
        assert (told["policy"]["cache"]["ttl"], told["policy"]["cache"]["statuses"]) == ("77s", [200, 404])
        await expect(ttl).to_have_value("77s")
        await page.get_by_label("Only settings with").fill("cache.ttl")
        await expect(page.get_by_role("table", name="Settings in force").get_by_role("row")).to_have_count(2)


async def test_who_changes_what_somebody_else_has_just_changed_is_told(console: Console) -> None:
    async with console.visit("routes/rag") as visit:
        page = visit.page
        await page.get_by_label("TTL", exact=True).fill("1m")
        await console.admin.ask("PATCH", "/routes/rag", {"cache": {"ttl": "2m"}})
        await page.get_by_role("button", name="Apply to all workers").click()
        await expect(page.get_by_role("alert")).to_contain_text("changed meanwhile")
        assert (await console.admin.get("/routes/rag"))["policy"]["cache"]["ttl"] == "2m"
        await page.get_by_role("button", name="Discard").click()
        await expect(page.get_by_label("TTL", exact=True)).to_have_value("2m")


async def stored(console: Console, number: int) -> None:
    """So many answers stand on disk."""
    await settled(lambda: console.admin.get("/entries?tier=disk"), lambda found: len(found["entries"]) == number)


async def test_a_purge_is_counted_then_confirmed_and_then_nobody_gets_the_old_answer(console: Console) -> None:
    for query in ("a", "a2", "b"):
        await console.ask(query)
    await stored(console, 3)
    async with console.visit("purge") as visit:
        page = visit.page
        await page.get_by_label("What", exact=True).select_option("prefix")
        await page.get_by_label("Beginnings").fill("doc:a")
        await page.get_by_role("button", name="Count what it will hit").click()
        await expect(shown(page, "This removes 2 stored answers")).to_be_visible()
        assert b"; hit" in await console.ask("a"), "nothing is purged before it is confirmed"
        await page.get_by_role("button", name="Remove 2 stored answers").click()
        await expect(shown(page, "Confirmed by all 1 workers")).to_be_visible()
        await expect(page.locator("#said")).to_contain_text("Confirmed by all")
    assert b"fwd=" in await console.ask("a")
    assert b"; hit" in await console.ask("b")


async def test_what_is_purged_is_what_was_chosen(console: Console) -> None:
    async with console.visit("purge") as visit:
        page = visit.page
        for scope, value, gone in (
            ("route", "rag", True), ("tags", "doc:a", True), ("tags", "doc:nothing", False), ("all", None, True),
        ):  # fmt: skip
            await console.ask("a")
            await stored(console, 1)
            await page.get_by_label("What", exact=True).select_option(scope)
            if scope == "route":
                await page.get_by_label("Route").select_option(value)
            elif value is not None:
                await page.locator("#value").fill(value)
            await page.get_by_label("How").select_option("expire" if scope == "all" else "purge")
            await page.get_by_role("button", name="Count what it will hit").click()
            verb = "Expire" if scope == "all" else "Remove"
            await page.get_by_role("button", name=f"{verb} {int(gone)} stored").click()
            await expect(shown(page, "Confirmed by all")).to_be_visible()
            told = await console.ask("a")
            assert (b"; hit; ttl=-" in told) if scope == "all" else (b"fwd=" in told) is gone, (scope, value)


@pytest.mark.slow
async def test_a_fleet_tells_who_is_behind_with_a_purge_and_takes_a_new_file(
    browser: Browser, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    async with serving(tmp_path, upstream.url, f"{{disk: {{path: {tmp_path}/l2}}}}", workers=2) as gateway:
        async with aiohttp.ClientSession() as session:
            admin = Admin(session, f"http://127.0.0.1:{gateway.admin}/admin")
            fleet = await settled(lambda: admin.get("/fleet"), lambda found: len(found["members"]) == 2)
        other = next(member["pid"] for member in fleet["members"] if member["id"] != fleet["me"])
        async with visiting(browser, f"http://127.0.0.1:{gateway.admin}/admin/") as visit:
            page = visit.page
            await visit.go("purge")
            await page.get_by_label("What", exact=True).select_option("all")
            await page.get_by_role("button", name="Count what it will hit").click()
            os.kill(other, signal.SIGSTOP)
            try:
                await page.get_by_role("button", name="Remove").click()
                await expect(shown(page, "1 of 2 workers may still serve")).to_be_visible()
                await expect(page.get_by_role("row").filter(has_text=str(other))).to_contain_text("behind")
            finally:
                os.kill(other, signal.SIGCONT)
            await expect(shown(page, "Confirmed by all 2 workers")).to_be_visible()

            file = tmp_path / "gateway.yaml"
            file.write_text(file.read_text().replace("cache: {ttl: 10m}", "cache: {ttl: 11m}"))
            await visit.go("fleet")
            await expect(page.get_by_role("table", name="Workers").get_by_role("row")).to_have_count(3)
            await page.get_by_role("button", name="Compare with what is in force").click()
            await expect(page.get_by_role("table", name="Changes in the file")).to_contain_text("routes.rag.cache.ttl")
            await page.get_by_role("button", name="Take the file's settings").click()
            await expect(shown(page, "All workers take")).to_be_visible()
            await visit.go("routes")
            await expect(page.get_by_role("table").first).to_contain_text("11m")


async def test_a_replica_is_drained_and_enabled(console: Console) -> None:
    async with console.visit("upstreams") as visit:
        page = visit.page
        await page.get_by_role("button", name="Drain").click()
        await page.get_by_role("dialog").get_by_role("button", name="Drain").click()
        await expect(shown(page, "drained")).to_be_visible()
        assert b"drained" in await console.ask("new")
        await page.get_by_role("button", name="Enable").click()
        await page.get_by_role("dialog").get_by_role("button", name="Enable").click()
        await expect(page.get_by_role("row").filter(has_text="● well")).to_be_visible()
        assert b"drained" not in await console.ask("new")


async def test_keys_are_added_to_a_filter(console: Console, tmp_path: Path) -> None:
    async with console.visit("bloom") as visit:
        page = visit.page
        await expect(shown(page, "1 of 1,000")).to_be_visible()
        await page.get_by_role("button", name="Add keys").click()
        await page.get_by_label("Ids").fill("b\n\nc\n")
        await page.get_by_role("button", name="Add", exact=True).click()
        await expect(shown(page, "3 of 1,000")).to_be_visible()
        await page.get_by_role("button", name="Swap the file").click()
        await page.get_by_role("textbox", name="File").fill("../etc/passwd")
        await page.get_by_role("button", name="Swap", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("/file")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
    assert "c" in load(str(tmp_path / "known.bloom"), "known")


# -- looking ----------------------------------------------------------------------------------------------------------


async def test_entries_are_found_by_tag_looked_at_and_explained(console: Console) -> None:
    for query in ("a", "b"):
        await console.ask(query)
    await stored(console, 2)
    async with console.visit("entries") as visit:
        page = visit.page
        await page.get_by_label("Tag").fill("doc:a*")
        await page.get_by_role("button", name="List").click()
        await expect(shown(page, "1 found among 2 looked at.")).to_be_visible()
        await page.get_by_role("table").get_by_role("link").click()
        await expect(page.get_by_label("Body of the answer")).to_contain_text(f"about a {MARKUP}")
        await expect(page).to_have_title("Entries · ragfront")
        await page.get_by_role("link", name="Explain a request").click()
        await page.get_by_label("Path and query").fill("/rag")
        await page.get_by_label("Headers").fill("Host: gw\nX-Odd")
        await page.get_by_label("Body").fill('{"query": "a"}')
        await page.get_by_role("button", name="Explain").click()
        await expect(page.get_by_role("alert")).to_contain_text("a name, a colon and a value: X-Odd")
        await page.get_by_label("Headers").fill("Host: gw")
        await page.get_by_role("button", name="Explain").click()
        await expect(shown(page, "● hit")).to_be_visible()
        await page.get_by_role("link", name="purge it").click()
        await expect(page.get_by_label("Keys")).to_have_value(
            (await console.admin.get("/entries?tag=doc:a"))["entries"][0]["key"]
        )


async def test_questions_are_made_ready_and_an_entry_is_looked_up_by_its_key(console: Console) -> None:
    async with console.visit("entries/warm") as visit:
        page = visit.page
        await page.get_by_label("Questions").fill("{")
        await page.get_by_role("button", name="Make their answers ready").click()
        await expect(page.get_by_role("alert")).to_contain_text("/0")
        await page.get_by_label("Questions").fill('{"path": "/rag", "headers": {"Host": "gw"}, "body": {"query": "a"}}')
        await page.get_by_role("button", name="Make their answers ready").click()
        await expect(shown(page, "1 of 1")).to_be_visible()
        assert b"; hit" in await console.ask("a")
        await page.get_by_role("link", name="Browse").click()
        key = (await console.admin.get("/entries"))["entries"][0]["key"]
        for shown_key, told in ((key, "doc:a"), ("../../fleet", "no entry under this key")):
            await page.get_by_label("Or by key").fill(shown_key)
            await page.get_by_role("button", name="Look up").click()
            await expect(page.get_by_role("main")).to_contain_text(told)
            await page.get_by_role("link", name="Browse").click()


async def test_figures_move_and_a_price_typed_in_tells_what_was_saved(console: Console) -> None:
    async with console.visit() as visit:
        page = visit.page
        for _ in range(4):
            await console.ask("a")
        outcomes = page.get_by_role("table", name="Requests by outcome")
        await expect(outcomes.get_by_role("row").filter(has_text="hit")).to_contain_text("75 %")
        # Of the last look alone: how many of the four fell into that is chance.
        await expect(page.get_by_role("img", name=re.compile(r"Hit ratio: hits \d+ %"))).to_be_visible()
        await page.get_by_label("For", exact=True).select_option("thousand")
        await page.get_by_label("Price").fill("1000")
        await page.get_by_label("Currency").fill("EUR")
        await expect(page.get_by_text("3.00 EUR", exact=True)).to_be_visible()
        await page.reload()
        await expect(page.get_by_text("3.00 EUR", exact=True)).to_be_visible()


SUMMED = """async ([buckets, outcomes]) => {
  const figures = await import("./console/figures.js");
  return [buckets.map((one) => figures.percentile(...one)), outcomes.map(figures.hitRatio), figures.OUTCOMES];
}"""


async def test_the_page_sums_up_as_the_gateway_does(console: Console) -> None:
    buckets = [
        ([0.1, 1.0], counts, part)
        for counts in ([0, 0, 0], [4, 0, 0], [1, 3, 6], [0, 5, 1])
        for part in (0.5, 0.9, 0.99)
    ]
    outcomes = [{}, {"bypass": 3}, {"hit": 3, "miss": 1, "bypass": 5}, {"stale": 1, "empty": 1, "shed": 2}]
    async with console.visit() as visit:
        percentiles, ratios, known = await visit.page.evaluate(SUMMED, [buckets, outcomes])
    assert percentiles == [pytest.approx(percentile(*one)) if sum(one[1]) else None for one in buckets]
    assert ratios == [hit_ratio(one) for one in outcomes]
    assert set(known) == set(Outcome)


LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"color_scheme": "light", "viewport": {"width": 375, "height": 700}, "has_touch": True},
    "phone-dark": {"color_scheme": "dark", "viewport": {"width": 375, "height": 700}},
}
# Text on its ground: WCAG 2.2, 1.4.3: 4.5 to 1, or 3 to 1 where it is large. What cannot be used is not asked about.
POOR_CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const ground = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const found = rgb(getComputedStyle(one).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")].filter((one) =>
    [...one.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()) && one.checkVisibility()
    && !one.closest(":disabled")).map((one) => {
      const style = getComputedStyle(one);
      const [a, b] = [light(rgb(style.color)), light(ground(one))].sort((x, y) => y - x);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
      return [(a + 0.05) / (b + 0.05) / (large ? 3 : 4.5), one];
    }).filter(([ratio]) => ratio < 1).map(([ratio, one]) => `${ratio.toFixed(2)} ${one.outerHTML.slice(0, 80)}`);
}"""
UNNAMED = """() => [...document.querySelectorAll("button, a[href], input, select, textarea")].filter((one) =>
  one.checkVisibility() && !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.length))
  .map((one) => one.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("look", LOOKS)
async def test_every_view_holds_in_every_look(console: Console, look: str) -> None:
    """No error, no violation, no request elsewhere (all told at the visit's end), nothing wider than the screen."""
    await console.ask("a")
    await console.admin.ask("PATCH", "/routes/rag", {"drift": {"sample": "1%"}, "for": "1h", "reason": "x" * 300})
    await stored(console, 1)
    async with console.visit(**LOOKS[look]) as visit:
        page = visit.page
        key = (await console.admin.get("/entries"))["entries"][0]["key"]
        for view in [*VIEWS, f"entries/key/{key}", "nowhere/at/all/%ff"]:
            await visit.go(view)
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            await expect(page.locator("main :is(table, dl, form, .cards, .nothing)").first).to_be_visible()
            wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (view, wide)
            assert await page.evaluate(POOR_CONTRAST) == [], view
            assert await page.evaluate(UNNAMED) == [], view


async def test_the_theme_follows_the_system_until_somebody_chooses(console: Console) -> None:
    def ground(page: Page) -> Any:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    async with console.visit(color_scheme="dark") as visit:
        button = visit.page.locator("#theme")
        dark = await ground(visit.page)
        await button.click()
        await expect(button).to_have_text("Theme: light")
        light = await ground(visit.page)
        await visit.page.reload()
        assert await ground(visit.page) == light != dark
        await button.click()
        assert await ground(visit.page) == dark
        await button.click()
        await expect(button).to_have_text("Theme: system")
        await visit.page.emulate_media(color_scheme="light")
        assert await ground(visit.page) == light


async def tab_to(page: Page, name: str, most: int = 60) -> None:
    """Press Tab until something of this name has the focus, which can be seen."""
    for _ in range(most):
        await page.keyboard.press("Tab")
        told = await page.evaluate(
            "() => { const one = document.activeElement, style = getComputedStyle(one);"
            " return [one.getAttribute('aria-label') || one.labels?.[0]?.textContent || one.textContent,"
            " style.outlineStyle, parseFloat(style.outlineWidth)]; }"
        )
        if told[0] == name:
            assert (told[1], told[2] >= 2) == ("solid", True), f"{name}: its focus cannot be seen"
            return
    raise AssertionError(f"no {name} can be reached")


async def test_everything_can_be_done_by_keyboard(console: Console) -> None:
    await console.ask("a")
    async with console.visit() as visit:
        page, keys = visit.page, visit.page.keyboard
        await heading(page, "Overview").to_be_visible()
        await tab_to(page, "Skip to the view")
        await keys.press("Enter")
        await expect(page.get_by_role("main")).to_be_focused()
        await page.evaluate("document.activeElement.blur()")
        await tab_to(page, "Routes")
        await keys.press("Enter")
        await heading(page, "Routes").to_be_focused()
        await tab_to(page, "off")
        await keys.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await keys.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.get_by_role("button", name="off", exact=True)).to_be_focused()
        await keys.press("Space")
        await tab_to(page, "Reason")
        await keys.type("by hand")
        await keys.press("Enter")
        await expect(page.get_by_role("button", name="off", exact=True)).to_have_attribute("aria-pressed", "true")
        await expect(page.locator("#said")).to_have_text("In force in every worker and replica.")
        assert b"mode-off" in await console.ask("a")
        async with page.expect_response("**/admin/routes"):  # what is read anew does not take the focus away
            pass
        await expect(page.get_by_role("button", name="off", exact=True)).to_be_focused()


FETCH = """([url, sent]) => fetch(url, sent).then(() => "answered", () => "failed")"""


async def test_a_form_of_another_site_changes_nothing(console: Console) -> None:
    await console.ask("a")
    async with visiting(console.browser, "http://localhost") as visit:
        await visit.page.route(
            "http://localhost/", lambda route: route.fulfill(body="<p>elsewhere", content_type="text/html")
        )
        await visit.page.goto("http://localhost/")
        visit.wrong.clear()
        for headers in ({}, {"Content-Type": "application/json"}):
            for mode, told in (("no-cors", None), ("cors", "failed")):
                sent = {"method": "POST", "headers": headers, "body": '{"all": true}', "mode": mode}
                found = await visit.page.evaluate(FETCH, [f"{console.base}purge", sent])
                assert told in (None, found)
        visit.wrong.clear()  # the browser says what it has kept the page from
    assert b"; hit" in await console.ask("a")
