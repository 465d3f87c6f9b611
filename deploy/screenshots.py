"""``python -m deploy.screenshots``: the pictures of the docs, taken of a real site with demo data.

Starts a site of its own in a temporary data folder, goes through the loop's pages as the demo's people and writes
``docs/images/*.png``: a desktop window or a phone, palette PNGs below :data:`MAX_BYTES`.
``python -m deploy.screenshots desk`` takes only the pictures whose names contain ``desk``.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, Page

from deploy.demo.logins import ADMIN, INSTRUCTOR, NEW_STUDENT, PASSWORD, STUDENT
from deploy.e2e.chromium import DESKTOP, PHONE, Visitor, chromium
from deploy.e2e.site import BASE_DIR, RunningSite, running_site

IMAGES = BASE_DIR / "docs" / "images"
MAX_BYTES = 200_000
STORIES_LIMIT_S = 180.0
SAMPLE = BASE_DIR / "deploy" / "demo" / "sample_draft.docx"

Way = Callable[[Visitor], None]


@dataclass(frozen=True)
class Shot:
    """One picture: its file name, who looks, and the way there."""

    name: str
    who: str
    way: Way
    size: str = "desktop"
    dark: bool = False


def follow(*links: str) -> Way:
    """Return the way from home through links, each the first whose words contain the given ones."""

    def go(visitor: Visitor) -> None:
        visitor.goto("/")
        for words in links:
            visitor.page.locator("main").get_by_role("link", name=words).first.click()
            visitor.page.wait_for_load_state("networkidle")

    return go


def straight(path: str) -> Way:
    return lambda visitor: void(visitor.goto(path))


def void(_page: Page) -> None:
    """Forget the page: a way only goes there."""


ESSAY = "Argue for an answer"


def course_page(part: str) -> Way:
    def go(visitor: Visitor) -> None:
        visitor.goto("/courses/")
        visitor.page.locator("main .row-link, main tbody a, main .card a").first.click()
        visitor.page.wait_for_load_state("networkidle")
        if part:
            visitor.goto(f"{urlsplit(visitor.page.url).path}{part}")

    return go


def rubric(visitor: Visitor) -> None:
    course_page("rubrics/")(visitor)
    visitor.page.locator("main a[href^='/rubrics/']").first.click()
    visitor.page.wait_for_load_state("networkidle")


def assignment(part: str) -> Way:
    def go(visitor: Visitor) -> None:
        course_page("")(visitor)
        visitor.page.get_by_role("link", name=ESSAY).first.click()
        visitor.page.wait_for_load_state("networkidle")
        if part:
            visitor.goto(f"{urlsplit(visitor.page.url).path}{part}")

    return go


def trial(visitor: Visitor) -> None:
    """Open the newest trial that has been read to its end."""
    assignment("try/")(visitor)
    visitor.page.locator("tbody tr:has(.badge-ok) a").first.click()
    visitor.page.wait_for_load_state("networkidle")


def desk(tab: str) -> Way:
    def go(visitor: Visitor) -> None:
        assignment("review/?sort=disagree")(visitor)
        page = visitor.page
        page.locator("tbody tr:has(.badge-warn) th a, tbody th a").first.click()
        page.wait_for_url("**/review/**")
        if tab != "notes":
            page.get_by_role("navigation", name="Parts of the review").get_by_role("link", name=tab.title()).click()
        page.wait_for_load_state("networkidle")

    return go


def asked(visitor: Visitor) -> None:
    """Release a draft on which the reviewers disagree: the desk asks first."""
    assignment("review/?filter=disagree")(visitor)
    page = visitor.page
    page.locator("tbody th a").first.click()
    page.get_by_role("button", name="Release", exact=True).click()
    page.get_by_role("button", name="Release anyway").wait_for()


def feedback(visitor: Visitor) -> None:
    assignment("")(visitor)
    visitor.page.locator("#drafts a[href$='/feedback/']").first.click()
    visitor.page.wait_for_load_state("networkidle")


def progress(visitor: Visitor) -> None:
    assignment("submit/")(visitor)
    page = visitor.page
    page.set_input_files("input[type=file]", SAMPLE)
    page.get_by_role("button", name="Hand in").click()
    page.wait_for_url("**/drafts/*/")
    page.locator("#progress progress").wait_for(timeout=30_000)


REPORT = "Report on a small experiment"


def two_files(visitor: Visitor) -> None:
    """Allow two files and a look at the text, then hand in a good file and a torn one."""
    browser = visitor.context.browser
    assert browser is not None
    host = Visitor.arrive(browser, visitor.site, "instructor")
    host.sign_in(INSTRUCTOR, PASSWORD)
    course_page("")(host)
    host.page.get_by_role("link", name=REPORT).first.click()
    host.page.wait_for_url("**/assignments/*/")
    host.goto(f"{urlsplit(host.page.url).path}edit/")
    host.page.get_by_label("Files per draft").fill("2")
    host.page.get_by_label("Students check the text").check()
    host.page.get_by_role("button", name=re.compile("^Save")).first.click()
    host.page.wait_for_load_state("networkidle")
    host.leave()
    course_page("")(visitor)
    page = visitor.page
    page.get_by_role("link", name=REPORT).first.click()
    page.wait_for_url("**/assignments/*/")
    visitor.goto(f"{urlsplit(page.url).path}submit/")
    torn = {"name": "tables and figures.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 torn " * 4}
    whole = {"name": "report.docx", "mimeType": "application/octet-stream", "buffer": SAMPLE.read_bytes()}
    page.set_input_files("input[type=file]", [whole, torn])  # type: ignore[arg-type]
    page.get_by_role("button", name="Hand in").click()
    page.get_by_role("link", name="What went wrong").click(timeout=60_000)
    page.wait_for_load_state("networkidle")


def checked(visitor: Visitor) -> None:
    """Replace the torn file and come to the check of the text."""
    page = visitor.page
    visitor.goto("/")
    page.locator("main").get_by_role(
        "link", name=re.compile("could not be read|Replace|Report on", re.IGNORECASE)
    ).first.click()
    page.wait_for_load_state("networkidle")
    if "/assignments/" in page.url:
        page.locator("main a[href*='/drafts/']").first.click()
    page.get_by_role("link", name="Replace the file, or paste the text").first.click()
    words = "Table 1\n\nSeedlings after a week: 9 of 10 with tap water, 4 of 10 with salt water."
    tables = {"name": "tables.txt", "mimeType": "text/plain", "buffer": words.encode()}
    page.set_input_files("input[type=file]", tables)  # type: ignore[arg-type]
    page.get_by_role("button", name="Use this instead").click()
    page.get_by_role("link", name="Check the text").first.click(timeout=60_000)
    page.wait_for_load_state("networkidle")


def join(visitor: Visitor) -> None:
    """Invite somebody as the instructor, read the mail as the administrator, open its link as nobody yet."""
    email = "lena.abara@demo.example"
    browser = visitor.context.browser
    assert browser is not None
    host, desk_of_site = (Visitor.arrive(browser, visitor.site, name) for name in ("instructor", "administrator"))
    host.sign_in(INSTRUCTOR, PASSWORD)
    course_page("roster/")(host)
    host.page.get_by_label("Email address").fill(email)
    host.page.get_by_label(re.compile("^Name")).fill("Lena Abara")
    host.page.get_by_role("button", name="Invite", exact=True).click()
    host.page.wait_for_load_state("networkidle")
    desk_of_site.sign_in(ADMIN, PASSWORD)
    desk_of_site.goto(f"/outbox/?q={email}").locator("tbody a").first.click()
    link = desk_of_site.page.locator("main a", has_text="/join/").first.get_attribute("href") or ""
    host.leave()
    desk_of_site.leave()
    visitor.goto(urlsplit(link).path)


SHOTS: tuple[Shot, ...] = (
    Shot("login", "nobody", straight("/accounts/login/")),
    Shot("join", "nobody", join),
    Shot("second-step", ADMIN, straight("/accounts/2fa/")),
    Shot("sessions", ADMIN, straight("/accounts/sessions/")),
    Shot("is-it-you", ADMIN, straight("/accounts/2fa/totp/activate/")),
    Shot("home-administrator", ADMIN, straight("/")),
    Shot("providers", ADMIN, straight("/providers/")),
    Shot("models", ADMIN, straight("/models/")),
    Shot("people", ADMIN, straight("/people/")),
    Shot("audit", ADMIN, straight("/audit/")),
    Shot("audit-search-dark", ADMIN, straight("/audit/?q=released"), dark=True),
    Shot("audit-phone", ADMIN, straight("/audit/"), size="phone"),
    Shot("home-instructor", INSTRUCTOR, straight("/")),
    Shot("course", INSTRUCTOR, course_page("")),
    Shot("roster", INSTRUCTOR, course_page("roster/")),
    Shot("course-record", INSTRUCTOR, course_page("record/")),
    Shot("rubric-editor", INSTRUCTOR, rubric),
    Shot("assignment-editor", INSTRUCTOR, assignment("edit/")),
    Shot("try-it", INSTRUCTOR, assignment("try/")),
    Shot("trial", INSTRUCTOR, trial),
    Shot("trial-phone", INSTRUCTOR, trial, size="phone"),
    Shot("insight", INSTRUCTOR, assignment("insight/")),
    Shot("insight-dark", INSTRUCTOR, assignment("insight/"), dark=True),
    Shot("costs", INSTRUCTOR, assignment("costs/")),
    Shot("queue", INSTRUCTOR, assignment("review/")),
    Shot("desk-asks", INSTRUCTOR, asked),
    Shot("desk-notes", INSTRUCTOR, desk("notes")),
    Shot("desk-notes-dark", INSTRUCTOR, desk("notes"), dark=True),
    Shot("desk-notes-phone", INSTRUCTOR, desk("notes"), size="phone"),
    Shot("desk-rubric", INSTRUCTOR, desk("rubric")),
    Shot("home-student", STUDENT, straight("/")),
    Shot("home-student-phone", STUDENT, straight("/"), size="phone"),
    Shot("feedback", STUDENT, feedback),
    Shot("feedback-dark", STUDENT, feedback, dark=True),
    Shot("feedback-phone", STUDENT, feedback, size="phone"),
    Shot("assignment-student", NEW_STUDENT, assignment("")),
    Shot("submit", NEW_STUDENT, assignment("submit/")),
    Shot("progress", NEW_STUDENT, progress),
    Shot("file-refused", NEW_STUDENT, two_files),
    Shot("check-text", NEW_STUDENT, checked),
)


def main(arguments: list[str]) -> int:
    """Take the pictures; 0 when all were taken and are small enough."""
    wanted = [shot for shot in SHOTS if not arguments or any(words in shot.name for words in arguments)]
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="feedforward-pictures-") as folder,
        # Slow enough that the picture of the progress shows some.
        running_site(Path(folder) / "data", reviewer_delay_s=6.0) as site,
        chromium() as browser,
    ):
        await_stories(site)
        return take(wanted, site, browser)


def await_stories(site: RunningSite) -> None:
    """Wait until the demo's drafts are read and its second feedback is there."""
    script = "from feedback.models import Feedback; print(Feedback.objects.filter(status='released').count())"
    deadline = time.monotonic() + STORIES_LIMIT_S
    while time.monotonic() < deadline:
        released = int(site.manage("shell", "-v0", "-c", script).split()[-1])
        if released >= 4:
            return
        time.sleep(5.0)


