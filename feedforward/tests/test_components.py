"""The components: what they escape, how they speak, and that templates keep to the rules of the pages."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.template import engines
from django.test import RequestFactory
from django.urls import reverse

from feedforward import dates, markup, navigation, views

ROOT = Path(settings.BASE_DIR)
TEMPLATES = [
    path
    for folder in [ROOT / "templates", *ROOT.glob("*/templates"), *ROOT.glob("deploy/*/templates")]
    for path in folder.rglob("*.html")
]
PAGES = [path for path in TEMPLATES if "emails" not in path.parts]


def render(source: str, **context: object) -> str:
    request = context.pop("request", None) or RequestFactory().get("/list/?q=ada&page=2")
    return engines["django"].from_string(source).render(context, request)


class Ids(HTMLParser):
    """Collects ids, and the ids that attributes point to."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.named: set[str] = set()
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"for", "aria-describedby", "aria-labelledby"}:
                self.named.update((value or "").split())


# --- rules that hold in every template --------------------------------------------------------------
def test_there_are_templates_to_look_at() -> None:
    assert len(PAGES) > 20


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a style attribute", r"<[^>{]*\sstyle\s*="),
        ("a style element", r"<style\b"),
        ("an inline script", r"<script\b(?![^>]*\bsrc=)(?![^>]*application/json)"),
        ("an event attribute", r"<[a-z][^>]*\son[a-z]+\s*="),
        ("a javascript address", r"javascript:"),
        ("the safe filter", r"\|\s*safe(seq)?\b"),
        ("escaping switched off", r"autoescape off"),
        ("something from another host", r"<(?:script|link|img)\b[^>]*(?:src|href)=[\"']https?:"),
    ],
)
def test_no_page_template_holds(what: str, pattern: str) -> None:
    bad = [str(path.relative_to(ROOT)) for path in PAGES if re.search(pattern, path.read_text(encoding="utf-8"))]
    assert bad == [], f"{what} in {bad}: the Content-Security-Policy or the house rules refuse it"


def test_every_icon_named_in_a_template_is_in_the_sprite() -> None:
    known = markup.icon_names()
    missing = set()
    for path in TEMPLATES:
        source = path.read_text(encoding="utf-8")
        for name in re.findall(r"{% icon \"([^\"]+)\"|\bicon(?:_end)?=\"([^\"]+)\"", source):
            used = name[0] or name[1]
            if used not in known:
                missing.add(f"{used} in {path.relative_to(ROOT)}")
    assert missing == set(), "add the names to `icons` in package.json and run npm run build"


def test_modules_import_modules_that_exist() -> None:
    for path in (ROOT / "static" / "js").glob("*.js"):
        for target in re.findall(r"(?:from|import)\s*\(?\"(\./[^\"]+)\"", path.read_text(encoding="utf-8")):
            assert (path.parent / target).is_file(), f"{path.name} imports {target}"


def test_the_style_sheet_asks_no_other_host_and_names_fonts_that_are_there() -> None:
    css = (ROOT / "static" / "css" / "app.css").read_text(encoding="utf-8")
    addresses = re.findall(r"url\(\"?([^)\"]+)\"?\)", css)
    assert addresses
    for address in addresses:
        assert address.startswith("../fonts/")
        assert (ROOT / "static" / "css" / address).is_file()
    for family in ("newsreader", "source-sans-3"):
        licence = (ROOT / "static" / "fonts" / f"{family}-LICENSE.txt").read_text(encoding="utf-8")
        assert "SIL OPEN FONT LICENSE" in licence.upper()


def test_the_lock_file_records_no_registry_host() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry] == []


