"""Which queue takes which task, and what is done again and again. Plain data: the clock reads it without Django."""

from __future__ import annotations

from typing import Any

ROUTES: dict[str, dict[str, str]] = {
    "submissions.tasks.extract": {"queue": "extract"},
    "feedback.tasks.execute": {"queue": "runs"},
    "feedback.tasks.preview_trial": {"queue": "runs"},
    "feedback.tasks.read_trial": {"queue": "extract"},
    "aiconfig.tasks.*": {"queue": "runs"},
    "feedforward.tasks.send_mail": {"queue": "mail"},
}

# Periodic jobs. ``expires`` just under the period: a stopped worker does not wake up to forty stale jobs.
SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep-drafts": {"task": "submissions.tasks.sweep", "schedule": 15.0, "options": {"expires": 14}},
    "sweep-feedback": {"task": "feedback.tasks.sweep", "schedule": 5.0, "options": {"expires": 4}},
    "compute-insight": {"task": "feedback.tasks.compute_insight", "schedule": 60.0, "options": {"expires": 55}},
    "sweep-mail": {"task": "feedforward.tasks.sweep_mail", "schedule": 60.0, "options": {"expires": 55}},
    "settle-charges": {"task": "aiconfig.tasks.settle_charges", "schedule": 60.0, "options": {"expires": 55}},
    "seal-audit": {"task": "accounts.tasks.seal_audit", "schedule": 60.0, "options": {"expires": 55}},
    "prune-audit": {"task": "accounts.tasks.prune_audit", "schedule": 86_400.0, "options": {"expires": 86_000}},
    "forget-expired": {"task": "accounts.tasks.forget_expired", "schedule": 3600.0, "options": {"expires": 3500}},
    "remove-content": {
        "task": "privacy.tasks.remove_content",
        "schedule": 3600.0,
        "options": {"expires": 3500},
    },
}
