"""Runs and what they said, judgement, release."""

from feedback.models.judgement import CriterionResult, Feedback, FeedbackItem
from feedback.models.readings import Comment, CriterionScore
from feedback.models.requests import FeedbackRequest, ModelRun, RunTranscript

__all__ = [
    "Comment",
    "CriterionResult",
    "CriterionScore",
    "Feedback",
    "FeedbackItem",
    "FeedbackRequest",
    "ModelRun",
    "RunTranscript",
]
