"""Guards tried from outside, and each taken away once: a guard nobody misses is no guard, and no test either.

docs/security.md names for each guard the test that keeps it; here the guards are removed one at a time (in memory) and
the same questions are asked again, which must then come out wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nh3
import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models import Max
from django.test import Client
from django.urls import reverse

from accounts.people import add_person
from aiconfig import outbound
from courses.models import Course
from feedforward import csv_export, markdown
from feedforward.tests import hostile
from feedforward.tests.access_table import ROWS, Row
from feedforward.tests.cast import ANONYMOUS, CLOSED, Scene
from feedforward.tests.cast import scene as make_scene
from feedforward.tests.headers import faults
from feedforward.tests.watching import writes
from submissions.models import Draft

pytestmark = pytest.mark.django_db
BASE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_scene()
        transaction.set_rollback(True)


def browser(actor: Any = None, **options: Any) -> Client:
    client = Client(raise_request_exception=False, **options)
    if actor is not None:
        client.force_login(actor)
    return client


# --- mass assignment ------------------------------------------------------------------------------------------------


class _Form(HTMLParser):
    """The values a browser would send for the first form of a page that posts more than a token."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self._open = False
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = values.get("method", "").lower() == "post"
            if self._open:
                self.forms.append({})
        elif self._open:
            self._field(tag, values)

    def _field(self, tag: str, values: dict[str, str]) -> None:
        name, fields = values.get("name", ""), self.forms[-1]
        if tag == "input" and name and (values.get("type") not in {"checkbox", "radio"} or "checked" in values):
            fields[name] = values.get("value", "on" if values.get("type") == "checkbox" else "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in values or self._select not in fields):
            fields[self._select] = values.get("value", "")
        elif tag == "textarea":
            self._textarea = name
            fields.setdefault(name, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._open and self._textarea:
            self.forms[-1][self._textarea] += data


def filled(page: str) -> dict[str, str]:
    """Return the fullest form of a page, with plausible words where it is empty."""
    reader = _Form()
    reader.feed(page)
    forms = sorted(reader.forms, key=len)
    fields = forms[-1] if forms else {}
    fields.pop("csrfmiddlewaretoken", None)
    plausible = {"title": "A title", "name": "Somebody", "email": "new@example.edu", "display_name": "Shown"}
    return {name: value or plausible.get(name, "") for name, value in fields.items()}


# What must not follow from the body of a request, whatever fields it names.
PROTECTED = re.compile(
    r"^(is_\w+|status|role|deleted_at|released_at|approved_at|archived_at|session_epoch|fence|attempts|last_test_ok"
    r"|paused_until|has_opened|\w+_id)$"
)
NOT_THEIRS = {"object_id", "message_id", "public_id", "id", "event_id"}
EXTRA = {
    **dict.fromkeys(("is_administrator", "is_staff", "is_superuser", "is_instructor", "is_assistant", "is_demo"), "on"),
    **dict.fromkeys(("deleted_at", "released_at", "archived_at", "approved_at"), "2020-01-01"),
    **dict.fromkeys(("session_epoch", "fence", "attempts"), "9"),
    **dict.fromkeys(("role", "roles"), "administrator"),
    **dict.fromkeys(("status", "state"), "released"),
    "is_active": "",
    "last_test_ok": "on",
    "api_key": "sk-other-0123456789ab",
}


def newest() -> dict[Any, int]:
    """Return the highest number of each of our tables whose rows are numbered."""
    ours = [model for model in apps.get_models() if model._meta.app_label in hostile.OURS]
    keys = {model: model._base_manager.aggregate(newest=Max("pk"))["newest"] for model in ours}
    return {model: key or 0 for model, key in keys.items() if isinstance(key, int | None)}


def rights(before: dict[Any, int]) -> list[str]:
    """Return the protected columns of every row; keys of rows are left out, moments become whether there is one.

    A reference to a row that was not there ``before`` becomes "new": on PostgreSQL numbers that were taken back are
    not given again.
    """
    found = []
    for model in apps.get_models():
        label = model._meta.label
        if model._meta.app_label not in hostile.OURS or label in {"accounts.AuditSeal", "feedforward.OutgoingMail"}:
            continue
        names = [
            field.attname
            for field in model._meta.concrete_fields
            if PROTECTED.match(field.attname) and field.attname not in NOT_THEIRS
        ]
        for row in model._base_manager.values_list(*names) if names else ():
            cells = []
            for name, cell in zip(names, row, strict=True):
                # The record names a course by its number alone.
                to = model._meta.get_field(name).related_model or (Course if name == "course_id" else None)
                there = before.get(to, cell)
                new = isinstance(cell, int) and isinstance(there, int) and cell > there
                cells.append("new" if new else bool(cell) if name.endswith(("_at", "_until")) else cell)
            found.append(f"{label} {list(zip(names, cells, strict=True))}")
    return sorted(found)


BOTH = sorted({row.name for row in ROWS if row.method == "GET"} & {row.name for row in ROWS if row.method == "POST"})


@pytest.mark.thorough
def test_fields_that_no_form_has_change_nothing(scene: Scene) -> None:
    """Every form, sent as it stands and again with fields for rights, states, owners and other people's ids."""
    others = {
        **{
            name: str(scene.people.charlie.pk) for name in ("user", "user_id", "owner", "owner_id", "actor", "actor_id")
        },
        **{name: str(scene.people.dana.pk) for name in ("student", "student_id", "person", "person_id")},
        **{name: str(scene.people.other.pk) for name in ("course", "course_id")},
        **{name: str(scene.released.pk) for name in ("draft", "draft_id", "feedback", "feedback_id")},
        **{name: str(scene.provider.pk) for name in ("provider", "provider_id", "id", "pk")},
    }
    took = 0
    for name in BOTH:
        row = next(row for row in ROWS if row.name == name and row.method == "POST")
        if name in {"account_login", "account_logout"}:
            continue
        actor = scene.actor(sorted(row.allow - {ANONYMOUS, CLOSED} or {ANONYMOUS})[0])
        url = reverse(name, kwargs=row.kwargs(scene))
        fields = filled(browser(actor).get(url).content.decode())
        fields |= dict(row.data)
        extra = {key: value for key, value in (EXTRA | others).items() if key not in fields}
        after, before = [], newest()
        for body in (fields, {**fields, **extra}):
            with transaction.atomic(), writes(but=("django_session", "usersessions")) as written:
                browser(actor).post(url, body)
                after.append(rights(before))
                took += bool(written)
                transaction.set_rollback(True)
        assert after[0] == after[1], f"{name}: {set(after[1]) ^ set(after[0])}"
    # Both times something was stored, for a good number of forms: the question was a real one.
    assert took >= 20, took


# --- names of files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/cron.d/x.txt",
        "..\\..\\x.txt",
        "/etc/x.txt",
        "a\r\nX-Ffx: 1.txt",
        "a/../../b.txt",
        ".txt",
        "x" * 400 + ".txt",
    ],
)
def test_a_file_lies_where_we_put_it_and_leaves_under_a_harmless_name(scene: Scene, name: str, settings: Any) -> None:
    folder = settings.DATA_DIR / "drafts"
    before = {path for path in settings.DATA_DIR.rglob("*") if path.is_file()}
    with transaction.atomic():
        client = browser(scene.people.alice)
        url = reverse("submit", kwargs={"public_id": scene.assignment.public_id})
        text = b"A short text about the island, its people and its weather. " * 20
        sent = client.post(url, {"source": "file", "file": SimpleUploadedFile(name, text, content_type="text/plain")})
        drafts = Draft.objects.filter(student=scene.people.alice).exclude(pk=scene.released.pk)
        # A name that breaks the form's own lines arrives as no file.
        assert drafts.exists() == (sent.status_code == 302)
        newest = drafts.order_by("-number").first() or scene.released
        answer = client.get(reverse("draft_file", kwargs={"public_id": newest.public_id}))
        transaction.set_rollback(True)
    assert sent.status_code == 302 or set(name) & {"\r"} or name == ".txt"
    new = {path for path in settings.DATA_DIR.rglob("*") if path.is_file()} - before
    assert all(path.resolve().is_relative_to(folder.resolve()) for path in new)
    assert not {path for path in new if "x.txt" in path.name or "cron" in str(path)}
    said = answer.headers.get("Content-Disposition", 'attachment; filename="x"')
    assert re.fullmatch(r'attachment; filename="[\w.-]+"', said), said
    assert "X-Ffx" not in answer.headers and answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/static/../manage.py", "/static/%2e%2e/manage.py", "/static//etc/passwd", "/static/..%2fx"]
)
def test_static_files_come_from_their_folder_only(path: str, settings: Any) -> None:
    settings.WHITENOISE_USE_FINDERS = True
    assert Client().get(path).status_code in {301, 302, 404}


