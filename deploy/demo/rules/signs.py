"""Signs that more than one family of rules looks for."""

from __future__ import annotations

import re

OBJECTION = re.compile(
    r"\b((?:critics|opponents|sceptics|supporters of|some (?:people|lecturers|teachers|parents)|others|many (?:people|lecturers|teachers|"
    r"parents|students)|airlines|companies|teachers may|one may|one might|one could|it could be)\s+(?:\w+\s+){0,4}?"
    r"(?:say|says|said|object|objects|argue|argues|claim|fear|reply|believe|think|against)\b"
    r"|(?:the|this) (?:main |strongest )?(?:objection|counterargument|argument against|main argument against)\b|are against\b)",
    re.I,
)
