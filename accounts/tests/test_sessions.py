"""How long sessions last, who ends them, and the second step of administrators."""

from __future__ import annotations

import time

import pytest
import time_machine
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.people import add_person
from accounts.templatetags.devices import device
from accounts.tests.test_login import PASSWORD, is_signed_in, sign_in, words_of
from feedforward import ratelimit

pytestmark = pytest.mark.django_db
HOUR_S = 3600
START = 1_800_000_000


@pytest.fixture
def alice() -> User:
    return add_person(email="alice@uni.example", name="Alice", password=PASSWORD, roles=["student"], actor=None)


@pytest.fixture
def root() -> User:
    return add_person(email="root@uni.example", password=PASSWORD, roles=["administrator"], actor=None)


def come_every(client: Client, step_s: float, until_s: float, **headers: str) -> float:
    """Ask for a page every ``step_s``; return after how many seconds the session was over (or ``until_s``)."""
    with time_machine.travel(START, tick=False) as clock:
        sign_in(client, client.person)  # type: ignore[attr-defined]
        passed = 0.0
        while passed < until_s:
            clock.shift(step_s)
            passed += step_s
            if client.get(reverse("profile"), headers=headers).status_code != 200:
                return passed
    return until_s


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("who", "step_s", "until_s", "over_s"),
    [
        ("alice", 20 * HOUR_S, 6 * 24 * HOUR_S, 6 * 24 * HOUR_S),  # never idle for a day
        ("alice", 25 * HOUR_S, 50 * HOUR_S, 25 * HOUR_S),  # idle for more than a day
        ("alice", 10 * HOUR_S, 9 * 24 * HOUR_S, 170 * HOUR_S),  # older than seven days
        ("root", 50 * 60, 5 * HOUR_S, 5 * HOUR_S),
        ("root", 61 * 60, 5 * HOUR_S, 61 * 60),  # administrators: idle for an hour
    ],
)
def test_sessions_end_by_idleness_and_age(alice, root, who, step_s, until_s, over_s):
    client = Client()
    client.person = f"{who}@uni.example"
    assert come_every(client, step_s, until_s) == over_s


def test_a_page_that_polls_by_itself_keeps_nobody_signed_in(root):
    client = Client()
    client.person = root.email
    polls = {"Sec-Fetch-Mode": "cors", "HX-Request": "true"}
    assert come_every(client, 10 * 60, 3 * HOUR_S, **polls) == 70 * 60


def test_htmx_is_led_to_the_login_page(alice):
    client = Client()
    with time_machine.travel(START, tick=False) as clock:
        sign_in(client, alice.email)
        clock.shift(30 * HOUR_S)
        here = {"HX-Request": "true", "HX-Current-URL": "http://localhost/people/?q=a"}
        answer = client.get(reverse("profile"), headers=here)
    assert (answer.status_code, answer["HX-Redirect"]) == (401, reverse("account_login") + "?next=%2Fpeople%2F")


def test_one_sees_and_ends_ones_sessions(alice):
    here, there, third = Client(), Client(), Client()
    for client in (here, there, third):
        sign_in(client, alice.email)
    page = here.get(reverse("usersessions_list")).content.decode()
    assert page.count("Sign out</button>") >= 2
    theirs = UserSession.objects.get(session_key=there.session.session_key)
    assert here.post(reverse("session_end", args=[theirs.pk])).status_code == 302
    assert is_signed_in(here) and not is_signed_in(there) and is_signed_in(third)
    here.post(reverse("usersessions_list"))
    assert is_signed_in(here) and not is_signed_in(third)


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130 Safari/537.36",
            "Chrome on Linux",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130 Safari/537.36 Edg/130.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("<script>alert(1)</script>", "<script>alert"),
        ("", "Unknown device"),
    ],
)
def test_devices_have_names_people_know(says, words):
    assert device(says) == words


def test_nobody_ends_somebody_elses_session(alice, root):
    mine, theirs = Client(), Client()
    sign_in(mine, alice.email)
    sign_in(theirs, root.email)
    session = UserSession.objects.get(user=root)
    assert mine.post(reverse("session_end", args=[session.pk])).status_code == 404
    assert is_signed_in(theirs)


