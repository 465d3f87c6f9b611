"""The one receiver of the one domain signal: a draft's text is there, so feedback is asked for."""

from typing import Any

from feedback.requests import request_feedback


def on_draft_ready(sender: Any, draft_id: int, **kwargs: Any) -> None:
    request_feedback(draft_id)
