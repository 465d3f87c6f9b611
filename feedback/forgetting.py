"""Taking the student's words out of what models were sent and said; numbers, levels and codes stay."""

from __future__ import annotations

from django.db.models import QuerySet

from feedback.models import Comment, CriterionScore, ModelRun, RunTranscript, StoredAnswer


def forget_runs(runs: QuerySet[ModelRun]) -> None:
    """Remove prompts, answers, comments' words and quotations of ``runs``, inside the caller's transaction."""
    RunTranscript.objects.filter(run__in=runs).delete()
    StoredAnswer.objects.filter(request__in=runs.values("request")).delete()
    CriterionScore.objects.filter(run__in=runs).update(reasoning="", not_assessable_reason="", quotes=[])
    Comment.objects.filter(run__in=runs).update(comment="", why="", next_step="", quotes=[])
    for run in runs.exclude(summary={}):
        summary = {**run.summary, "goals": [{**g, "quotes": []} for g in run.summary.get("goals", [])]}
        ModelRun.objects.filter(pk=run.pk).update(summary=summary)