def test_the_profile_changes_what_is_ones_own_and_nothing_else(alice):
    client = Client()
    sign_in(client, alice.email)
    url = reverse("profile")
    assert client.post(url, {"name": "Alice A.", "time_zone": "Europe/Paris", "shortcuts": "on"}).status_code == 302
    alice.refresh_from_db()
    assert (alice.name, alice.time_zone) == ("Alice A.", "Europe/Paris")
    assert client.post(url, {"name": "x", "time_zone": "Mars/Olympus"}).status_code == 422
    for field in ("is_administrator", "role", "is_superuser", "email", "roles"):
        assert client.post(url, {"name": "Mallory", "time_zone": "", field: "administrator"}).status_code == 403
    alice.refresh_from_db()
    assert alice.name == "Alice A." and not alice.is_administrator
    assert AuditEvent.objects.filter(code="person.profile_changed").count() == 1


# --- the second step --------------------------------------------------------------------------------------


def switch_on(client: Client) -> str:
    """Set up an authenticator app through the pages; return its secret."""
    answer = client.get(reverse("mfa_activate_totp"), follow=True)
    if answer.redirect_chain:
        # Something sensitive: asked again who it is.
        assert "/reauthenticate/" in answer.redirect_chain[-1][0]
        client.post(answer.redirect_chain[-1][0], {"password": PASSWORD})
        answer = client.get(reverse("mfa_activate_totp"))
    secret = answer.context["form"].secret
    assert client.post(reverse("mfa_activate_totp"), {"code": _code(secret)}).status_code == 302
    return secret


