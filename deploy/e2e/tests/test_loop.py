"""The whole loop on a running site, as three people: course, draft, review, release, second draft, removal.

Nothing is replaced: the process manager started web, workers, broker and the demo's reviewers; the mail is read
where the demo shows it; the files are a real DOCX and a real PDF; the removal is the management command's.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import docx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from deploy.demo.logins import ADMIN, INSTRUCTOR, PASSWORD
from deploy.e2e.chromium import Visitor
from deploy.e2e.site import BASE_DIR, RunningSite

pytestmark = pytest.mark.browser

SAMPLE = BASE_DIR / "deploy" / "demo" / "sample_draft.docx"
# The readings, with a second round where they differ: the demo's reviewers answer within a second each.
READ_LIMIT_MS = 90_000
PASSAGE = "Recordings also save money in the long run."
OWN_WORDS = "This is a claim about money that no number stands behind."
WORD = "Your order of points is clear. Sources come next."
OWN_STEP = "Say what one recorded hour costs, and where you have it from."
EDITED = "The reader cannot tell where this number comes from."
ANSWER = "I will name the survey of the student union."
FIXED = {
    "These students clearly lose the most": "According to the union's survey of 2023, these students lose the most",
    "Therefore results will improve everywhere.": "Varga (2021) found that results improved in two of three courses.",
    "Many lecturers are against recordings. They say that the lecture hall will be empty.": (
        "Many lecturers are against recordings. They say that the lecture hall will be empty. However, the hall of the "
        "history department was as full in the recorded term as in the one before (Varga, 2021)."
    ),
}


def test_whole_loop(arrive: Callable[[str], Visitor], site: RunningSite, tmp_path: Path) -> None:
    tag = secrets.token_hex(3)
    email, course_title = f"noor.{tag}@demo.example", f"Writing about technology {tag}"

    admin = arrive("administrator")
    see_the_site(admin)

    instructor = arrive("instructor")
    instructor.sign_in(INSTRUCTOR, PASSWORD)
    course_path = make_course(instructor, course_title)
    make_rubric(instructor, course_path)
    assignment_path = make_assignment(instructor, course_path)
    invite(instructor, course_path, email)

    link = link_in_mail(admin, email)
    admin.leave()
    student = arrive("student")
    join(student, link, course_title)
    first = hand_in(student, assignment_path, SAMPLE)
    watch_the_progress(student)

    review_first(instructor, assignment_path)
    read_feedback(student, first)

    second = hand_in(student, assignment_path, revised_pdf(student, tmp_path / "recorded lectures, draft 2.pdf"))
    watch_the_progress(student)
    see_goals(instructor, assignment_path)

    remove_content(site, first)
    see_text_gone(student, instructor, first)
    student.goto(f"/drafts/{second}/")
    assert not [fault for fault in (*admin.faults,) if "script error" in fault]


def see_the_site(admin: Visitor) -> None:
    """Providers, models and people are there; the demo's reviewers are named for what they are."""
    admin.goto("/accounts/login/")
    admin.look("login")
    admin.sign_in(ADMIN, PASSWORD)
    admin.look("administrator's home")
    page = admin.goto("/providers/")
    expect(page.get_by_text("rules, not AI").first).to_be_visible()
    admin.look()
    page = admin.goto("/models/")
    assert page.locator("tbody tr").count() >= 3
    admin.look()
    page = admin.goto("/people/")
    expect(page.get_by_text(INSTRUCTOR)).to_be_visible()
    admin.look()


def make_course(instructor: Visitor, title: str) -> str:
    page = instructor.page
    instructor.look("instructor's home")
    page.get_by_role("link", name="New course").click()
    page.get_by_label("Title").fill(title)
    instructor.look("new course")
    page.get_by_role("button", name="Create course").click()
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    path = urlsplit(page.url).path
    instructor.look("course as a draft")
    page.get_by_role("link", name="Activate the course").click()
    instructor.look("life of the course")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_text("Active", exact=True).first).to_be_visible()
    return path


def make_rubric(instructor: Visitor, course_path: str) -> None:
    page = instructor.goto(f"{course_path}rubrics/new/")
    instructor.look("start a rubric")
    page.get_by_role("button", name=re.compile(r"^Use this\s*: .*(argument|essay)", re.I)).first.click()
    expect(page.get_by_role("heading", level=1, name="Edit rubric")).to_be_visible()
    page.get_by_label("Title").first.fill("Arguing a position")
    page.get_by_role("button", name="Save rubric").click()
    expect(page.get_by_label("Title").first).to_have_value("Arguing a position")
    instructor.look("rubric editor")


