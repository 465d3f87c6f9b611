"""What a case of the manifest allows as an answer, and the bytes it sends."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from submissions.extraction.verdicts import Reason


def fits(case: dict[str, Any], got: Reason) -> bool:
    """Whether ``got`` is the expected code, or the alternative of a case that depends on policy."""
    if got.value == case["code"]:
        return True
    alternative = case.get("alternative", "")
    if got is Reason.OK:
        return alternative.lower().startswith("accept")
    named = re.findall(r"[A-Z][A-Z_]{3,}", alternative)
    return alternative.lower().startswith("reject") and (got.value in named or not named)


def content_of(case: dict[str, Any], folder: Path) -> bytes:
    """The bytes of a case, from its file or made as the manifest says."""
    if case.get("file"):
        return (folder / case["file"]).read_bytes()
    made = case["synth"]
    fill = made["fill"].encode()
    return (fill * (made["bytes"] // len(fill) + 1))[: made["bytes"]]


def sent_text(case: dict[str, Any], data: bytes) -> str:
    """What a paste case types: where its recipe says so, the file is the inside of a JSON string."""
    text = data.decode("utf-8")
    return json.loads(f'"{text}"') if "JSON string" in case.get("recipe", "") else text
