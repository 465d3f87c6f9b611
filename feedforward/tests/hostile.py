"""Hostile words in every text a person or a model can write, and what must not come of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import JSONField

# A formula, a way out of an attribute and of an element, a template, a line of headers.
WORDS = "=ffx(1)\"'><ffx onload=ffx></textarea></title><ffx>{{ 7|add:6 }}{% ffx %}\r\nX-Ffx: 1 "
MARK = "ffx"
OURS = ("accounts", "courses", "aiconfig", "submissions", "feedback", "privacy", "feedforward")
# Texts that no person and no model chooses: identifiers, codes of ours, hashes, settings with a fixed form.
FIXED = re.compile(
    r"(^|_)(id|ids|code|key|keys|hash|mac|status|kind|state|role|email|password|token|digest|salt|url|address|name_hash"
    r"|format|language|mode|nonce|version|class|label|zone|source|type|slug|method|level|display|to|order|bucket"
    r"|tag|focus|currency|setting|field|fields|algorithm|stored_name|message_id|dedupe_key|public_id|failure)$"
)


def _texts(model: type[models.Model]) -> Iterator[models.Field[Any, Any]]:
    for field in model._meta.concrete_fields:
        if not isinstance(field, models.CharField | models.TextField | JSONField) or field.choices or field.primary_key:
            continue
        if isinstance(field, models.EmailField | models.URLField | models.SlugField) or FIXED.search(field.name):
            continue
        yield field


def _poisoned(value: Any) -> Any:
    """Put the words before every string that is prose: keys, codes and ids have no blanks."""
    if isinstance(value, str):
        return WORDS + value if " " in value else value
    if isinstance(value, list):
        return [_poisoned(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _poisoned(entry) for name, entry in value.items()}
    return value


def poison() -> int:
    """Put the words before every free text of every row; returns how many texts."""
    count = 0
    for model in apps.get_models():
        if model._meta.app_label not in OURS or model._meta.label in {"accounts.AuditEvent", "accounts.AuditSeal"}:
            continue
        fields = list(_texts(model))
        for row in model._base_manager.all():
            changed: dict[str, Any] = {}
            for field in fields:
                old = getattr(row, field.attname)
                if isinstance(field, JSONField):
                    changed[field.attname] = _poisoned(old)
                elif field.name not in {"api_key", "value"}:
                    changed[field.attname] = (WORDS + (old or ""))[: field.max_length or None]
            if changed:
                model._base_manager.filter(pk=row.pk).update(**changed)
                count += len(changed)
    return count


class _Reader(HTMLParser):
    """Finds elements and attributes that only hostile words can have made."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.live: list[str] = []
        self.shown = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag.startswith(MARK):
            self.live.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith(("on", MARK)):
                self.live.append(f"<{tag} {name}>")
            if name in {"href", "src", "action", "formaction"} and re.match(
                r"\s*(javascript|data|vbscript):", value or ""
            ):
                self.live.append(f"<{tag} {name}={value!r}>")
            if value and MARK in value:
                self.shown += 1

    def handle_data(self, data: str) -> None:
        self.shown += data.count(f"{MARK}(1)")
        # Text inside a script would be run, whatever its escapes.
        if self.cdata_elem in {"script", "style"} and MARK in data:
            self.live.append(f"<{self.cdata_elem}>")


def read_page(body: str) -> tuple[list[str], int]:
    """Return what became live of the words in a page, and how often they are shown as words."""
    reader = _Reader()
    reader.feed(body)
    reader.close()
    live = reader.live
    if "=13(1)" in body or re.search(r"<ffx>13", body) or "&gt;13" in body:
        live.append("a template of theirs was rendered")
    return live, reader.shown


def formulas(body: str) -> list[str]:
    """Return the cells of a CSV file that a spreadsheet would run."""
    rows = csv.reader(io.StringIO(body.removeprefix("\ufeff"), newline=""))
    return [cell for row in rows for cell in row if re.match(r"[=+@\t\r\n]|-(?![\d.]+$)", cell)]
