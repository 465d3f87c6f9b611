"""The addresses of signing in, one's own account, and the administrator's pages about people."""

from django.urls import URLPattern, URLResolver, include, path

from accounts.views import account, join

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", account.profile, name="profile"),
    path("account/sessions/<int:pk>/end/", account.session_end, name="session_end"),
    path("join/<str:token>/", join.join, name="join"),
    path("accounts/", include("allauth.urls")),
]
