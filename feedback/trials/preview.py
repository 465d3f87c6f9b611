"""The dry run: the exact prompts a trial would send, built in a worker that may ask the library, sent to nobody."""

from __future__ import annotations

import secrets
from typing import Any

from aiconfig.models import AIModel
from feedback.material import material_of_trial
from feedback.models import Trial
from feedback.reading.parts import TooManyParts, prompts_for
from feedback.reading.prompt import TEMPLATE_VERSION, new_nonce
from feedback.runs import output_mode_of


def build_prompts(trial_id: int) -> None:
    """Store the prompts of one run of each model of the plan with the trial. Safe to run twice; the later prompts stay.

    Nonce and seed are made for each call, so a later run differs from the preview in these two and in nothing else.
    """
    trial = Trial.objects.select_related("assignment").filter(pk=trial_id, status=Trial.Status.READY, dry=True).first()
    material = None if trial is None else material_of_trial(trial)
    if trial is None or material is None:
        return
    models = AIModel.objects.select_related("provider").in_bulk([entry["ai_model"] for entry in trial.plan["models"]])
    prompts: list[dict[str, Any]] = []
    for entry in trial.plan["models"]:
        model = models[entry["ai_model"]]
        mode = output_mode_of(model)
        seed = secrets.randbelow(2**31)
        source = material.prompt_input(nonce=new_nonce(), seed=seed)
        try:
            calls = prompts_for(
                source, context_tokens=entry.get("context_tokens") or model.context_tokens, output_mode=mode
            )
        except TooManyParts:
            calls = ()
        prompts.append(
            {
                "model": entry["display_name"],
                "runs": entry["runs"],
                "mode": mode,
                "template_version": TEMPLATE_VERSION,
                # More than one for a text longer than the model's window: its parts, then the levels. None: too long.
                "calls": [[dict(message) for message in prompt.messages] for prompt in calls],
            }
        )
    Trial.objects.filter(pk=trial.pk, dry=True, content_removed_at=None).update(result={"prompts": prompts})