def make_assignment(instructor: Visitor, course_path: str) -> str:
    page = instructor.goto(f"{course_path}assignments/new/")
    page.get_by_label("Title").fill("Should lectures be recorded?")
    page.get_by_label("Rubric").select_option(label="Arguing a position")
    page.get_by_label(re.compile("^Instructions(?! to)")).fill(
        "Argue for one answer, with sources, in about 400 words."
    )
    used = [use for use in page.get_by_label(re.compile("^Use of ")).all() if use.input_value() == "reads"]
    assert len(used) == 3, "three models are chosen from the start"
    instructor.look("new assignment")
    page.get_by_role("button", name="Save and open to students").click()
    expect(page.get_by_role("heading", level=1, name="Should lectures be recorded?")).to_be_visible()
    expect(page.get_by_text("1 run").first).to_be_visible()
    instructor.look("assignment, instructor")
    return urlsplit(page.url).path


def invite(instructor: Visitor, course_path: str, email: str) -> None:
    page = instructor.goto(f"{course_path}roster/")
    page.get_by_label("Email address").fill(email)
    page.get_by_label(re.compile("^Name")).fill("Noor Haddad")
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("rowheader", name=email)).to_be_visible()
    instructor.look("roster")


def link_in_mail(admin: Visitor, email: str) -> str:
    """Return the way to join that stands in the mail to ``email``."""
    page = admin.goto(f"/outbox/?q={email}")
    admin.look("outbox")
    page.locator("tbody a").first.click()
    link = page.locator("main a", has_text="/join/").first
    expect(link).to_be_visible()
    admin.look("a mail")
    return urlsplit(link.get_attribute("href") or "").path


def join(student: Visitor, link: str, course_title: str) -> None:
    page = student.goto(link)
    expect(page.get_by_label("Name")).to_have_value("Noor Haddad")
    page.get_by_label("Password", exact=True).fill("quiet-harbour-lantern-61")
    student.look("join")
    page.get_by_role("button", name="Accept the invitation").click()
    expect(page.get_by_role("link", name="Should lectures be recorded?")).to_be_visible()
    student.look("student's home")
    page.get_by_role("link", name="Courses").first.click()
    page.locator("main").get_by_role("link", name=course_title).click()
    student.look("course, student")