# --- where one is led -------------------------------------------------------------------------------------------------

ELSEWHERE = [
    "//evil.example/",
    "https://evil.example/",
    "/\\evil.example",
    "https:evil.example",
    "\t//evil.example",
    "http:///evil.example",
]


@pytest.mark.thorough
def test_no_address_leads_to_another_site(scene: Scene) -> None:
    """All that redirect, asked by GET and POST with every name a target has had."""
    names = ("next", "url", "to", "back", "return", "redirect", "redirect_to", "continue")
    leading = ("account_", "mfa_", "usersessions", "socialaccount", "join", "profile", "home")
    for number, row in enumerate(row for row in ROWS if row.name.startswith(leading)):
        target = ELSEWHERE[number % len(ELSEWHERE)]
        query = dict.fromkeys(names, target)
        url = reverse(row.name, kwargs=row.kwargs(scene))
        actor = scene.actor(sorted(row.allow - {ANONYMOUS, CLOSED} or {ANONYMOUS})[0])
        with transaction.atomic():
            client = browser(actor)
            for answer in (client.get(url, query), client.post(url, query, headers={"referer": target.strip()})):
                led = answer.headers.get("Location", "/").partition("?")[0]
                assert "evil" not in led, f"{url} -> {led}"
            transaction.set_rollback(True)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_leads_home_instead(target: str) -> None:
    from accounts.tests.test_login import PASSWORD, sign_in

    person = add_person(email="zoe@uni.example", password=PASSWORD, roles=["student"], actor=None)
    assert sign_in(Client(), person.email, next=target)["Location"] == "/"


