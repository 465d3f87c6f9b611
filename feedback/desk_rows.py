"""Writing what the readings say onto the desk, without touching what a person wrote there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from feedback.contract import flags_to_json
from feedback.merging.notes import Cluster, MergedNotes
from feedback.models import CriterionResult, Feedback, FeedbackItem, FeedbackRequest, ModelRun
from feedback.textcheck import NAME as TEXT_CHECK
from feedback.textcheck import check_text

if TYPE_CHECKING:
    from feedback.combining import Combined
    from feedback.material import Material
    from submissions.models import Draft

GROUP = {
    "priority": FeedbackItem.Group.PRIORITY,
    "strength": FeedbackItem.Group.STRENGTH,
    "further": FeedbackItem.Group.NOTE,
    "question": FeedbackItem.Group.QUESTION,
}
# Why a comment was set aside, for the instructor; see feedback.reading.evidence and screening.
SET_ASIDE = {
    "": "its quotation is not in the draft",
    "no_located_quote": "its quotation is not in the draft",
    "ungrounded_run": "most quotations of this reading are not in the draft",
    "grade_talk": "it talks of grades or numbers",
    "link": "it holds a link",
    "markup": "it holds markup",
    "authorship": "it guesses about the author",
    "person": "it talks about the person, not the work",
    "nonce_echo": "it repeats marks of the prompt",
    "attack_echo": "it repeats words that address the reviewer",
    "addressed_evidence": "it rests on words that address the reviewer",
    "dialect": "it faults a variety of language",
    "replacement": "it writes the passage instead of the student",
}
NO_WORDINGS: Mapping[str, tuple[str, str]] = {}
GROUP_OF_KIND = {
    "issue": FeedbackItem.Group.NOTE,
    "strength": FeedbackItem.Group.STRENGTH,
    "question": FeedbackItem.Group.QUESTION,
}


def write_desk(
    *, request: FeedbackRequest, draft: Draft, material: Material, combined: Combined, runs: list[ModelRun]
) -> Feedback:
    """Create or refresh the draft's Feedback inside the caller's transaction.

    Machine notes nobody touched are replaced; edited, promoted by hand, discarded or added notes stay, and so do
    the instructor's levels and comments.
    """
    musts = sum(flag.severity == "must" for flag in combined.flags)
    checks = sum(flag.severity == "check" for flag in combined.flags)
    spreads = [a.gmd for a in combined.agreements.values() if a.gmd is not None]
    good = bool(combined.readings)
    # Whom a draft worries about needs a person, whatever the assignment says of release.
    worrying = any(flag.code == "STUDENT_CONCERN" for flag in combined.flags)
    feedback, _ = Feedback.objects.update_or_create(
        draft=draft,
        defaults={
            "flags": flags_to_json(combined.flags),
            "must_count": musts,
            "check_count": checks,
            "disagreement": max(spreads) if spreads else None,
            "stale": False,
            "by_hand": not good,
            "practice": bool(material.plan.get("practice")) and good and not worrying,
        },
    )
    _write_criteria(feedback, material, combined, runs)
    feedback.items.filter(edited_by__isnull=True).exclude(origin=FeedbackItem.Origin.INSTRUCTOR).delete()
    rows = note_values(combined.notes, combined.wordings) if combined.notes else []
    if not good:
        rows += _text_check(material)
    FeedbackItem.objects.bulk_create(FeedbackItem(feedback=feedback, **values) for values in rows)
    if feedback.practice:
        _release_practice(feedback, request)
    return feedback


def _write_criteria(feedback: Feedback, material: Material, combined: Combined, runs: list[ModelRun]) -> None:
    kept = {row.criterion_key: row for row in feedback.criteria.all()}
    wanted = criterion_values(material, combined, runs)
    for values in wanted:
        row = kept.get(values["criterion_key"])
        if row is None:
            CriterionResult.objects.create(feedback=feedback, **values)
        else:
            CriterionResult.objects.filter(pk=row.pk).update(**values)
    keys = [values["criterion_key"] for values in wanted]
    feedback.criteria.exclude(criterion_key__in=keys).filter(level__isnull=True, comment="").delete()


def criterion_values(material: Material, combined: Combined, runs: list[ModelRun]) -> list[dict[str, Any]]:
    """Return what a CriterionResult holds for each criterion, in rubric order, as JSON types."""
    stand_ins = {run.display_name for run in runs if run.fallback_step}
    rows = []
    for position, criterion in enumerate(material.rubric.criteria):
        agreement = combined.agreements[criterion.key]
        levels: dict[str, list[int | None]] = {}
        for reading in combined.readings:
            for said in reading.reading.criteria:
                if said.criterion_key == criterion.key:
                    levels.setdefault(reading.model, []).append(said.level)
        spread = agreement.spread or (None, None)
        band = agreement.band or (None, None)
        values: dict[str, Any] = {
            "criterion_key": criterion.key,
            "position": position,
            "snapshot": asdict(criterion),
            "centre": agreement.centre,
            "suggested_level": None if agreement.withheld else agreement.level,
            "band_low": band[0],
            "band_high": band[1],
            "spread_low": spread[0],
            "spread_high": spread[1],
            "agreement": agreement.agreement,
            "agreement_words": agreement.words[:300],
            "withheld": agreement.withheld,
            "readings": {
                model: {
                    "median": agreement.model_medians.get(model),
                    "runs": given,
                    "fallback": model in stand_ins,
                }
                for model, given in levels.items()
            },
        }
        rows.append(values)
    return rows


def note_values(notes: MergedNotes, wordings: Mapping[str, tuple[str, str]] = NO_WORDINGS) -> list[dict[str, Any]]:
    """Return what a FeedbackItem holds for each note, shown ones and others, as JSON types.

    ``wordings``: per note a text that a model wrote from its comments, and the model's name.
    """
    rows: list[dict[str, Any]] = []
    total_models = len({member.model for cluster in notes.clusters for member in cluster.members})
    for position, cluster in enumerate(notes.clusters):
        shown = cluster.shown
        group = GROUP[cluster.section] if shown else GROUP_OF_KIND[cluster.kind]
        rows.append(
            {
                "status": FeedbackItem.Status.SHOWN if shown else FeedbackItem.Status.SUGGESTED,
                "group": group,
                "position": position,
                "criterion_key": cluster.criterion_key,
                "kind": cluster.kind,
                "tag": cluster.tag,
                "severity": round(cluster.severity),
                "absence": cluster.absence,
                "comment": wordings.get(cluster.key, (cluster.comment, ""))[0],
                "worded_by": wordings.get(cluster.key, ("", ""))[1],
                "why": cluster.why,
                "next_step": cluster.next_step,
                "quotes": [
                    {"start": q.start, "end": q.end, "shown": q.shown, "sentence_id": q.sentence_id}
                    for q in cluster.quotes
                    if q.start is not None
                ],
                "sources": _sources(cluster),
                "support": cluster.support,
                "support_words": support_words(cluster, total_models),
                "priority": cluster.priority,
                "why_not_shown": cluster.why_not_shown[:60],
            }
        )
    for offset, member in enumerate(notes.quarantined):
        item = member.item
        rows.append(
            {
                "status": FeedbackItem.Status.SUGGESTED,
                "group": GROUP_OF_KIND[item.kind],
                "position": len(notes.clusters) + offset,
                "criterion_key": item.criterion_key,
                "kind": item.kind,
                "tag": item.tag,
                "severity": item.severity,
                "comment": item.comment,
                "why": item.why,
                "next_step": item.next_step,
                "sources": [{"model": member.model, "run": member.run, "item_id": item.item_id}],
                "why_not_shown": SET_ASIDE.get(item.quarantine_reason, "it breaks a rule for comments"),
            }
        )
    return rows


def _sources(cluster: Cluster) -> list[dict[str, Any]]:
    """Every comment of the cluster, the shown one first: other wordings stay one click away."""
    members = [cluster.medoid, *(m for m in cluster.members if m.key != cluster.medoid.key)]
    return [
        {
            "model": member.model,
            "run": member.run,
            "item_id": member.item.item_id,
            "comment": member.item.comment,
            "why": member.item.why,
            "next_step": member.item.next_step,
        }
        for member in members
    ]


def support_words(cluster: Cluster, total_models: int) -> str:
    """Return in words who made this comment."""
    if cluster.single_model:
        return f"only {cluster.models[0]}, in several readings"
    return f"{len(cluster.models)} of {total_models} reviewers"


def _text_check(material: Material) -> list[dict[str, Any]]:
    """Help for marking by hand where no model answered: observations, never levels."""
    assignment = material.plan["assignment"]
    check = check_text(
        material.text,
        language=material.language or assignment["language"],
        # Plans frozen before assignments had these lists are without them.
        required_sections=assignment.get("asked_sections", ()),
        key_terms=assignment.get("key_terms", ()),
        word_range=(assignment["min_words"], assignment["max_words"]),
    )
    rows = []
    for position, note in enumerate(check.notes):
        quotes = [
            {"start": start, "end": end, "shown": material.text[start:end], "sentence_id": ""}
            for start, end in note.spans[:3]
        ]
        rows.append(
            {
                "status": FeedbackItem.Status.SUGGESTED,
                "group": FeedbackItem.Group.NOTE,
                "origin": FeedbackItem.Origin.CHECK,
                "position": 1000 + position,
                "comment": note.found,
                "why": note.cannot_tell,
                "next_step": note.question,
                "quotes": quotes,
                "support_words": TEXT_CHECK,
                "why_not_shown": "automatic check, not a reviewer",
            }
        )
    return rows


def _release_practice(feedback: Feedback, request: FeedbackRequest) -> None:
    """Practice assignments: the instructor chose, for all of it, that nobody has to release."""
    from feedback.release import publish

    now = timezone.now()
    if feedback.status != Feedback.Status.RELEASED:
        publish(feedback=feedback, request=request, actor=None, now=now)