# --- small components -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("source", "has", "lacks"),
    [
        ('{% button "Save" %}', ['<button class="btn btn-secondary" type="submit">', "<span>Save</span>"], []),
        ('{% button "Go" href="/x/" variant="primary" %}', ['<a class="btn btn-primary" href="/x/">'], ["<button"]),
        ('{% button "A" hx_post="/p/" data_key="a" %}', ['hx-post="/p/"', 'data-key="a"'], []),
        ('{% button "No" disabled=True %}', [" disabled"], []),
        ('{% button "No" disabled=False %}', [], ["disabled"]),
        ('{% button "No" href="/x/" disabled=True %}', ['aria-disabled="true"'], ['href="/x/"']),
        ('{% button "Del" dialog="d" %}', ['href="#d"', 'data-dialog="d"', 'role="button"'], []),
        ('{% button "Edit" icon="pencil" hide_label=True %}', ['<span class="sr-only">Edit</span>', "#pencil"], []),
        ("{% button bad %}", ["&lt;b&gt;"], ["<b>"]),
        ('{% badge bad "ok" %}', ["badge-ok", "&lt;b&gt;"], ["<b>"]),
        ("{% card title=bad %}{{ bad }}{% endcard %}", ["&lt;b&gt;"], ["<b>"]),
        ("{% breadcrumbs bad url bad %}", ["&lt;b&gt;", "&quot;", 'aria-current="page"'], ["<b>"]),
        ("{% empty_state title=bad text=bad %}{% endempty_state %}", ["&lt;b&gt;"], ["<b>"]),
        ('{% stat "Scores" None %}', ["–"], [">0<"]),
        ('{% stat "Scores" 0 %}', [">0<"], ["–"]),
        ('{% meter None label="Used" %}', ["not known", 'width="0.0"'], ["0%"]),
        ('{% meter 1.7 label="Used" %}', ['width="100.0"', "170%"], []),
        ('{% avatar "Ada de Mensah (student)" %}{% avatar "" %}', [">AM<", ">?<"], []),
        ('{% kbd "Ctrl" "Enter" %}', ["<kbd>Ctrl</kbd><kbd>Enter</kbd>"], []),
        ('{% icon "lock" label="Locked" %}', ['role="img"', 'aria-label="Locked"'], ["aria-hidden"]),
        ('{% icon "lock" %}', ['aria-hidden="true"'], ["role"]),
        ('{% callout "warn" live=True %}x{% endcallout %}', ['role="status"', "callout-warn"], []),
    ],
)
def test_a_component(source: str, has: list[str], lacks: list[str]) -> None:
    html = render(source, bad="<b>bold</b>", url='/a?b="')
    for part in has:
        assert part in html
    for part in lacks:
        assert part not in html


def test_an_unknown_icon_is_loud_while_developing_and_silent_on_a_running_site(settings) -> None:
    assert render('{% icon "no-such-icon" %}') == ""
    settings.DEBUG = True
    with pytest.raises(markup.NoSuchIcon):
        render('{% icon "no-such-icon" %}')


@pytest.mark.parametrize(
    ("level", "of", "inked", "rings"),
    [
        (1, 4, 1, 4),
        (2, 4, 2, 4),
        (4, 4, 4, 4),
        (None, 4, 0, 4),
        (0, 4, 0, 4),
        (9, 4, 4, 4),
        (1, 1, 1, 1),
        (10, 20, 4, 8),
    ],
)
def test_the_bullseye_inks_as_many_rings_as_the_level(level: int | None, of: int, inked: int, rings: int) -> None:
    svg = markup.bullseye(level=level, of=of)
    assert svg.count("bullseye-inked") == inked
    assert svg.count("<circle") == rings


def test_a_bullseye_never_stands_without_words() -> None:
    assert "Level 2 of 4" in render("{% bullseye level=2 of=4 %}")
    assert "No level" in render("{% bullseye of=4 %}")
    assert "Secure" in render('{% bullseye position=2 of=4 label="Secure" show_label=False %}')
    # Position 0 is the lowest level, not a missing one.
    assert render("{% bullseye position=0 of=4 %}").count("bullseye-inked") == 1