def take(wanted: list[Shot], site: RunningSite, browser: Browser) -> int:
    """Take ``wanted`` one after the other, each person with one window; return 1 when a picture is too large."""
    too_large = []
    visitors: dict[str, Visitor] = {}
    for shot in wanted:
        if shot.who not in visitors:
            visitors[shot.who] = Visitor.arrive(browser, site, shot.who)
            if shot.who != "nobody":
                visitors[shot.who].sign_in(shot.who, PASSWORD)
        visitor = visitors[shot.who]
        visitor.page.emulate_media(color_scheme="dark" if shot.dark else "light")
        shot.way(visitor)
        # The way is walked in a wide window, where all links are at hand.
        visitor.page.set_viewport_size(PHONE if shot.size == "phone" else DESKTOP)  # type: ignore[arg-type]
        visitor.page.evaluate("() => document.fonts.ready.then(() => { window.scrollTo(0, 0); })")
        picture = visitor.page.screenshot(animations="disabled", caret="hide")
        visitor.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        size = write(IMAGES / f"{shot.name}.png", picture)
        print(f"{shot.name}.png  {size // 1000} kB", flush=True)
        if size > MAX_BYTES:
            too_large.append(shot.name)
    for visitor in visitors.values():
        visitor.leave()
    if too_large:
        print(f"larger than {MAX_BYTES // 1000} kB: {', '.join(too_large)}", file=sys.stderr)
    return 1 if too_large else 0


def write(path: Path, picture: bytes) -> int:
    """Write a PNG with a palette, which pages of few colours lose nothing by; return its size in bytes."""
    few = (
        Image.open(io.BytesIO(picture))
        .convert("RGB")
        .quantize(colors=128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    )
    few.save(path, optimize=True)
    return path.stat().st_size


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