def test_htmx_is_led_within_the_site_only() -> None:
    for target in (*ELSEWHERE, "http://[evil.example"):
        answer = Client().get("/", headers={"hx-request": "true", "hx-current-url": target.strip()})
        assert answer.status_code == 401 and answer["HX-Redirect"].startswith("/accounts/login/?next=%2F")


# --- templates --------------------------------------------------------------------------------------------------------


def test_no_template_is_made_from_words() -> None:
    """Templates come from files; text of people or models is never one."""
    makers = re.compile(r"\b(Template|engines\[[^]]+\]\.from_string|from_string|mark_safe|SafeString|SafeText)\(")
    allowed = {"feedforward/markdown.py": {"mark_safe"}, "feedforward/markup.py": {"SafeString"}}
    for app in hostile.OURS:
        for path in (BASE / app).rglob("*.py"):
            if "tests" in path.parts or "migrations" in path.parts:
                continue
            made = set(makers.findall(path.read_text(encoding="utf-8")))
            assert made <= allowed.get(str(path.relative_to(BASE)), set()), path
    for path in (BASE / "templates").rglob("*"):
        if path.suffix == ".html":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"\|\s*safe\b|\|\s*safeseq\b|autoescape off|\{% debug", text), path
            # Mail programs know no style sheets of ours.
            live = r"<script(?![^>]*(\bsrc=|application/json))|<style|\sstyle=|\son[a-z]+=|javascript:"
            assert "emails" in path.parts or not re.search(live, text), path


# --- each guard taken away --------------------------------------------------------------------------------------------


def row_of(name: str, method: str = "GET") -> Row:
    return next(row for row in ROWS if row.name == name and row.method == method)


def fetched(scene: Scene, name: str, actor: str) -> Any:
    return browser(scene.actor(actor)).get(reverse(name, kwargs=row_of(name).kwargs(scene)))


def test_without_escaping_pages_are_alive(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction.atomic():
        hostile.poison()
        assert hostile.read_page(fetched(scene, "roster", "instructor").content.decode())[0] == []
        monkeypatch.setattr("django.template.base.conditional_escape", str)
        assert hostile.read_page(fetched(scene, "roster", "instructor").content.decode())[0]
        transaction.set_rollback(True)


def test_without_the_sanitiser_markdown_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    attack = "[x](https://a.example)\n\n<ffx onload=ffx>"
    monkeypatch.setattr(markdown, "_parser", lambda: type("P", (), {"render": staticmethod(str)}))
    assert hostile.read_page(markdown.to_html(attack))[0] == []  # the second wall alone
    monkeypatch.setattr(nh3, "clean", lambda text, **options: text)
    assert hostile.read_page(markdown.to_html(attack))[0]


def test_without_the_guard_exports_run_formulas(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction.atomic():
        hostile.poison()
        monkeypatch.setattr(csv_export, "guarded", str)
        answer = fetched(scene, "roster_export", "instructor")
        assert hostile.formulas(b"".join(answer).decode())
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("guard", "missed"),
    [
        ("csp.middleware.CSPMiddleware", "CSP frame-ancestors"),
        ("django.middleware.clickjacking.XFrameOptionsMiddleware", "X-Frame-Options"),
        ("django.middleware.security.SecurityMiddleware", "X-Content-Type-Options"),
        ("feedforward.requests.PageHeadersMiddleware", "Cache-Control"),
        ("feedforward.requests.RequestIdMiddleware", "X-Request-Id"),
    ],
)
def test_without_a_guard_its_header_is_missed(settings: Any, guard: str, missed: str) -> None:
    assert faults(Client().get("/no/such/page/")) == []
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != guard]
    assert any(fault.startswith(missed) for fault in faults(Client().get("/no/such/page/")))