def hand_in(student: Visitor, assignment_path: str, path: Path) -> str:
    """Hand a file in through the page and return the draft's id."""
    page = student.goto(assignment_path)
    page.get_by_role("link", name=re.compile("^Hand in draft")).click()
    student.look("hand in")
    page.set_input_files("input[type=file]", path)
    expect(page.get_by_text(path.name)).to_be_visible()
    page.get_by_role("button", name="Hand in").click()
    page.wait_for_url(re.compile(r"/drafts/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    return urlsplit(page.url).path.split("/")[2]


def watch_the_progress(student: Visitor) -> None:
    """The page comes to say that the draft is with the instructor, without having been loaded again."""
    page = student.page
    page.evaluate("() => { window.sameWindow = true; }")
    student.look("progress")
    headline = page.locator("#progress [role=status]")
    expect(headline).to_contain_text("is with your instructor", timeout=READ_LIMIT_MS)
    assert page.evaluate("() => window.sameWindow === true"), "the page was loaded again"


def open_desk(instructor: Visitor, assignment_path: str) -> Page:
    page = instructor.goto(f"{assignment_path}review/")
    instructor.look("queue")
    page.get_by_role("link", name="Noor Haddad").first.click()
    expect(page.locator("#draft-text")).to_be_visible()
    return page


def select_passage(page: Page, words: str) -> None:
    """Mark ``words`` in the draft as a hand with a mouse would."""
    page.locator("#draft-text p", has_text=words).scroll_into_view_if_needed()
    box = page.evaluate(
        """(words) => {
          const walker = document.createTreeWalker(document.querySelector("#draft-text"), NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const at = node.data.indexOf(words);
            if (at < 0) continue;
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + words.length);
            const [first, last] = [range.getClientRects()[0], [...range.getClientRects()].at(-1)];
            return [first.left + 1, first.top + first.height / 2, last.right, last.top + last.height / 2];
          }
          return null;
        }""",
        words,
    )
    assert box, f"{words!r} is not in one piece on the desk"
    page.mouse.move(box[0], box[1])
    page.mouse.down()
    page.mouse.move(box[2], box[3], steps=8)
    page.mouse.up()


def review_first(instructor: Visitor, assignment_path: str) -> None:
    """Edit a note, add one on a marked passage, set a level, approve, release."""
    page = open_desk(instructor, assignment_path)
    instructor.look("desk, notes")

    note = page.locator("[data-item]").first
    note.get_by_text("Edit", exact=True).click()
    note.get_by_label("What you see").fill(EDITED)
    note.get_by_role("button", name="Save note").click()
    expect(page.locator("[data-item]", has_text=EDITED)).to_contain_text("edited")

    select_passage(page, PASSAGE)
    page.keyboard.press("c")
    form = page.locator("#add-note form")
    expect(form.locator("#picked")).to_have_text(PASSAGE)
    form.get_by_label("What you see").fill(OWN_WORDS)
    form.get_by_label("One next step").fill(OWN_STEP)
    form.get_by_label("Kind").select_option("priority")
    form.get_by_role("button", name="Add note").click()
    own = page.locator("[data-item]", has_text=OWN_WORDS)
    expect(own).to_contain_text(PASSAGE)
    expect(page.locator("#draft-text mark", has_text=PASSAGE)).to_be_visible()

    # The words are saved by the click that leaves for another part; the answer takes its time, and nothing is lost.
    page.route("**/words/", arrive_late)
    page.get_by_label("A word to the student").fill(WORD)
    page.get_by_role("navigation", name="Parts of the review").get_by_role("link", name="Rubric").click()
    criterion = page.locator("[data-criterion]").first
    chips = criterion.locator("fieldset label")
    chips.nth(1).click()
    expect(criterion.get_by_role("radio").nth(1)).to_be_checked()
    expect(page.locator("#desk-saved")).to_have_text("Saved")
    instructor.look("desk, rubric")
    for tab in ("Runs", "History"):
        page.get_by_role("navigation", name="Parts of the review").get_by_role("link", name=tab).click()
        instructor.look(f"desk, {tab.lower()}")

    page.get_by_role("navigation", name="Parts of the review").get_by_role("link", name="Notes").click()
    expect(page.get_by_label("A word to the student")).to_have_value(WORD)

    decide(instructor, "Approve", "Approved")
    decide(instructor, "Release", "Released")
    instructor.look("desk, released")


def arrive_late(route: Route) -> None:
    """Let a request reach the site after what was clicked next would have."""
    time.sleep(1)
    route.continue_()


def decide(instructor: Visitor, step: str, state: str) -> None:
    """Take a step of the desk's bar. One draft in ten is drawn for a closer look; then the desk asks first."""
    page = instructor.page
    instructor.expected = (*instructor.expected, "status of 409")
    page.get_by_role("button", name=step, exact=True).click()
    badge, anyway = page.locator(".bar .badge", has_text=state), page.get_by_role("button", name=f"{step} anyway")
    expect(badge.or_(anyway)).to_be_visible()
    if anyway.count():
        anyway.click()
    expect(badge).to_be_visible()


def test_a_release_with_something_open_is_asked_about(arrive: Callable[[str], Visitor]) -> None:
    """The question stands on the desk itself; a level set there takes its part of it away."""
    instructor = arrive("instructor")
    instructor.sign_in(INSTRUCTOR, PASSWORD)
    page = instructor.goto("/review/?filter=disagree&sort=oldest")
    for _ in range(30):  # the demo's drafts are read while the first tests run
        if page.locator("tbody th a").count():
            break
        page.wait_for_timeout(2000)
        page.reload()
    page.locator("tbody th a").first.click()
    expect(page.locator("#desk-open")).to_contain_text("undecided")
    instructor.expected = ("status of 409",)
    page.get_by_role("button", name="Release", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Still open")).to_be_visible()
    expect(page.get_by_role("button", name="Release anyway")).to_be_focused()
    instructor.look("desk, asked before a release")
    page.get_by_role("link", name="Back to the review").click()
    page.get_by_role("navigation", name="Parts of the review").get_by_role("link", name="Rubric").click()
    undecided = page.locator("[data-criterion]", has_text="Reviewers disagree, you decide")
    for _ in range(undecided.count()):
        criterion = undecided.first
        title = criterion.get_by_role("heading").inner_text()
        criterion.locator("fieldset label").nth(1).click()
        expect(page.locator("[data-criterion]", has_text=title)).to_contain_text("you have decided")
    expect(page.locator("#desk-open")).not_to_contain_text("undecided")


def note_with(page: Page, words: str) -> Locator:
    return page.locator("article.note", has_text=words)


def read_feedback(student: Visitor, draft: str) -> None:
    """The student finds what the instructor wrote, and answers a note with a plan."""
    page = student.goto("/")
    student.look("home with feedback")
    page.get_by_role("link", name="Should lectures be recorded?").first.click()
    page.wait_for_url(f"**/drafts/{draft}/feedback/")
    expect(page.get_by_text("Your order of points is clear. Sources come next.")).to_be_visible()
    expect(page.get_by_text(EDITED)).to_be_visible()
    own = note_with(page, OWN_WORDS)
    expect(own).to_contain_text(PASSAGE)
    student.look("feedback")
    own.get_by_role("radio", name="I will do this").check()
    own.get_by_label(re.compile("^Because")).fill(ANSWER)
    own.get_by_role("radio", name="Helpful").check()
    own.get_by_role("button", name="Save my answer").click()
    expect(own.get_by_role("status")).to_contain_text("Saved.")
    student.goto(f"/drafts/{draft}/text/")
    student.look("what we read")
    student.goto(f"/drafts/{draft}/feedback/")
    expect(note_with(student.page, OWN_WORDS).get_by_label(re.compile("^Because"))).to_have_value(ANSWER)


def revised_pdf(student: Visitor, path: Path) -> Path:
    """Write the second draft as people do: change some sentences, print to PDF."""
    parts = []
    for paragraph in docx.Document(str(SAMPLE)).paragraphs:
        words = paragraph.text
        for old, new in FIXED.items():
            words = words.replace(old, new)
        name = "h1" if ((paragraph.style is not None and paragraph.style.name) or "").startswith("Heading") else "p"
        parts.append(f"<{name}>{escape(words)}</{name}>")
    printer = student.context.new_page()
    printer.set_content(f"<!doctype html><html lang=en><title>Draft 2</title><body>{''.join(parts)}</body></html>")
    printer.pdf(path=path, format="A4", margin={"top": "2cm", "bottom": "2cm", "left": "2cm", "right": "2cm"})
    printer.close()
    return path


def see_goals(instructor: Visitor, assignment_path: str) -> None:
    """Draft 2 lies on the desk with what became of the goals, and the difference to draft 1."""
    page = open_desk(instructor, assignment_path)
    expect(page.locator(".bar-title")).to_contain_text("draft 2")
    expect(page.locator("#draft-text")).to_contain_text("Varga (2021) found that results improved")
    goals = page.locator("#goals")
    expect(goals).to_contain_text(OWN_STEP)
    expect(goals).to_contain_text(ANSWER)
    instructor.look("desk, draft 2")
    page.get_by_role("link", name="What changed").click()
    expect(page.locator("ins", has_text="Varga (2021)").first).to_be_visible()
    instructor.look("what changed, desk")


def remove_content(site: RunningSite, draft: str) -> None:
    """The draft's time is over; the hourly command comes by."""
    site.manage(
        "shell",
        "-c",
        "from datetime import timedelta; from django.utils import timezone; from submissions.models import Draft; "
        f"Draft.objects.filter(public_id='{draft}').update(content_due_at=timezone.now() - timedelta(hours=1))",
    )
    assert "Content of 1 drafts removed" in site.manage("remove_content")


def see_text_gone(student: Visitor, instructor: Visitor, draft: str) -> None:
    """Neither page has a word of the text any more, both say so; the feedback stays."""
    page = student.goto(f"/drafts/{draft}/feedback/")
    expect(page.get_by_text("The text of this draft has been removed")).to_be_visible()
    expect(page.get_by_text(OWN_WORDS)).to_be_visible()
    student.look("feedback without text")
    assert PASSAGE not in student.context.request.get(f"/drafts/{draft}/feedback.md").text()
    assert "Students who work, who are ill" not in page.content() and PASSAGE not in page.content()
    page = instructor.goto(f"/review/{draft}/")
    expect(page.get_by_text("The text has been removed")).to_be_visible()
    instructor.look("desk without text")
    assert "Students who work, who are ill" not in page.content() and PASSAGE not in page.content()
