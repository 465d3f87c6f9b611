"""Runs and what they said, judgement, release, trials."""

from feedback.models.answers import StoredAnswer
from feedback.models.insight import InsightReport
from feedback.models.judgement import CriterionResult, Feedback, FeedbackItem
from feedback.models.readings import Comment, CriterionScore
from feedback.models.requests import FeedbackRequest, ModelRun, RunTranscript
from feedback.models.trials import Trial

__all__ = [
    "Comment",
    "CriterionResult",
    "CriterionScore",
    "Feedback",
    "FeedbackItem",
    "FeedbackRequest",
    "InsightReport",
    "ModelRun",
    "RunTranscript",
    "StoredAnswer",
    "Trial",
]