def test_a_confirm_dialog_posts_with_a_token() -> None:
    html = render(
        '{% confirm id="c" title="Remove?" url="/r/" action="Remove" variant="danger" %}<p>x</p>{% endconfirm %}'
    )
    assert re.search(r'name="csrfmiddlewaretoken" value="\w{32,}"', html)
    assert 'method="post" action="/r/"' in html
    assert Ids(html).named <= set(Ids(html).ids)


# --- dates --------------------------------------------------------------------------------------------
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (NOW, "just now"),
        (NOW - timedelta(seconds=59), "just now"),
        (NOW + timedelta(seconds=30), "in a moment"),
        (NOW - timedelta(minutes=1), "1 minute ago"),
        (NOW - timedelta(minutes=59), "59 minutes ago"),
        (NOW - timedelta(hours=3), "today 09:00"),
        (NOW - timedelta(hours=13), "yesterday 23:00"),
        (NOW - timedelta(days=6), "6 days ago"),
        (NOW - timedelta(days=7), "18 November 12:00"),
        (NOW - timedelta(days=400), "21 October 2025"),
        (NOW + timedelta(minutes=12), "in 12 minutes"),
        (NOW + timedelta(hours=30), "tomorrow 18:00"),
        (NOW + timedelta(days=3), "Saturday 12:00"),
        (NOW + timedelta(days=20), "15 December 12:00"),
        (date(2026, 11, 25), "today"),
        (date(2026, 11, 20), "5 days ago"),
    ],
)
def test_dates_as_people_write_them(value: datetime | date, words: str) -> None:
    assert dates.in_words(value, now=NOW) == words


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(minutes=89), "in 89 minutes"),
        (timedelta(hours=26), "in 26 hours"),
        (timedelta(days=3), "in 3 days"),
        (timedelta(seconds=-5), "in 0 minutes"),
    ],
)
def test_how_long_is_left(distance: timedelta, words: str) -> None:
    assert dates.remaining(distance) == words


def test_a_date_is_shown_in_the_active_zone_with_the_exact_time_on_hover() -> None:
    from django.utils import timezone

    with timezone.override("Africa/Johannesburg"):
        html = render("{% day when %}", when=datetime(2026, 11, 26, 16, 4, tzinfo=UTC))
    assert "Thu 26 Nov 2026, 18:04" in html
    assert 'title="Thursday 26 November 2026, 18:04 SAST"' in html
    assert render("{% ago when %}|{% ago when empty='never' %}", when=None) == "–|never"


# --- form fields ----------------------------------------------------------------------------------------
class Everything(forms.Form):
    title = forms.CharField(help_text="Shown to students.")
    note = forms.CharField(widget=forms.Textarea, required=False)
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")])
    pick = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect, help_text="One.")
    many = forms.MultipleChoiceField(choices=[("a", "A")], widget=forms.CheckboxSelectMultiple)
    yes = forms.BooleanField(help_text="Tick.")
    when = forms.SplitDateTimeField()
    paper = forms.FileField()


@pytest.mark.parametrize("form", [Everything(), Everything({"title": ""})], ids=["fresh", "with errors"])
@pytest.mark.parametrize(
    "source",
    [
        "{% fields form %}",
        '{% field form.kind as_="segmented" %}{% field form.yes as_="switch" %}',
        '{% field form.title counter="words" max=10 prefix="$" suffix="%" %}{% dropzone form.paper max_mb=1 accept=".txt" %}',
    ],
)
def test_labels_hints_and_errors_belong_to_their_controls(source: str, form: forms.Form) -> None:
    html = render(source, form=form)
    found = Ids(html)
    assert found.named <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    if form.is_bound:
        assert 'class="error"' in html
        assert 'aria-invalid="true"' in html


def test_what_was_typed_is_kept_and_escaped() -> None:
    html = render("{% field form.title %}{% form_errors form %}", form=Everything({"title": '"><script>'}))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_the_error_summary_links_to_fields_and_is_silent_when_all_is_well() -> None:
    assert 'href="#id_title"' in render("{% form_errors form %}", form=Everything({}))
    assert render("{% form_errors form %}", form=Everything()).strip() == ""


