"""Signing in by SAML, against a provider that signs honest and dishonest responses (identity_provider.py)."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.people import add_person
from accounts.tests.test_login import PASSWORD, is_signed_in, words_of
from feedforward import institutions

pytest.importorskip("xmlsec", reason="SAML is NOT tested: `make saml` brings its packages")
pytest.importorskip("onelogin", reason="SAML is NOT tested: `make saml` brings its packages")

from accounts.tests import identity_provider as idp
from accounts.tests.identity_provider import Answer

pytestmark = pytest.mark.django_db
SITE = "http://localhost"
ACS = f"{SITE}/accounts/saml/institution/acs/"
METADATA = f"{SITE}/accounts/saml/institution/metadata/"


@pytest.fixture(autouse=True)
def configured(settings) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = institutions.providers(
        {
            "SAML_ENTITY_ID": idp.ENTITY_ID,
            "SAML_SSO_URL": idp.SSO_URL,
            "SAML_CERTIFICATE": idp.certificate(),
            "SAML_NAME": "Uni",
            "SAML_DOMAINS": "uni.example",
        }
    )


@pytest.fixture
def alice() -> User:
    return add_person(email="alice@uni.example", name="Alice", password=PASSWORD, roles=["student"], actor=None)


@pytest.fixture
def browser() -> Client:
    return Client(HTTP_HOST="localhost")


def start(browser: Client) -> Answer:
    """Go to the provider; return the honest answer to our request."""
    answer = browser.post(reverse("saml_login", args=["institution"]))
    assert answer.status_code == 302 and answer["Location"].startswith(idp.SSO_URL), answer.content
    return Answer(request_id=idp.request_id_in(answer["Location"]), acs_url=ACS, audience=METADATA)


def come_back(browser: Client, answer: Answer) -> Any:
    """Post the response as the browser does, from the provider's page, and follow to our own."""
    stored = browser.post(
        ACS, {"SAMLResponse": answer.encoded()}, headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://idp"}
    )
    assert stored.status_code == 302, stored.content
    return browser.get(stored["Location"])


def test_the_login_page_offers_it_and_the_metadata_says_where(browser):
    assert "Sign in with Uni" in browser.get(reverse("account_login")).content.decode()
    answer = browser.get(reverse("saml_metadata", args=["institution"]))
    assert answer.status_code == 200 and ACS in answer.content.decode()
    assert 'WantAssertionsSigned="true"' in answer.content.decode()


@pytest.mark.parametrize("signs", ["assertion", "both"])
def test_a_known_person_is_signed_in(browser, alice, signs):
    answer = start(browser)
    if signs == "both":
        answer = answer.but(tampered=lambda root: idp.sign(root, "idp"))
    back = come_back(browser, answer)
    assert (back.status_code, back["Location"]) == (302, reverse("home"))
    assert is_signed_in(browser) and User.objects.count() == 1
    assert AuditEvent.objects.filter(code="account.signed_in", actor=alice).exists()
    # Signing in by the institution ends where signing in by password would: a second visit finds the same person.
    other = Client(HTTP_HOST="localhost")
    come_back(other, start(other).but(assertion_id="_second"))
    assert is_signed_in(other) and User.objects.count() == 1


@pytest.mark.parametrize(
    ("domains", "teaching", "made", "instructor"),
    [([], [], False, False), (["uni.example"], [], True, False), (["uni.example"], ["uni.example"], True, True)],
)
def test_new_people_come_in_where_their_domain_may_sign_up(browser, settings, domains, teaching, made, instructor):
    settings.SIGNUP_DOMAINS, settings.INSTRUCTOR_DOMAINS = domains, teaching
    come_back(browser, start(browser).but(email="Eve@uni.example", name="Eve Ember", subject="eve-1"))
    eve = User.objects.filter(email="eve@uni.example").first()
    assert bool(eve) == made and is_signed_in(browser) == made
    if eve:
        assert (eve.name, eve.is_instructor, eve.is_student) == ("Eve Ember", instructor, not instructor)
        assert not eve.is_administrator


# What a response must not be: what is changed in the honest one.
REFUSED: dict[str, dict[str, Any]] = {
    "nothing signed": {"signs": ""},
    "only the response signed": {"signs": "response"},
    "signed by a stranger": {"signer": "stranger"},
    "another audience": {"audience": "https://other.example/metadata"},
    "no audience": {"audience": None},
    "sent to another address": {"destination": "https://other.example/acs/"},
    "meant for another address": {"recipient": "https://other.example/acs/"},
    "an address that begins like ours": {"recipient": f"{ACS}evil"},
    "meant for no address": {"recipient": None},
    "answer to another request": {"confirmed_request": "_of-somebody-else"},
    "answer to no request": {"confirmed_request": None},
    "over": {"ends_s": -1, "conditions_end_s": 300},
    "conditions over": {"conditions_end_s": -400},
    "not yet": {"begins_s": 900},
    "never over": {"ends_s": None},
    "good for a year": {"ends_s": 365 * 86_400},
    "another issuer": {"issuer": "https://evil.example/saml"},
    "not a success": {"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"},
    "another domain": {"email": "alice@other.example"},
    "a subdomain": {"email": "alice@sub.uni.example"},
    "a longer domain": {"email": "alice@uni.example.evil.example"},
    "no address": {"email": None},
    "a name for this visit only": {
        "subject": "",
        "name_id_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
    },
    **{f"wrapped: {change.__name__}": {"tampered": change} for change in idp.WRAPPINGS},
}


