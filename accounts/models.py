"""Who somebody is, how they came in, and who did what."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.tokens import OneTimeLink


class UserManager(BaseUserManager["User"]):
    """Makes users; addresses are stored in lower case so that one person has one account."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        if not email:
            raise ValueError("A user needs an email address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        fields = {"is_staff": True, "is_superuser": True, "is_administrator": True, **fields}
        return self.create_user(email, password, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Roles add up: an instructor here can be a student elsewhere.

    PII: email, name, student number. Kept: until erased or the account is removed by the administrator.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("email address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    student_number = models.CharField(_("student number"), max_length=40, blank=True)
    is_student = models.BooleanField(_("student"), default=False)
    is_instructor = models.BooleanField(_("instructor"), default=False)
    is_assistant = models.BooleanField(_("teaching assistant"), default=False)
    is_administrator = models.BooleanField(_("administrator"), default=False)
    # Somebody who signed up as an instructor waits for an administrator unless the domain is trusted.
    instructor_requested = models.BooleanField(_("asked to be an instructor"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may use Django admin"), default=False)
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True)
    shortcuts = models.BooleanField(_("keyboard shortcuts"), default=True)
    # Part of every session: raising it ends all sessions made before (role, password, active changes).
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    notice_accepted_at = models.DateTimeField(_("notice accepted at"), null=True, blank=True)
    notice_version = models.CharField(max_length=20, blank=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]
        indexes = [models.Index(fields=["name"], name="user_by_name")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name people see; the part before the @ when none was given."""
        return self.name or self.email.partition("@")[0]

    @property
    def teaches(self) -> bool:
        """Whether the person reviews drafts in some course."""
        return self.is_instructor or self.is_assistant

    def get_full_name(self) -> str:
        return self.display_name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What every session of this person carries: a new password or epoch ends them all at once."""
        return salted_hmac(
            "accounts.User.session", f"{self.password}:{self.session_epoch}", secret=secret, algorithm="sha256"
        ).hexdigest()

    def get_short_name(self) -> str:
        return self.display_name.split(" ")[0]


class Invitation(OneTimeLink):
    """A way in, bound to an address, a role and (for students and course staff) a course.

    PII: email. Kept: until 90 days after it was used, withdrawn or ran out.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Waiting")
        ACCEPTED = "accepted", _("Accepted")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Role(models.TextChoices):
        STUDENT = "student", _("Student")
        ASSISTANT = "assistant", _("Teaching assistant")
        CO_INSTRUCTOR = "co_instructor", _("Co-instructor")
        INSTRUCTOR = "instructor", _("Instructor")
        ADMINISTRATOR = "administrator", _("Administrator")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.ACCEPTED: {Status.OPEN},
        Status.WITHDRAWN: {Status.OPEN},
    }

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("email address"))
    name = models.CharField(_("name"), max_length=150, blank=True)
    role = models.CharField(_("role"), max_length=15, choices=Role.choices)
    # A look upwards by name only: an invitation is about a course but knows nothing of it.
    course = models.ForeignKey(
        "courses.Course", null=True, blank=True, on_delete=models.CASCADE, related_name="invitations"
    )
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.OPEN, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="invitations_sent"
    )
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="invitations_accepted",
    )
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    sent_count = models.PositiveSmallIntegerField(_("times sent"), default=0)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        indexes = [models.Index(fields=["course", "status"], name="invitation_by_course")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["open", "accepted", "withdrawn"]),
                name="invitation_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(status="accepted", accepted_at__isnull=False)
                | (~models.Q(status="accepted") & models.Q(accepted_at__isnull=True)),
                name="invitation_accepted_at_iff_accepted",
            ),
            models.UniqueConstraint(
                Lower("email"),
                "role",
                "course",
                condition=models.Q(status="open"),
                name="invitation_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} ({self.get_status_display()})"


class PasswordReset(OneTimeLink):
    """A link to set a new password, bound to the person, their address and their session epoch when it was made.

    PII: email. Kept: until a day after it ran out.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Waiting")
        USED = "used", _("Used")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {Status.USED: {Status.OPEN}}

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="password_resets")
    email = models.EmailField(_("email address"))
    session_epoch = models.PositiveIntegerField()
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.OPEN, editable=False)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("password reset")
        verbose_name_plural = _("password resets")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="used", used_at__isnull=False)
                | models.Q(status="open", used_at__isnull=True),
                name="password_reset_used_at_iff_used",
            )
        ]

    def __str__(self) -> str:
        return self.get_status_display()


class AuditEvent(models.Model):
    """Who did what to which object: names of fields, never contents. Append-only (database triggers).

    PII: actor, IP class. Kept: by the audit's own retention (default three years).
    """

    code = models.CharField(_("event"), max_length=60)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.DO_NOTHING, db_constraint=False
    )
    object_label = models.CharField(_("kind of object"), max_length=60, blank=True)
    object_id = models.CharField(_("object"), max_length=64, blank=True)
    course_id = models.BigIntegerField(_("course"), null=True, blank=True)
    fields = models.JSONField(_("fields"), default=list, blank=True)
    counts = models.JSONField(_("counts"), default=dict, blank=True)
    ip_class = models.CharField(_("network"), max_length=45, blank=True)
    created_at = models.DateTimeField(_("at"), default=timezone.now)
    # A nonce and the HMAC over all of the above: a row that the site did not write has none. Empty: older than this.
    mac = models.CharField(max_length=81, blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [
            models.Index(fields=["course_id", "-created_at"], name="audit_by_course"),
            models.Index(fields=["object_label", "object_id"], name="audit_by_object"),
            models.Index(fields=["actor", "-created_at"], name="audit_by_actor"),
            models.Index(fields=["code", "-created_at"], name="audit_by_code"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["mac"], condition=~models.Q(mac=""), name="audit_event_written_once")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.object_label} {self.object_id}"


class AuditHead(models.Model):
    """Where the chain ends, signed: without it nobody would miss links taken from the end. One row.

    PII: none. Kept: always.
    """

    sequence = models.BigIntegerField(default=0)
    mac = models.CharField(max_length=64, blank=True)
    # Events up to this key are older than their own HMAC and have none.
    unsigned_up_to = models.BigIntegerField(default=0)
    signature = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("end of the audit")
        verbose_name_plural = _("end of the audit")

    def __str__(self) -> str:
        return f"{self.sequence}:{self.mac}"


class AuditSeal(models.Model):
    """The link of one event in the HMAC chain, written afterwards by one sealer.

    Sealing inside the event's own transaction would make every writer wait for one row; docs/adr/0005.

    PII: none. Kept: with its event.
    """

    event = models.OneToOneField(AuditEvent, on_delete=models.DO_NOTHING, related_name="seal")
    sequence = models.BigIntegerField(unique=True)
    mac = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")

    def __str__(self) -> str:
        return str(self.sequence)
