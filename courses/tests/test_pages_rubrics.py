"""The rubric editor by plain posts, templates, files in and out."""

from __future__ import annotations

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from courses.models import Rubric, RubricTemplate
from courses.rubric_templates import load_library
from courses.rubrics import spec_of
from courses.tests.cast import Cast, at, rubric_form, signed_in


def test_a_rubric_written_by_plain_posts(cast: Cast) -> None:
    client = signed_in(cast.bob)
    url = at("rubric_create", cast.course)
    before = Rubric.objects.count()
    form = rubric_form("Report")
    page = client.post(url, {**form, "do": "criterion-add"})
    assert [len(criterion.levels) for criterion in page.context["draft"].criteria] == [2, 2]
    page = client.post(url, {**form, "do": "level-add:0"})
    assert len(page.context["draft"].criteria[0].levels) == 3
    page = client.post(url, {**form, "do": "level-reverse:0"})
    assert page.context["draft"].criteria[0].levels[0].label == "High"
    assert Rubric.objects.count() == before
    key = str(uuid.uuid4())
    for _double_click in range(2):
        saved = client.post(url, {**form, "do": "save", "key": key})
        assert saved.status_code == 302
    rubric = Rubric.objects.get(title="Report")
    assert spec_of(rubric).criteria[0].levels[1].label == "High"


@pytest.mark.parametrize(
    "button",
    [
        "criterion-up:0",
        "criterion-down:9",
        "level-remove:0:7",
        "level-up:x",
        "explode",
        "criterion-remove:-1",
        "",
        "::::",
    ],
)
def test_buttons_that_do_nothing_keep_what_was_typed(cast: Cast, button: str) -> None:
    page = signed_in(cast.bob).post(at("rubric_edit", cast.rubric), {**rubric_form("Typed"), "do": button})
    assert page.status_code == 200
    assert "A precise claim comes first." in page.content.decode()
    assert Rubric.objects.get(pk=cast.rubric.pk).title == "Essay"


def test_editing_a_rubric_and_being_overtaken(cast: Cast) -> None:
    client = signed_in(cast.bob)
    url = at("rubric_edit", cast.rubric)
    assert client.post(url, rubric_form("Mine", revision="1", **{"c0-key": "c1"})).status_code == 302
    late = client.post(url, rubric_form("Late", revision="1", **{"c0-key": "c1"}))
    assert late.status_code == 409
    assert "Late" in late.content.decode()
    again = client.post(url, rubric_form("Late", revision="2", **{"c0-key": "c1"}))
    assert again.status_code == 302
    assert spec_of(cast.rubric).title == "Late"


def test_rubric_errors_stand_beside_their_fields(cast: Cast) -> None:
    form = rubric_form("", **{"c0-weight": "many", "c0-l1-label": "low", "c0-l0-points": "NaN"})
    page = signed_in(cast.bob).post(at("rubric_create", cast.course), {**form, "do": "save"})
    assert page.status_code == 422
    criterion = page.context["draft"].criteria[0]
    assert set(criterion.errors) == {"weight"}
    assert set(criterion.levels[0].errors) == {"points"}
    page = signed_in(cast.bob).post(
        at("rubric_create", cast.course), {**rubric_form("", **{"c0-l1-label": "low"}), "do": "save"}
    )
    assert page.context["draft"].errors == {"title": "Give the rubric a title."}
    assert set(page.context["draft"].criteria[0].levels[1].errors) == {"label"}


def test_starting_from_a_template_a_table_and_blank(cast: Cast) -> None:
    load_library()
    client = signed_in(cast.bob)
    url = at("rubric_create", cast.course)
    template = RubricTemplate.objects.get(slug="essay")
    assert template.title in client.get(url).content.decode()
    key = str(uuid.uuid4())
    first = client.post(url, {"start": "template", "template": str(template.public_id), "key": key})
    assert client.post(url, {"start": "template", "template": str(template.public_id), "key": key}).url == first.url
    assert "Claim and line of reasoning" in client.get(first.url).content.decode()
    table = "Criterion\tStrong (2)\tWeak (1)\nClaim\tPrecise\tMissing\n"
    page = client.post(url, {"start": "import", "text": table})
    assert page.context["draft"].criteria[0].levels[0].label == "Weak"
    refused = client.post(url, {"start": "import", "text": "nothing"})
    assert refused.status_code == 422 and "No table" in refused.content.decode()
    assert client.get(url + "?start=blank").context["draft"].criteria[0].levels[0].label == "Beginning"


def test_a_rubric_goes_out_as_a_file_and_comes_in_again(cast: Cast) -> None:
    client = signed_in(cast.bob)
    file = client.get(at("rubric_export", cast.rubric))
    assert file["Content-Disposition"] == 'attachment; filename="essay.ffrubric"'
    upload = SimpleUploadedFile("essay.ffrubric", file.content)
    page = client.post(at("rubric_create", cast.course), {"start": "import", "file": upload})
    assert [criterion.title for criterion in page.context["draft"].criteria] == ["Claim", "Clarity"]


def test_templates_of_ones_own(cast: Cast) -> None:
    client = signed_in(cast.bob)
    for _double_click in range(2):
        client.post(at("rubric_save_template", cast.rubric), {"title": "Mine"})
    template = RubricTemplate.objects.get(owner=cast.bob)
    other = signed_in(cast.carol)
    assert "Mine" not in other.get(at("rubric_templates")).content.decode()
    refused = other.post(at("rubric_templates"), {"template": str(template.public_id), "action": "delete"})
    assert refused.status_code == 404
    client.post(at("rubric_templates"), {"template": str(template.public_id), "action": "delete"})
    template.refresh_from_db()
    assert template.status == "deleted"
