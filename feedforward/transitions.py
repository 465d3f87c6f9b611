"""State changes that stay right when two processes try them at once.

A model with states declares ``class Status(TextChoices)`` and one ``TRANSITIONS`` table
``{target: {allowed sources}}``. Its named public methods (``claim``, ``release``...) call
:meth:`StatefulModel.move`, one conditional UPDATE on (pk, allowed sources). Reading, checking and
saving gave two winners in nearly every race on PostgreSQL; the conditional UPDATE gives one on both
engines (docs/adr/0002).
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models


class TransitionError(Exception):
    """The row was not in a state from which the change is allowed; the message is fit for the user."""


class StatefulModel(models.Model):
    """Base of every model whose ``status`` follows a transition table."""

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {}

    class Meta:
        abstract = True

    def move(self, target: str, *, where: dict[str, Any] | None = None, **fields: Any) -> None:
        """Move this row to ``target`` and set ``fields`` with it, in one UPDATE.

        ``where`` adds conditions, such as a fencing number. Raises :class:`TransitionError` when the row is
        not in an allowed source state (another process got there first) or a condition does not hold.
        """
        sources = self.TRANSITIONS.get(target, set())
        manager: models.Manager[Any] = type(self)._default_manager
        changed = manager.filter(pk=self.pk, status__in=sources, **(where or {})).update(status=target, **fields)
        if changed != 1:
            current = manager.filter(pk=self.pk).values_list("status", flat=True).first()
            raise TransitionError(self.refusal(current, target))
        self.status = target
        for name, value in fields.items():
            setattr(self, name, value)

    def try_move(self, target: str, *, where: dict[str, Any] | None = None, **fields: Any) -> bool:
        """Like :meth:`move`, but return False instead of raising: for races where losing is normal."""
        try:
            self.move(target, where=where, **fields)
        except TransitionError:
            return False
        return True

    def refusal(self, current: str | None, target: str) -> str:
        """Return the sentence shown when ``current`` -> ``target`` is refused."""
        name = self._meta.verbose_name
        if current is None:
            return f"This {name} no longer exists."
        label = dict(getattr(self._meta.get_field("status"), "choices", None) or ()).get(current, current)
        return f"This {name} is now “{label}”, so that is no longer possible. Reload the page to see its state."
