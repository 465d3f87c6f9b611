from allauth.socialaccount.providers.saml import views as theirs
from django.urls import include, path

from accounts.saml import views

urlpatterns = [
    path(
        "saml/<slug:organization_slug>/",
        include(
            [
                path("login/", theirs.login, name="saml_login"),
                path("metadata/", theirs.metadata, name="saml_metadata"),
                path("acs/", views.acs, name="saml_acs"),
                path("acs/finish/", views.finish_acs, name="saml_finish_acs"),
                path("sls/", views.sls, name="saml_sls"),
            ]
        ),
    )
]
