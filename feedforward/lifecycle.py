"""One life for courses, assignments, rubric templates, providers and models.

draft -> active -> inactive -> archived -> deleted. Nothing is physically deleted: ``deleted`` sets
``deleted_at`` and hides the row from :meth:`LifecycleQuerySet.alive`. The default manager stays unfiltered,
so a relation never silently loses its target. What happens to dependants stands in :data:`CASCADE`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.apps import apps
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from feedforward.transitions import StatefulModel


class LifecycleStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("Active")
    INACTIVE = "inactive", _("Inactive")
    ARCHIVED = "archived", _("Archived")
    DELETED = "deleted", _("Deleted")


# When a row of the key reaches the state, the rows that hang on it (model label, field) reach it too,
# unless they are already further along. What is absent stays as it is: drafts and feedback of a deleted
# course are kept (students keep reading their own) until retention removes their content.
CASCADE: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("courses.Course", LifecycleStatus.ARCHIVED): (("courses.Assignment", "course"),),
    ("courses.Course", LifecycleStatus.DELETED): (("courses.Assignment", "course"),),
    ("aiconfig.Provider", LifecycleStatus.INACTIVE): (("aiconfig.AIModel", "provider"),),
    ("aiconfig.Provider", LifecycleStatus.ARCHIVED): (("aiconfig.AIModel", "provider"),),
    ("aiconfig.Provider", LifecycleStatus.DELETED): (("aiconfig.AIModel", "provider"),),
}


class LifecycleQuerySet(models.QuerySet[Any]):
    """Queries every model with this lifecycle shares."""

    def alive(self) -> Self:
        """Rows that are not deleted."""
        return self.filter(deleted_at__isnull=True)

    def active(self) -> Self:
        """Rows that are in use."""
        return self.filter(status=LifecycleStatus.ACTIVE)


class LifecycleModel(StatefulModel):
    """Base of every model with the common lifecycle."""

    Status = LifecycleStatus
    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        LifecycleStatus.ACTIVE: {LifecycleStatus.DRAFT, LifecycleStatus.INACTIVE},
        LifecycleStatus.INACTIVE: {LifecycleStatus.ACTIVE, LifecycleStatus.ARCHIVED},
        LifecycleStatus.ARCHIVED: {LifecycleStatus.DRAFT, LifecycleStatus.ACTIVE, LifecycleStatus.INACTIVE},
        LifecycleStatus.DELETED: {
            LifecycleStatus.DRAFT,
            LifecycleStatus.ACTIVE,
            LifecycleStatus.INACTIVE,
            LifecycleStatus.ARCHIVED,
        },
    }

    status = models.CharField(
        _("status"),
        max_length=10,
        choices=LifecycleStatus.choices,
        default=LifecycleStatus.DRAFT,
        editable=False,
    )
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_active(self) -> bool:
        return self.status == LifecycleStatus.ACTIVE

    @property
    def is_read_only(self) -> bool:
        """Archived and deleted rows take no changes, by page or by direct POST."""
        return self.status in {LifecycleStatus.ARCHIVED, LifecycleStatus.DELETED}

    def activate(self) -> None:
        """draft or inactive -> active."""
        self.move(LifecycleStatus.ACTIVE)

    def deactivate(self, *, now: datetime | None = None) -> None:
        """active -> inactive, or archived -> inactive to bring a row back."""
        self.move(LifecycleStatus.INACTIVE)
        self._cascade(LifecycleStatus.INACTIVE, now or timezone.now())

    def archive(self, *, now: datetime | None = None) -> None:
        """Make the row and its dependants read-only."""
        self.move(LifecycleStatus.ARCHIVED)
        self._cascade(LifecycleStatus.ARCHIVED, now or timezone.now())

    def soft_delete(self, *, now: datetime | None = None) -> None:
        """Hide the row and its dependants; nothing is physically deleted."""
        now = now or timezone.now()
        self.move(LifecycleStatus.DELETED, deleted_at=now)
        self._cascade(LifecycleStatus.DELETED, now)

    def _cascade(self, target: str, now: datetime) -> None:
        for label, field in CASCADE.get((self._meta.label, target), ()):
            model = apps.get_model(label)
            sources = LifecycleModel.TRANSITIONS[target]
            if target == LifecycleStatus.INACTIVE:
                sources = {LifecycleStatus.ACTIVE}
            fields: dict[str, Any] = {"status": target}
            if target == LifecycleStatus.DELETED:
                fields["deleted_at"] = now
            model._default_manager.filter(**{field: self}, status__in=sources).update(**fields)


def lifecycle_constraints(prefix: str) -> list[models.BaseConstraint]:
    """Return the constraints of a lifecycle table: known states, and ``deleted_at`` set iff deleted."""
    return [
        models.CheckConstraint(condition=models.Q(status__in=LifecycleStatus.values), name=f"{prefix}_status_known"),
        models.CheckConstraint(
            condition=models.Q(status=LifecycleStatus.DELETED, deleted_at__isnull=False)
            | (~models.Q(status=LifecycleStatus.DELETED) & models.Q(deleted_at__isnull=True)),
            name=f"{prefix}_deleted_at_iff_deleted",
        ),
    ]
