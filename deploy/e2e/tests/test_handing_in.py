"""Files in a browser: dragged or chosen, several, one that cannot be read, checked, replaced; and all of it without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.demo.logins import INSTRUCTOR, NEW_STUDENT, PASSWORD
from deploy.e2e.chromium import Visitor
from deploy.e2e.site import BASE_DIR, RunningSite

pytestmark = pytest.mark.browser

TITLE = "Report on a small experiment"
SAMPLE = BASE_DIR / "deploy" / "demo" / "sample_draft.docx"
READ_LIMIT_MS = 60_000
DROP = """([zone, files]) => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) transfer.items.add(new File([text], name));
  for (const kind of ["dragenter", "dragover", "drop"])
    zone.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""
TEXT = "# Method\n\nTwo groups of ten seeds were watered on the same days, one of them with salt water."
BROKEN = "%PDF-1.7\nthe beginning of a document and nothing more"


def open_assignment(page: Page) -> str:
    page.goto("/courses/")
    page.locator("main .row-link, main tbody a, main .card a").first.click()
    page.get_by_role("link", name=TITLE).first.click()
    page.wait_for_url("**/assignments/*/")
    return urlsplit(page.url).path


def test_several_files_dragged_checked_and_replaced(arrive: Callable[[str], Visitor], tmp_path: Path) -> None:
    teacher = arrive("instructor")
    teacher.sign_in(INSTRUCTOR, PASSWORD)
    page = teacher.page
    page.goto(f"{open_assignment(page)}edit/")
    page.get_by_label("Files per draft").fill("2")
    page.get_by_label("Students check the text").check()
    page.get_by_role("button", name=re.compile("^Save")).first.click()
    page.wait_for_load_state("networkidle")

    student = arrive("student")
    student.expected = ("422",)
    student.sign_in(NEW_STUDENT, PASSWORD)
    page = student.page
    page.goto(f"{open_assignment(page)}submit/")
    zone = page.locator("[data-dropzone]")
    chosen, error = zone.locator("[data-dropzone-chosen]"), page.locator("[data-dropzone-error]")
    page.evaluate(DROP, [zone.element_handle(), [["a.md", TEXT], ["b.md", TEXT], ["c.md", TEXT]]])
    expect(error).to_contain_text("3 files are chosen; up to 2 are taken.")
    page.evaluate(DROP, [zone.element_handle(), [["method.md", TEXT], ["tables.exe", TEXT]]])
    expect(error).to_contain_text("tables.exe")
    page.evaluate(DROP, [zone.element_handle(), [["method.md", TEXT], ["tables.pdf", BROKEN]]])
    expect(error).to_be_hidden()
    expect(chosen).to_contain_text("1. method.md")
    expect(chosen).to_contain_text("2. tables.pdf")
    student.look("hand in two files")
    page.get_by_role("button", name="Hand in").click()
    page.wait_for_url("**/drafts/*/")
    wrong = page.get_by_role("link", name="What went wrong")
    wrong.wait_for(timeout=READ_LIMIT_MS)
    expect(page.locator("#progress [role=status]")).to_contain_text("tables.pdf: This file could not be read")
    wrong.click()
    expect(page.get_by_text("Nothing is wrong with this one.")).to_have_count(1)
    student.look("a file that could not be read")
    page.get_by_role("link", name="Replace the file, or paste the text").click()
    student.look("replace a file")
    expect(page.get_by_label("2. tables.pdf (could not be read)")).to_be_checked()
    # By the keyboard alone from here: the file field can be reached, the button pressed.
    page.get_by_label("2. tables.pdf").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.type") == "file"
    page.set_input_files("input[type=file]", str(SAMPLE))
    page.get_by_role("button", name="Use this instead").focus()
    page.keyboard.press("Enter")
    check = page.get_by_role("link", name="Check the text")
    check.first.wait_for(timeout=READ_LIMIT_MS)
    check.first.click()
    expect(page.get_by_role("heading", name="2. sample_draft.docx")).to_be_visible()
    student.look("check the text")
    page.get_by_role("button", name="Yes, this is my draft").click()
    expect(page.locator("#progress [role=status]")).not_to_contain_text("confirm", timeout=READ_LIMIT_MS)


def test_handing_in_without_scripts(browser: Browser, site: RunningSite, tmp_path: Path) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    try:
        page.goto("/accounts/login/")
        page.get_by_label("Email address").fill(NEW_STUDENT)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.goto(f"{open_assignment(page)}submit/")
        (tmp_path / "torn.pdf").write_text(BROKEN)
        page.set_input_files("input[type=file]", str(tmp_path / "torn.pdf"))
        page.get_by_label("Or paste your text").fill("And a text as well, which is one too many.")
        page.get_by_role("button", name="Hand in").click()
        expect(page.get_by_text("not both").first).to_be_visible()
        page.get_by_label("Or paste your text").fill("")
        essay = tmp_path / "essay.md"
        essay.write_text(f"{TEXT}\n\nWithout scripts.")
        page.set_input_files("input[type=file]", str(essay))
        page.get_by_role("button", name="Hand in").click()
        page.wait_for_url("**/drafts/*/")
        with page.expect_download() as told:
            page.get_by_role("link", name="essay.md").click()
        assert re.fullmatch(r"draft-\d\.md", told.value.suggested_filename)
        assert Path(told.value.path()).read_bytes() == essay.read_bytes()
    finally:
        context.close()