def _code(secret: str) -> str:
    counter = int(time.time()) // 30
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def test_administrators_set_up_a_second_step_before_anything_else(root, settings):
    settings.MFA_REQUIRED_FOR_ADMINISTRATORS = True
    client = Client()
    sign_in(client, root.email)
    for name in ("people", "audit", "profile", "admin:index"):
        answer = client.get(reverse(name))
        assert (answer.status_code, answer["Location"]) == (302, reverse("mfa_index"))
    assert client.get(reverse("mfa_index")).status_code == 200
    secret = switch_on(client)
    assert client.get(reverse("people")).status_code == 200
    # From now on the password alone is not enough.
    other = Client()
    assert sign_in(other, root.email)["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(other)
    assert other.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    with time_machine.travel(time.time() + 60):
        other.post(reverse("mfa_authenticate"), {"code": _code(secret)})
        assert is_signed_in(other)


def test_secrets_of_the_second_step_are_kept_encrypted(root, settings):
    from allauth.mfa.models import Authenticator

    from accounts.second_step import rotate_secrets

    client = Client()
    sign_in(client, root.email)
    secret = switch_on(client)
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored and stored.count("sealed1:") == 2
    # A new SECRET_KEY: readable while the old one is listed, encrypted anew by rotate_keys, then the old one may go.
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another secret key " * 4
    assert rotate_secrets(dry_run=True) == (2, 0)
    assert str(list(Authenticator.objects.values_list("data", flat=True))) == stored
    assert rotate_secrets(dry_run=False) == (2, 0)
    settings.SECRET_KEY_FALLBACKS = []
    other = Client()
    sign_in(other, root.email)
    assert other.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == 302 and is_signed_in(other)
    # The secret is lost: nothing opens, least of all something that could be computed.
    settings.SECRET_KEY = "a third secret key " * 4
    assert rotate_secrets(dry_run=True) == (0, 2)
    lost = Client()
    sign_in(lost, root.email)
    for code in (codes[1], _code(secret)):
        assert lost.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200


def test_codes_of_the_second_step_cannot_be_tried_out(root):
    client = Client()
    sign_in(client, root.email)
    secret = switch_on(client)
    other = Client()
    sign_in(other, root.email)
    for number in range(11):
        other.post(reverse("mfa_authenticate"), {"code": f"{number:06}"})
    with time_machine.travel(time.time() + 60):
        other.post(reverse("mfa_authenticate"), {"code": _code(secret)})
        assert not is_signed_in(other)
    with time_machine.travel(time.time() + 600):
        other.post(reverse("mfa_authenticate"), {"code": _code(secret)})
        assert is_signed_in(other)


def test_others_are_not_forced(alice, settings):
    settings.MFA_REQUIRED_FOR_ADMINISTRATORS = True
    client = Client()
    sign_in(client, alice.email)
    assert is_signed_in(client)


@pytest.mark.parametrize("name", ["mfa_index", "mfa_list_webauthn", "mfa_add_webauthn", "account_email"])
def test_the_pages_of_the_second_step_open(alice, name):
    client = Client()
    sign_in(client, alice.email)
    answer = client.get(reverse(name), follow=True)
    if answer.redirect_chain:
        client.post(answer.redirect_chain[-1][0], {"password": PASSWORD})
        answer = client.get(reverse(name))
    assert answer.status_code == 200


def test_recovery_codes_open_once_confirmed(alice):
    client = Client()
    sign_in(client, alice.email)
    switch_on(client)
    page = client.get(reverse("mfa_view_recovery_codes"))
    assert page.status_code == 200
    assert client.get(reverse("mfa_download_recovery_codes"))["Content-Disposition"].startswith("attachment")
    assert client.get(reverse("mfa_generate_recovery_codes")).status_code == 200
    assert client.get(reverse("mfa_deactivate_totp")).status_code == 200


def test_changing_the_address_asks_again_and_tells_the_old_one(alice):
    from feedforward.models import OutgoingMail

    client = Client()
    sign_in(client, alice.email)
    data = {"email": "alice@new.example", "action_add": "1"}
    answer = client.post(reverse("account_email"), data)
    assert "/reauthenticate/" in answer["Location"]
    assert not OutgoingMail.objects.filter(to="alice@new.example").exists()
    client.post(answer["Location"], {"password": PASSWORD})
    mail = OutgoingMail.objects.get(to="alice@new.example")
    alice.refresh_from_db()
    assert alice.email == "alice@uni.example"  # only when the new one is confirmed
    link = mail.text.split("http://", 1)[1].split("/", 1)[1].split()[0]
    client.post(f"/{link}")
    alice.refresh_from_db()
    assert alice.email == "alice@new.example"
    assert OutgoingMail.objects.filter(to="alice@uni.example", kind="email_changed").exists()
    assert AuditEvent.objects.filter(code="account.email_changed", actor=alice).exists()


# --- limits of signing in -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("still")
def test_guessing_is_stopped_with_words_and_retry_after_and_others_sign_in(alice):
    bob = add_person(email="bob@uni.example", password=PASSWORD, actor=None)
    statuses = [sign_in(Client(), alice.email, f"wrong {n} wrong wrong").status_code for n in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    answer = sign_in(Client(), alice.email)
    assert answer.status_code == 429 and int(answer["Retry-After"]) > 0 and "again in" in words_of(answer)
    # The same lecture hall, another person.
    assert sign_in(Client(), bob.email).status_code == 302
    # The same person, another address.
    assert sign_in(Client(REMOTE_ADDR="192.0.2.9"), alice.email).status_code == 302


@pytest.fixture
def still():
    """The clock stands: on a slow machine nothing fades while the test goes on."""
    with time_machine.travel(START, tick=False):
        yield


def visitor() -> Client:
    """A browser that opened the login page, as people's do."""
    browser = Client()
    browser.get(reverse("account_login"))
    return browser


@pytest.fixture
def hashes(monkeypatch) -> list[str]:
    """The passwords that were hashed."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    calls: list[str] = []
    original = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher,
        "encode",
        lambda self, password, salt: (calls.append(password), original(self, password, salt))[1],
    )
    return calls


@pytest.mark.thorough
@pytest.mark.usefixtures("still")
def test_the_hall_signs_in_while_somebody_in_it_sprays(alice, hashes):
    for number in range(200):
        sign_in(Client(), f"nobody{number}@uni.example", "x" * 20)
    # Beyond the limit a guess costs no hash, and a first visit from the same address still gets in.
    assert len(hashes) == ratelimit.LOGIN_ADDRESS.amount
    refused = sign_in(Client(), "nobody@uni.example", "x" * 20)
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0 and "again in" in words_of(refused)
    assert "default-src 'none'" in refused["Content-Security-Policy"] and "no-store" in refused["Cache-Control"]
    assert sign_in(visitor(), alice.email).status_code == 302


@pytest.mark.usefixtures("still")
def test_guessing_at_one_person_in_the_hall_does_not_lock_them_out(alice, hashes):
    own = visitor()
    sign_in(own, alice.email)
    own.post(reverse("account_logout"))
    before = len(hashes)
    for _ in range(40):
        sign_in(Client(), alice.email, "x" * 20)
    assert len(hashes) - before == ratelimit.LOGIN_HERE.amount
    # On a browser that was here before, and on one that was not; a cookie opens nothing without the password.
    assert sign_in(own, alice.email, "wrong wrong wrong").status_code == 200
    assert sign_in(own, alice.email).status_code == 302
    assert sign_in(visitor(), alice.email).status_code == 302


@pytest.mark.thorough
@pytest.mark.usefixtures("still")
def test_visitors_are_held_to_their_own_failures(alice):
    guesser = visitor()
    statuses = [sign_in(guesser, f"nobody{n}@uni.example", "x" * 20).status_code for n in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    # A cookie one wrote oneself is none.
    forged = Client()
    forged.cookies["visitor"] = "abc:def:ghi"
    assert [sign_in(forged, alice.email, "x" * 20).status_code for _ in range(11)][-1] == 429
    # Cookies by the dozen do not make guessing at one person free.
    tries = [sign_in(visitor(), alice.email, "x" * 20).status_code for _ in range(32)]
    assert tries == [200] * 30 + [429] * 2
    other_place = Client(REMOTE_ADDR="192.0.2.9")
    assert sign_in(other_place, alice.email).status_code == 302


@pytest.mark.usefixtures("still")
def test_a_person_guessed_at_from_everywhere_still_signs_in(alice, monkeypatch):
    monkeypatch.setattr(ratelimit, "LOGIN_PERSON", ratelimit.Limit("login-person", 12, 3600))
    for number in range(12):
        sign_in(Client(REMOTE_ADDR=f"198.51.100.{number}"), alice.email, "x" * 20)
    place = {"REMOTE_ADDR": "203.0.113.7"}
    hunted = [sign_in(Client(**place), alice.email, "x" * 20).status_code for _ in range(5)]
    assert hunted == [200] * 3 + [429] * 2
    assert sign_in(Client(REMOTE_ADDR="192.0.2.9"), alice.email).status_code == 302


def test_passwords_are_hashed_so_many_at_a_time():
    import threading

    from accounts import passwords

    hasher = passwords.SiteHasher()
    encoded = hasher.encode(PASSWORD, hasher.salt())
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert hasher.verify(PASSWORD, encoded) and not hasher.verify("x" * 20, encoded)
    assert not hasher.must_update(encoded)
    for _ in range(passwords.HASHES_AT_ONCE):
        passwords._hashing.acquire()
    done = threading.Event()
    waiting = threading.Thread(target=lambda: (hasher.verify(PASSWORD, encoded), done.set()))
    waiting.start()
    try:
        assert not done.wait(0.3)  # no place: it waits, however fast the machine
    finally:
        for _ in range(passwords.HASHES_AT_ONCE):
            passwords._hashing.release()
        waiting.join(timeout=30)
    assert done.is_set()


@pytest.mark.thorough
@pytest.mark.usefixtures("still")
def test_tries_at_once_do_not_slip_through_together(alice, hashes, monkeypatch):
    """Each try counts before it is hashed, and is taken back when the password was right."""
    from accounts import guessing

    browser = visitor()
    seen: list[bool] = []
    original = guessing.release
    monkeypatch.setattr(
        guessing,
        "release",
        lambda request, **who: (
            seen.append(ratelimit._count(ratelimit.LOGIN_VISITORS_HERE, f"{alice.email} 127.0.0.1", time.time()) >= 1),
            original(request, **who),
        ),
    )
    for _ in range(35):
        assert sign_in(browser, alice.email).status_code == 302
        browser.post(reverse("account_logout"))
        browser.cookies.pop("device")
    assert all(seen) and len(seen) == 35


@pytest.mark.usefixtures("still")
def test_reset_is_limited_per_person_with_the_same_words_for_unknown_ones(alice):
    def ask(email: str) -> list[int]:
        return [Client().post(reverse("account_reset_password"), {"email": email}).status_code for _ in range(7)]

    assert ask(alice.email) == ask("nobody@uni.example") == [302] * 5 + [429] * 2


def test_proxies_are_counted_not_believed():
    from django.test import RequestFactory

    from feedforward.requests import address_of

    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR="6.6.6.6, 192.0.2.1", REMOTE_ADDR="10.0.0.1")
    assert address_of(request, proxies=0) == "10.0.0.1"
    assert address_of(request, proxies=1) == "192.0.2.1"
    assert address_of(request, proxies=3) == "10.0.0.1"
    # What is no address is not believed either: it would be a key of limits, and no column of addresses takes it.
    for claimed in ("unknown", "192.0.2.1:8080", "a\0b", "_hidden", "192.0.2.1 OR 1=1"):
        request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR=f"6.6.6.6, {claimed}", REMOTE_ADDR="10.0.0.1")
        assert address_of(request, proxies=1) == "10.0.0.1"


def test_times_are_shown_in_the_persons_zone(alice, root):
    with time_machine.travel(1_800_000_000, tick=False):  # 15 January 2027, 08:00 UTC
        client = Client()
        sign_in(client, root.email)
        User.objects.filter(pk=root.pk).update(time_zone="Asia/Tokyo")
        page = client.get(reverse("people")).content.decode()
        assert "today 17:00" in page or "JST" in page
        User.objects.filter(pk=root.pk).update(time_zone="")
        assert "JST" not in client.get(reverse("people")).content.decode()
