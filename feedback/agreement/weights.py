"""How much a model's word counts, once instructors have confirmed enough of its levels.

Never a model's own confidence: models are as sure when wrong. The mean squared error against confirmed
levels is shrunk towards the pooled one, so a few lucky drafts do not make an authority.
"""

from __future__ import annotations

from collections.abc import Mapping

MINIMUM_CONFIRMED_DRAFTS = 30
SHRINKAGE_DRAFTS = 20
CAP = 3.0

# Assumed standard deviations, in levels, of a model's lasting bias and of a single run around it.
MODEL_SD = 0.65
RUN_SD = 0.25


def reliability_weights(
    mse: Mapping[str, float],
    confirmed: Mapping[str, int],
    *,
    shrinkage_drafts: float = SHRINKAGE_DRAFTS,
    cap: float = CAP,
) -> dict[str, float]:
    """Return weights per model that sum to 1.

    ``mse``: mean squared error in levels squared against the instructor's confirmed level; ``confirmed``: over
    how many drafts. MSE* = (n MSE + n0 pool) / (n + n0), pool being the mean squared error over all
    drafts of all models; weight ~ 1 / MSE*, at most ``cap`` times the smallest. An MSE* of 0 counts as the
    smallest positive one, or 1 if there is none. ValueError on negative input or different models.
    """
    if set(mse) != set(confirmed):
        raise ValueError("Each model needs an error and a number of confirmed drafts.")
    if any(value < 0 for value in mse.values()) or any(n < 0 for n in confirmed.values()):
        raise ValueError("Errors and numbers of drafts must not be negative.")
    if not mse:
        return {}
    drafts = sum(confirmed.values())
    pool = sum(mse[m] * confirmed[m] for m in mse) / drafts if drafts else sum(mse.values()) / len(mse)
    shrunk = {
        model: (n * mse[model] + shrinkage_drafts * pool) / (n + shrinkage_drafts) if n + shrinkage_drafts else pool
        for model, n in confirmed.items()
    }
    floor = min((value for value in shrunk.values() if value > 0), default=1.0)
    raw = {model: 1 / max(value, floor) for model, value in shrunk.items()}
    ceiling = cap * min(raw.values())
    capped = {model: min(weight, ceiling) for model, weight in raw.items()}
    total = sum(capped.values())
    return {model: capped[model] / total for model in mse}


def calibrated(confirmed: Mapping[str, int], *, minimum: int = MINIMUM_CONFIRMED_DRAFTS) -> bool:
    """Whether every model has enough confirmed drafts for weights to mean something."""
    return bool(confirmed) and all(n >= minimum for n in confirmed.values())


def variance_of_mean(
    models: int, runs: int, *, model_variance: float = MODEL_SD**2, run_variance: float = RUN_SD**2
) -> float:
    """Variance of the mean of ``models`` x ``runs`` readings: var_model / M + var_run / (M R)."""
    if models < 1 or runs < 1:
        raise ValueError("There must be at least one model and one run.")
    return model_variance / models + run_variance / (models * runs)


def effective_readings(
    models: int, runs: int, *, model_variance: float = MODEL_SD**2, run_variance: float = RUN_SD**2
) -> float:
    """How many independent readings M models x R runs are worth: (var_model + var_run) / Var(mean).

    With the assumed variances one model read nine times is worth 1.13 readings, three models read once 3.
    """
    variance = variance_of_mean(models, runs, model_variance=model_variance, run_variance=run_variance)
    return (model_variance + run_variance) / variance if variance else float(models * runs)