@pytest.mark.thorough
@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
def test_what_is_not_signed_for_us_now_opens_nothing(browser, alice, settings, changes):
    settings.SIGNUP_DOMAINS = ["uni.example", "other.example", "sub.uni.example"]
    for email in ("mallory@uni.example", "alice@other.example", "alice@sub.uni.example"):
        add_person(email=email, password=PASSWORD, roles=["administrator"], actor=None)
    people = User.objects.count()
    back = come_back(browser, start(browser).but(**changes))
    assert back.status_code == 401 and "Location" not in back
    assert "did not sign you in" in back.content.decode()
    assert not is_signed_in(browser) and User.objects.count() == people
    assert not AuditEvent.objects.filter(code="account.signed_in").exists()


def test_a_response_is_good_once_and_in_one_browser(browser, alice):
    answer = start(browser)
    thief = Client(HTTP_HOST="localhost")
    start(thief)
    # Intercepted and posted first by somebody else: the visit is not theirs.
    assert come_back(thief, answer).status_code == 401 and not is_signed_in(thief)
    answer = start(browser).but(assertion_id="_fresh")
    come_back(browser, answer)
    assert is_signed_in(browser)
    browser.post(reverse("account_logout"))
    assert come_back(browser, answer).status_code == 401 and not is_signed_in(browser)


def test_an_assertion_is_used_once_even_for_the_same_request(browser, alice, monkeypatch):
    """Two at the same instant: both find the request's state; the assertion's id lets one through."""
    from allauth.socialaccount.providers.base.provider import Provider

    monkeypatch.setattr(Provider, "unstash_redirect_state", lambda self, request, state_id: {"process": "login"})
    answer = start(browser)
    twin = Client(HTTP_HOST="localhost")
    come_back(browser, answer)
    assert is_signed_in(browser)
    assert come_back(twin, answer).status_code == 401 and not is_signed_in(twin)


def test_nobody_comes_unasked(browser, alice):
    """A response that answers no request of ours: signing somebody in as somebody else."""
    answer = start(browser).but(tampered=lambda root: root.attrib.pop("InResponseTo"))
    assert come_back(browser, answer).status_code == 401 and not is_signed_in(browser)


def test_a_closed_account_stays_closed(browser, alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    come_back(browser, start(browser))
    assert not is_signed_in(browser)


def test_only_this_address_takes_posts_of_other_sites_and_only_small_ones(browser):
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert browser.get(ACS).status_code == 405
    assert browser.post(ACS, {"SAMLResponse": "x" * 300_000}, headers=headers).status_code == 413
    for broken in ("", "%%%", "bm90IHhtbA=="):
        stored = browser.post(ACS, {"SAMLResponse": broken}, headers=headers)
        back = browser.get(stored["Location"])
        assert back.status_code == 401 and "did not sign you in" in words_of(back)
    finish = reverse("saml_finish_acs", args=["institution"])
    assert browser.post(finish, headers=headers).status_code == 403
    assert browser.get(finish).status_code == 401
    assert browser.post(reverse("saml_login", args=["institution"]), headers=headers).status_code == 403


def test_nobody_is_signed_out_by_a_request_from_elsewhere(browser, alice):
    come_back(browser, start(browser))
    answer = browser.get(reverse("saml_sls", args=["institution"]), {"SAMLRequest": "x"})
    assert answer["Location"] == reverse("account_logout") and is_signed_in(browser)


def test_without_configuration_there_is_no_such_door(browser, settings):
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert "accounts.saml" in django_settings.INSTALLED_APPS
    assert browser.post(reverse("saml_login", args=["institution"])).status_code == 404


def test_metadata_that_cannot_be_read_is_said_in_words(browser, settings):
    app = settings.SOCIALACCOUNT_PROVIDERS["saml"]["APPS"][0]
    app["settings"]["idp"] = {"entity_id": idp.ENTITY_ID, "metadata_url": "http://127.0.0.1:9/metadata"}
    answer = browser.post(reverse("saml_login", args=["institution"]))
    assert answer.status_code == 401 and "did not sign you in" in words_of(answer)
