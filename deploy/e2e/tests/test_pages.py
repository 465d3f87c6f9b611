"""Every page that a role can come to by links: examined as the loop's pages are."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urldefrag, urlsplit

import pytest

from deploy.demo.logins import ADMIN, ASSISTANT, INSTRUCTOR, NEW_STUDENT, PASSWORD, STUDENT
from deploy.e2e.chromium import Visitor

pytestmark = pytest.mark.browser

# One page stands for all of its kind: ids, tokens and numbers are left out of an address's kind.
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=/)")
# Nothing to examine: files, the way out, and Django's own administration, which has a look of its own.
NOT_PAGES = re.compile(
    r"\.(csv|md|json|pdf)$|/file/(\d+/)?$|/export/$|^/accounts/logout/$|^/django-admin/|^/static/|/download/"
)
# Pages that no link leads to, or only at some moments.
BEGINNINGS = {
    ADMIN: ("/providers/new/", "/people/invite/", "/audit/", "/outbox/"),
    INSTRUCTOR: ("/review/", "/courses/new/", "/courses/join/", "/rubrics/templates/"),
    ASSISTANT: ("/review/",),
    STUDENT: ("/courses/join/",),
    NEW_STUDENT: (),
    "nobody": (
        *("/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/", "/accounts/inactive/"),
        *("/accounts/signup/", "/accounts/confirm-email/", "/accounts/password/reset/key/1-no-key/"),
        "/accounts/password/reset/key/done/",
    ),
}
MINE = ("/", "/account/", "/accounts/password/change/", "/accounts/email/", "/accounts/2fa/", "/accounts/sessions/")
MOST_PAGES = 60


def kind(path: str) -> str:
    return IDS.sub("*", path)


def links(visitor: Visitor) -> list[str]:
    """Return the paths within the site that the page links to, with tabs of the desk as pages of their own."""
    found = visitor.page.evaluate("() => [...document.querySelectorAll('a[href]')].map((link) => link.href)")
    paths = []
    for address in found:
        parts = urlsplit(urldefrag(address)[0])
        if f"{parts.scheme}://{parts.netloc}" == visitor.site.url and not NOT_PAGES.search(parts.path):
            tab = re.search(r"\btab=\w+", parts.query)
            paths.append(f"{parts.path}?{tab.group()}" if tab else parts.path)
    return paths


@pytest.mark.parametrize("who", [ADMIN, INSTRUCTOR, ASSISTANT, STUDENT, NEW_STUDENT, "nobody"])
def test_every_page_of_a_role(who: str, arrive: Callable[[str], Visitor]) -> None:
    visitor = arrive(who.split("@")[0])
    # A page that refuses (a link that ran out) is examined too; that it refuses is another test's business.
    visitor.expected = ("Failed to load resource",)
    if who != "nobody":
        visitor.sign_in(who, PASSWORD)
    waiting = list(BEGINNINGS[who]) + (list(MINE) if who != "nobody" else [])
    done: set[str] = set()
    while waiting and len(done) < MOST_PAGES:
        path = waiting.pop(0)
        if kind(path) in done:
            continue
        done.add(kind(path))
        answer = visitor.page.goto(path)
        if answer is not None and answer.status >= 500:
            visitor.faults.append(f"{visitor.name} {path}: answers {answer.status}")
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        landed = kind(urlsplit(visitor.page.url).path)
        if landed != kind(path).split("?")[0]:
            if landed in done:
                continue
            done.add(landed)
        visitor.look(path)
        waiting += links(visitor)
    assert len(done) >= 8, done
    assert len(done) < MOST_PAGES, "the walk did not come to an end"