# --- lists ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "link", "state"),
    [
        ("", "sort=name", ""),
        ("?sort=name&page=3", "sort=-name", "ascending"),
        ("?sort=-name", "sort=name", "descending"),
        ("?q=a%26b&sort=drafts", "q=a%26b&amp;sort=name", ""),
    ],
)
def test_a_column_head_sorts_and_keeps_the_search(query: str, link: str, state: str) -> None:
    html = render('{% sort_header "Name" "name" %}', request=RequestFactory().get(f"/{query}"))
    assert f'href="?{link}"' in html
    assert "page=" not in html
    assert (f'aria-sort="{state}"' in html) is bool(state)


def test_pages_keep_the_search_and_say_where_one_is() -> None:
    html = render("{% pagination page_obj %}", page_obj=Paginator(range(213), 25).page(2))
    assert "26–50 of 213" in html
    assert 'href="?q=ada&amp;page=3"' in html
    assert html.count('aria-current="page"') == 1
    assert "<nav" not in render("{% pagination page_obj %}", page_obj=Paginator(range(3), 25).page(1))


# --- the site around the page --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("roles", "labels"),
    [
        (set(), {"Home"}),
        ({"is_instructor"}, {"Home", "Rubrics"}),
        ({"is_administrator"}, {"Home", "People"}),
        ({"is_instructor", "is_administrator"}, {"Home", "Rubrics", "People"}),
    ],
)
def test_the_menu_shows_what_the_person_has(monkeypatch, roles: set[str], labels: set[str]) -> None:
    addresses = {"home": "/", "rubric_templates": "/rubrics/", "people": "/people/"}

    def address(name: str) -> str:
        if name not in addresses:
            raise navigation.NoReverseMatch(name)
        return addresses[name]

    monkeypatch.setattr(navigation, "reverse", address)
    user = SimpleNamespace(**dict.fromkeys(roles, True))
    entries = navigation.menu(user, "/people/7/", navigation.ENTRIES + navigation.ADMINISTRATION)
    assert {str(item.label) for item in entries} == labels
    assert [str(item.label) for item in entries if item.current] == (["People"] if "People" in labels else [])


def test_somebody_who_is_not_signed_in_sees_no_menu() -> None:
    assert navigation.site(RequestFactory().get("/"))["nav"] == ()


@pytest.mark.parametrize(
    ("view", "status"),
    [(views.bad_request, 400), (views.forbidden, 403), (views.csrf_failure, 403), (views.not_found, 404)],
)
def test_error_pages_help_and_answer_htmx_with_one_sentence(view, status: int) -> None:
    request = RequestFactory().get("/x/")
    page = view(request)
    assert page.status_code == status
    assert reverse("home") in page.content.decode()
    request.htmx = True
    fragment = view(request)
    assert fragment.status_code == status
    assert fragment["Content-Type"].startswith("text/plain")
    assert "<" not in fragment.content.decode()


def test_the_pages_of_last_resort_need_nothing_but_their_template(monkeypatch) -> None:
    request = RequestFactory().get("/x/")
    assert "on our side" in views.server_error(request).content.decode()
    away = views.unavailable(request)
    assert (away.status_code, away["Retry-After"]) == (503, "30")

    def broken(*args: object, **kwargs: object) -> str:
        raise RuntimeError("no templates")

    monkeypatch.setattr(views, "render_to_string", broken)
    assert views.server_error(request).status_code == 500
    assert views.unavailable(request).status_code == 503


@pytest.mark.django_db
@pytest.mark.parametrize(("debug", "demo", "status"), [(True, False, 200), (False, True, 200), (False, False, 404)])
def test_the_style_guide_is_for_development_and_demonstration(client, settings, debug, demo, status) -> None:
    settings.DEBUG, settings.DEMO = debug, demo
    response = client.get(reverse("styleguide"))
    assert response.status_code == status
    if status == 200:
        found = Ids(response.content.decode())
        assert found.named <= set(found.ids)
        assert len(found.ids) == len(set(found.ids))
