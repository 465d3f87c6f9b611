"""The dry run: the exact prompts a trial would send, built in a worker that may ask the library, sent to nobody."""

from __future__ import annotations

import secrets
from typing import Any

from aiconfig.models import AIModel
from feedback.material import material_of_trial
from feedback.models import Trial
from feedback.reading.prompt import build_prompt, new_nonce
from feedback.runs import output_mode_of


def build_prompts(trial_id: int) -> None:
    """Store one prompt per model of the plan with the trial. Safe to run twice; the later prompts stay.

    Nonce and seed are made for each call, so a later run differs from the preview in these two and in nothing else.
    """
    trial = Trial.objects.select_related("assignment").filter(pk=trial_id, status=Trial.Status.READY, dry=True).first()
    material = None if trial is None else material_of_trial(trial)
    if trial is None or material is None:
        return
    models = AIModel.objects.select_related("provider").in_bulk([entry["ai_model"] for entry in trial.plan["models"]])
    prompts: list[dict[str, Any]] = []
    for entry in trial.plan["models"]:
        mode = output_mode_of(models[entry["ai_model"]])
        seed = secrets.randbelow(2**31)
        prompt = build_prompt(material.prompt_input(nonce=new_nonce(), seed=seed), output_mode=mode)
        prompts.append(
            {
                "model": entry["display_name"],
                "runs": entry["runs"],
                "mode": mode,
                "template_version": prompt.template_version,
                "messages": [dict(message) for message in prompt.messages],
            }
        )
    Trial.objects.filter(pk=trial.pk, dry=True, content_removed_at=None).update(result={"prompts": prompts})
