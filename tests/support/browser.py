"""A real browser, headless, and pages of it that remember whatever should not have happened."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright, expect

expect.set_options(timeout=10_000)

_ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, or whatever of its kind stands on PATH."""
    found = [path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))]
    assert found, "no chromium on PATH: `make chromium` installs Debian's"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found[0], args=_ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


class Visit:
    """One page. wrong: errors on its console, violations of its policy, requests that left its origin."""

    def __init__(self, context: BrowserContext, page: Page, base: str) -> None:
        self.context = context
        self.page = page
        self.base = base
        self.urls: list[str] = []
        self.wrong: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("request", self._asked)

    async def go(self, view: str = "") -> None:
        """To a view, such as `routes/ask`, by its address."""
        await self.page.goto(f"{self.base}#/{view}" if view else self.base)

    def _said(self, message: ConsoleMessage) -> None:
        # A browser logs each answer of 4xx; whether those are right is for the tests that provoke them.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.wrong.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        self.urls.append(request.url)
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.wrong.append(f"request: {request.url}")


@asynccontextmanager
async def visiting(browser: Browser, base: str, **look: Any) -> AsyncIterator[Visit]:
    """A page in a profile of its own, at nothing yet; at its end nothing may have been wrong. look: see new_context."""
    context = await browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **look})
    await context.add_init_script(_TELL_VIOLATIONS)
    try:
        visit = Visit(context, await context.new_page(), base)
        yield visit
        assert not visit.wrong
    finally:
        await context.close()
