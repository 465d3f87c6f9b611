"""Who may open a page. Objects come through ``visible_to`` and the named rights; these are about roles.

Not yours: 404. Wrong role: 403. Everything is behind login already (LoginRequiredMiddleware).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from allauth.account.decorators import reauthentication_required as _confirm_it_is_you
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from accounts.models import User

View = Callable[..., HttpResponseBase]
M = TypeVar("M", bound=Model)


def _role_required(has_role: Callable[[User], bool]) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            if not isinstance(user, User) or not user.is_active or not has_role(user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


student_required = _role_required(lambda user: user.is_student)
instructor_required = _role_required(lambda user: user.is_instructor)
# Course staff: instructors and teaching assistants; which courses is for the querysets to say.
staff_required = _role_required(lambda user: user.is_instructor or user.is_assistant)
admin_required = _role_required(lambda user: user.is_administrator)


def reauthentication_required(view: View) -> View:
    """Ask the person again who they are (password or second step) before a sensitive POST; good for 5 minutes.

    The POST is kept and done when they have answered. Put it below the role decorator, so that roles come first.
    """
    guarded: View = _confirm_it_is_you(view, allow_get=True)
    return guarded


def actor_of(request: HttpRequest) -> User:
    """Return the signed-in person; for views behind login."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def get_or_404(queryset: QuerySet[M], **lookup: Any) -> M:
    """Return the one row of ``queryset``, or 404 with the same answer whether it is missing or not yours."""
    row = queryset.filter(**lookup).first()
    if row is None:
        raise Http404
    return row
