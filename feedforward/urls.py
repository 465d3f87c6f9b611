"""Every address of the site. Names are unique across apps; the access test walks them all."""

from django.contrib import admin
from django.urls import include, path

from feedforward import health, views

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("styleguide/", views.styleguide, name="styleguide"),
    path("", include("feedback.urls")),
    path("", include("submissions.urls")),
    path("", include("courses.urls")),
    path("", include("aiconfig.urls")),
    path("", include("privacy.urls")),
    path("", include("accounts.urls")),
    path("django-admin/", admin.site.urls),
]

handler400 = "feedforward.views.bad_request"
handler403 = "feedforward.views.forbidden"
handler404 = "feedforward.views.not_found"
handler500 = "feedforward.views.server_error"
