"""Chromium, one at a time, with people in it who notice what is wrong with a page."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Request, sync_playwright

from deploy.ci.suite import find_chromium
from deploy.e2e.site import BASE_DIR, RunningSite

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run", "--force-color-profile=srgb"),
)
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
AXE = BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
STEP_LIMIT_MS = 15_000

# What the policy refuses is told to the page itself; kept in the page's own window, so that a test can ask.
LISTEN = """
window.refusedByPolicy = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refusedByPolicy.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample || ""}`));
"""
OPEN_DETAILS = """() => {
  const closed = [...document.querySelectorAll("details:not([open]):not([data-menu])")];
  for (const one of closed) { one.open = true; one.dataset.openedToLook = "yes"; }
}"""
CLOSE_DETAILS = """() => {
  for (const one of document.querySelectorAll("[data-opened-to-look]")) {
    one.open = false; delete one.dataset.openedToLook;
  }
}"""
ASK_AXE = """async ([tags, only]) => {
  const options = only ? {runOnly: {type: "rule", values: only}} : {runOnly: {type: "tag", values: tags}};
  const found = await axe.run(document, {...options, resultTypes: ["violations"]});
  return found.violations.map((one) => `${one.id}: ${one.help}\\n` + one.nodes.slice(0, 4).map((node) =>
    `      ${node.target.join(" ")}  ${node.html.slice(0, 160)}\\n      ${(node.failureSummary || "").split("\\n").slice(1, 3).join(" ").trim()}`
  ).join("\\n"));
}"""
# A change of colours or width shows in the frame after next at the latest.
SETTLE = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))"
TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  const page = document.scrollingElement;
  if (page.scrollWidth <= room) return [];
  const out = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > room + 1)
    .slice(-3).map((one) => one.outerHTML.slice(0, 120));
  return [`${page.scrollWidth} px wide in ${room} px: ${out.join(" | ")}`];
}"""


class NoChromium(Exception):
    """There is no Chromium on this machine."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium without a window; raises NoChromium."""
    path = find_chromium(dict(os.environ))
    if path is None:
        raise NoChromium("no Chromium on PATH (set CHROMIUM)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visitor:
    """One person at a browser of their own. ``faults`` collects what no page may have, with the page's address."""

    name: str
    site: RunningSite
    context: BrowserContext
    page: Page
    faults: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    # Answers that a test provokes on purpose are no faults of the page.
    expected: tuple[str, ...] = ()
    debugger: CDPSession | None = None

    @classmethod
    def arrive(cls, browser: Browser, site: RunningSite, name: str) -> Visitor:
        """Open a browser window for ``name``: nothing stored, the site's policy in force."""
        context = browser.new_context(viewport=DESKTOP, base_url=site.url, locale="en-GB", reduced_motion="reduce")  # type: ignore[arg-type]
        context.set_default_timeout(STEP_LIMIT_MS)
        context.add_init_script(LISTEN)
        visitor = cls(name, site, context, context.new_page())
        visitor.page.on("console", lambda message: visitor._hear(message.type, message.text))
        visitor.page.on("pageerror", lambda error: visitor._note(f"script error: {error}"))
        context.on("request", visitor._watch)
        return visitor

    def leave(self) -> None:
        self.context.close()

    def goto(self, path: str) -> Page:
        """Open a page and fail unless it answers 200."""
        answer = self.page.goto(path)
        assert answer is not None and answer.status == 200, f"{self.name}: {path} answers {answer and answer.status}"
        return self.page

    def sign_in(self, email: str, password: str) -> None:
        page = self.goto("/accounts/login/")
        page.get_by_label("Email address").fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"{self.site.url}/")

    def look(self, title: str = "") -> None:
        """Examine the page as it stands: WCAG 2.2 AA, contrast in the dark too, the policy, the width of a phone."""
        page, where = self.page, title or urlsplit(self.page.url).path
        page.wait_for_load_state("networkidle")
        if AXE.is_file():
            self._ask_axe_everywhere(where)
        else:
            warnings.warn("axe-core is not there (npm ci brings it): WCAG is NOT examined", stacklevel=1)
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        page.evaluate(SETTLE)
        for words in page.evaluate(TOO_WIDE):
            self.faults.append(f"{self.name} {where} (phone): {words}")
        page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        for words in page.evaluate("() => window.refusedByPolicy || []"):
            self._note(f"refused by the policy: {words}")
        self.seen.add(where)

    def _ask_axe_everywhere(self, where: str) -> None:
        page = self.page
        self._load_axe()
        page.evaluate(OPEN_DETAILS)
        for words in page.evaluate(ASK_AXE, [RULES, None]):
            self.faults.append(f"{self.name} {where}: {words}")
        page.emulate_media(color_scheme="dark")
        page.evaluate(SETTLE)
        for words in page.evaluate(ASK_AXE, [RULES, ["color-contrast"]]):
            self.faults.append(f"{self.name} {where} (dark): {words}")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        page.evaluate(SETTLE)
        for words in page.evaluate(TOO_WIDE):
            self.faults.append(f"{self.name} {where} (phone, all open): {words}")
        for words in page.evaluate(ASK_AXE, [RULES, ["target-size", "color-contrast", "scrollable-region-focusable"]]):
            self.faults.append(f"{self.name} {where} (phone): {words}")
        page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        page.evaluate(CLOSE_DETAILS)

    def _load_axe(self) -> None:
        # Through the debugger, which the page's policy does not bind: the policy stays in force for the page.
        if self.page.evaluate("() => typeof window.axe") == "undefined":
            # One for the visitor's whole stay: closing it would take a virtual authenticator (test_second_step) with it.
            if self.debugger is None:
                self.debugger = self.context.new_cdp_session(self.page)
            self.debugger.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})

    def _hear(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not any(words in text for words in self.expected):
            self._note(f"console {kind}: {text}")

    def _note(self, words: str) -> None:
        fault = f"{self.name} {urlsplit(self.page.url).path}: {words}"
        if fault not in self.faults:
            self.faults.append(fault)

    def _watch(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and f"{parts.scheme}://{parts.netloc}" != self.site.url:
            self._note(f"asks another origin: {request.url}")
