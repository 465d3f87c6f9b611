"""The live rubric as frozen, plain JSON: what a feedback request keeps so that later edits change nothing."""

from __future__ import annotations

from typing import Any

from courses.models import Rubric
from courses.rubrics import spec_of


def freeze(rubric: Rubric) -> dict[str, Any]:
    """Return the rubric in the shape of ``feedback.contract.RubricSnapshot.to_json()`` (JSON types only)."""
    spec = spec_of(rubric)
    return {
        "title": spec.title,
        "pass_position": spec.pass_position,
        "criteria": [
            {
                "key": criterion.key,
                "title": criterion.title,
                "description": criterion.description,
                "weight": float(criterion.weight),
                "higher_order": criterion.higher_order,
                "target_position": None,
                "language_matters": criterion.language_matters,
                "levels": [
                    {
                        "position": position,
                        "label": level.label,
                        "descriptor": level.descriptor,
                        "points": None if level.points is None else float(level.points),
                    }
                    for position, level in enumerate(criterion.levels)
                ],
            }
            for criterion in spec.criteria
        ],
    }
