"""The addresses of signing in, one's own account, and the administrator's pages about people."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from accounts.views import account, audit_log, join, outbox, people, resets

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", account.profile, name="profile"),
    path("account/sessions/<int:pk>/end/", account.session_end, name="session_end"),
    path("join/<str:token>/", join.join, name="join"),
    path("people/", people.people_list, name="people"),
    path("people/invite/", people.people_invite, name="people_invite"),
    path("people/invitations/<uuid:public_id>/resend/", people.site_invitation_resend, name="site_invitation_resend"),
    path(
        "people/invitations/<uuid:public_id>/withdraw/",
        people.site_invitation_withdraw,
        name="site_invitation_withdraw",
    ),
    path("people/<uuid:public_id>/", people.person, name="person"),
    path("people/<uuid:public_id>/roles/", people.person_roles, name="person_roles"),
    path("people/<uuid:public_id>/deactivate/", people.person_deactivate, name="person_deactivate"),
    path("people/<uuid:public_id>/reactivate/", people.person_reactivate, name="person_reactivate"),
    path("people/<uuid:public_id>/sign-out/", people.person_sign_out, name="person_sign_out"),
    path("people/<uuid:public_id>/instructor/", people.person_instructor, name="person_instructor"),
    path("audit/", audit_log.audit_list, name="audit"),
    path("audit/export/", audit_log.audit_export, name="audit_export"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<uuid:public_id>/", outbox.outbox_mail, name="outbox_mail"),
    path("outbox/<uuid:public_id>/resend/", outbox.outbox_resend, name="outbox_resend"),
    # Before allauth's own, which works with Django's signed tokens: this address is ours.
    re_path(
        r"^accounts/password/reset/key/(?!done/)(?P<token>[^/]+)/$",
        resets.reset,
        name="account_reset_password_from_key",
    ),
    path("accounts/", include("allauth.urls")),
]
