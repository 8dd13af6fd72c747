"""Pictures of the console: a gateway under load, each view in both themes and on a phone.

    python -m tests.support.screenshots FOLDER [SECONDS of load; 240] [full: whole pages, not what a screen shows]

Starts an example service, ragfront in front of it, and a headless Chromium; ends them all.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

import aiohttp
from playwright.async_api import Browser, BrowserContext, Page

from gateway.demo.questions import questions, zipf
from tests.support.admin import Admin
from tests.support.browser import chromium
from tests.support.ports import free_port

CONFIG = """\
listen: 127.0.0.1:{port}
admin:
  listen: 127.0.0.1:{admin}
  tokens:
    - {{name: alice, token: operator-token, role: operator}}
    - {{name: wall, token: viewer-token, role: viewer}}
workers: 2
upstreams:
  rag:
    urls: [http://127.0.0.1:{one}, http://127.0.0.1:{other}]
    concurrency: {{mode: adaptive, limit: 16}}
l2: {{disk: {{path: {folder}/l2}}}}
control: {{path: {folder}/control}}
routes:
  - preset: rag
    name: ask
    upstream: rag
    cache: {{ttl: 20s, stale_while_revalidate: 10s}}
    bloom:
      known: {{mode: observe, file: {folder}/known.bloom, at: /kb_id}}
      seen_empty: {{mode: enforce}}
    drift: {{sample: 2%, similarity: 0%}}
  - preset: openai-chat
    name: chat
    upstream: rag
  - preset: openai-embeddings
    name: embeddings
    upstream: rag
    cache: {{mode: shadow}}
"""
WHOLE = "full" in sys.argv
SERVICE = ("--slots", "24", "--first-token", "60ms", "--per-token", "1ms")
VIEWS = {
    "overview": "#/overview", "routes": "#/routes", "route": "#/routes/ask", "entries": "#/entries?route=ask",
    "hottest": "#/entries/hot", "warm": "#/entries/warm", "explain": "#/entries/explain?path=/rag",
    "purge": "#/purge?route=ask", "bloom": "#/bloom", "upstreams": "#/upstreams", "fleet": "#/fleet",
    "audit": "#/audit",
}  # fmt: skip


@contextmanager
def _process(*arguments: str) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", *arguments])
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


async def _until_ready(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(120):
        while True:
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.2)


async def _load(session: aiohttp.ClientSession, url: str, seed: int) -> None:
    """One client: mostly /rag, some chats and embeddings, now and then something that nobody can answer."""
    random, asked = Random(seed), zipf(questions(), 0.9, seed=1)
    for _ in range(seed * 40):
        next(asked)
    while True:
        kind, text = random.random(), next(asked)
        if kind < 0.8:
            path, body = "/rag", {"query": text, "top_k": 3, "kb_id": "python"}
        elif kind < 0.9:
            path, body = "/v1/chat/completions", {"model": "demo", "messages": [{"role": "user", "content": text}]}
        elif kind < 0.97:
            path, body = "/v1/embeddings", {"model": "demo", "input": text}
        elif kind < 0.99:
            path, body = "/rag", {"query": f"zzqx{random.randrange(40)}", "kb_id": random.choice(["python", "perl"])}
        else:
            path, body = "/elsewhere", {}
        try:
            async with session.post(f"{url}{path}", json=body) as answer:
                await answer.read()
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(random.expovariate(6))


async def _operate(admin: Admin) -> None:
    """What an operator has done before the pictures are taken."""
    await admin.ask(
        "PATCH", "/routes/ask", {"cache": {"ttl": "2m"}, "for": "45m", "reason": "launch day: spare the GPUs"}
    )
    await admin.ask("PATCH", "/routes/ask", {"cache": {"tll": "2m"}})
    await admin.ask("POST", "/purge", {"tags": ["doc:functions-12", "doc:compound_stmts-3"]})
    await admin.as_("viewer-token").ask("POST", "/purge", {"all": True})
    await admin.ask("POST", "/expire", {"route": "chat"})


async def _picture(context: BrowserContext, base: str, out: Path, suffix: str, *, overview: Page | None) -> None:
    page = await context.new_page()
    await page.goto(base)
    for name, hash in VIEWS.items():
        shown = overview if name == "overview" and overview is not None else page
        if shown is page:
            await page.goto(f"{base}{hash}")
        await shown.wait_for_timeout(900)
        if name == "explain":
            await page.fill("#body", json.dumps({"query": questions()[0], "top_k": 3, "kb_id": "python"}))
            await page.click("text=Explain >> nth=-1")
        if name == "purge":
            await page.click("text=Count what it will hit")
        await shown.wait_for_timeout(400)
        await shown.evaluate("scrollTo(0, 0)")
        await shown.screenshot(path=out / f"{name}-{suffix}.png", full_page=WHOLE)
    await page.close()


async def _pictures(browser: Browser, base: str, out: Path, seconds: float) -> None:
    looks = {
        "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
        "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
        "phone": {"color_scheme": "light", "viewport": {"width": 375, "height": 740}, "device_scale_factor": 2},
        "phone-dark": {"color_scheme": "dark", "viewport": {"width": 375, "height": 740}, "device_scale_factor": 2},
    }
    opened: dict[str, tuple[BrowserContext, Page]] = {}
    for name, look in looks.items():
        context = await browser.new_context(reduced_motion="reduce", **look)  # type: ignore[arg-type]
        await context.add_init_script(
            "sessionStorage.setItem('ragfront.token', 'operator-token');"
            """localStorage.setItem('ragfront.price', '{"amount": "0.0009", "unit": "EUR", "per": "second"}');"""
        )
        page = await context.new_page()
        await page.goto(f"{base}#/overview")
        opened[name] = (context, page)
    await asyncio.sleep(seconds)
    for name, (context, page) in opened.items():
        await _picture(context, base, out, name, overview=page)
    stranger = await browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    await stranger.goto(base)
    await stranger.wait_for_timeout(500)
    await stranger.screenshot(path=out / "sign-in-light.png")


async def main(out: Path, seconds: float) -> None:
    """Take all pictures into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    port, admin, one, other = (free_port() for _ in range(4))
    with tempfile.TemporaryDirectory(prefix="ragfront-pictures-") as made, ExitStack() as stack:
        folder = Path(made)
        names = {"port": port, "admin": admin, "one": one, "other": other, "folder": folder}
        (folder / "gateway.yaml").write_text(CONFIG.format(**names))
        build = [sys.executable, "-m", "gateway", "bloom", "build", "--from", "-", "--out", str(folder / "known.bloom")]
        subprocess.run(build, input=b"python\npython-extending\nwhatsnew\n", check=True)
        os.environ["PYTHONUNBUFFERED"] = "1"
        for service in (one, other):
            stack.enter_context(_process("gateway.demo", "--listen", f"127.0.0.1:{service}", *SERVICE))
        stack.enter_context(_process("gateway", "serve", "--config", str(folder / "gateway.yaml")))
        async with aiohttp.ClientSession() as session, chromium() as browser:
            for url in (
                f"http://127.0.0.1:{one}/health",
                f"http://127.0.0.1:{other}/health",
                f"http://127.0.0.1:{admin}/readyz",
            ):
                await _until_ready(session, url)
            clients = [asyncio.create_task(_load(session, f"http://127.0.0.1:{port}", seed)) for seed in range(12)]
            api = Admin(session, f"http://127.0.0.1:{admin}/admin", "operator-token")
            await asyncio.sleep(min(10, seconds / 3))
            await _operate(api)
            await _pictures(browser, f"http://127.0.0.1:{admin}/admin/", out, seconds)
            for client in clients:
                client.cancel()
            await asyncio.gather(*clients, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 240.0))