@pytest.mark.parametrize(
    ("guard", "headers"),
    [
        ("django.middleware.csrf.CsrfViewMiddleware", {}),
        ("feedforward.requests.FetchSiteMiddleware", {"sec-fetch-site": "cross-site"}),
    ],
)
def test_without_a_guard_forms_of_other_sites_are_taken(
    scene: Scene, settings: Any, guard: str, headers: dict[str, str]
) -> None:
    """Two walls: each is tried with the other standing aside."""

    def post() -> int:
        client = browser(scene.people.alice, enforce_csrf_checks=not headers)
        with transaction.atomic():
            status = client.post(reverse("profile"), {"name": "Alice", "time_zone": "UTC"}, headers=headers).status_code
            transaction.set_rollback(True)
        return status

    assert post() == 403
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != guard]
    assert post() in {302, 422}


def test_without_the_login_wall_pages_open(scene: Scene, settings: Any) -> None:
    assert Client().get(reverse("course_list")).status_code == 302
    settings.MIDDLEWARE = [
        name.replace("accounts.sessions.SignInMiddleware", "django.contrib.auth.middleware.RemoteUserMiddleware")
        for name in settings.MIDDLEWARE
    ]
    assert browser().get(reverse("account_inactive")).status_code == 200
    assert browser().get(reverse("course_list")).status_code != 302


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1"])
def test_without_the_check_addresses_inside_are_connected_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    connected: list[str] = []

    async def connect(self: Any, host: str, *args: Any, **kwargs: Any) -> Any:
        connected.append(host)
        raise outbound.httpcore.ConnectError("stopped here")

    monkeypatch.setattr(outbound.httpcore.AnyIOBackend, "connect_tcp", connect)
    backend = outbound._CheckedBackend(outbound.AddressRules(hosts=frozenset(), allow_local=False))
    with pytest.raises(outbound.AddressRefused):
        asyncio.run(backend.connect_tcp(address, 443))
    assert connected == []
    monkeypatch.setattr(outbound.AddressRules, "check_address", lambda self, ip: True)
    with pytest.raises(outbound.httpcore.ConnectError):
        asyncio.run(backend.connect_tcp(address, 443))
    assert connected == [address]


@pytest.mark.parametrize(
    "host",
    [
        *("2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "[::ffff:169.254.169.254]"),
        *("[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]", "100.100.100.200", "0", "0.0.0.0", "[::]"),
    ],
)
def test_other_ways_to_write_an_address_inside(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where local servers are allowed: decimal, hexadecimal, octal, short and IPv6 forms of what never is."""
    import asyncio

    async def connect(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise AssertionError("connected")

    monkeypatch.setattr(outbound.httpcore.AnyIOBackend, "connect_tcp", connect)
    rules = outbound.AddressRules(hosts=frozenset(), allow_local=True)
    transport = outbound.GuardedTransport(rules, max_bytes=100)
    with pytest.raises((outbound.AddressRefused, outbound.Unreachable, outbound.httpx.InvalidURL)):
        request = outbound.httpx.Request("POST", f"http://{host}/latest/meta-data")
        asyncio.run(transport.handle_async_request(request))


def test_without_the_check_of_targets_signing_in_leads_away(monkeypatch: pytest.MonkeyPatch) -> None:
    from accounts.tests.test_login import PASSWORD, sign_in

    person = add_person(email="yan@uni.example", password=PASSWORD, roles=["student"], actor=None)
    monkeypatch.setattr("allauth.account.adapter.DefaultAccountAdapter.is_safe_url", lambda self, url: True)
    assert "evil.example" in sign_in(Client(), person.email, next="https://evil.example/")["Location"]


def test_rights_sent_with_the_profile_meet_two_walls(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page refuses them by name; without that, what it stores is named one by one, so they go nowhere."""
    body = {"name": "Alice", "time_zone": "UTC", "is_administrator": "on"}
    before = rights({})
    with transaction.atomic():
        assert browser(scene.people.alice).post(reverse("profile"), body).status_code == 403
        monkeypatch.setattr("accounts.views.account.NOT_YOURS_TO_SET", frozenset())
        assert browser(scene.people.alice).post(reverse("profile"), body).status_code == 302
        now = [row for row in rights({}) if row.startswith("accounts.User ")]
        transaction.set_rollback(True)
    assert now == [row for row in before if row.startswith("accounts.User ")]
