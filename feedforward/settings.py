"""All settings, read from the environment once. docs/configuration.md lists every variable.

Development and production run the same file; what differs is the environment. Secrets that are not given are
made once by the process manager and kept in the data folder.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from feedforward import broker, env, institutions

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("FEEDFORWARD_DATA_DIR", str(BASE_DIR / "data"))).resolve()

# --- kind of installation -------------------------------------------------------------------------
DEBUG = env.flag("DEBUG")
DEMO = env.flag("FEEDFORWARD_DEMO")
# A production start refuses demo reviewers, DEBUG and secrets made for development (feedforward/checks.py).
PRODUCTION = env.flag("FEEDFORWARD_PRODUCTION")
SITE_NAME = env.text("SITE_NAME", "FeedForward")
PORT = env.number("PORT", 8000, low=1, high=65535)
SITE_URL = env.text("SITE_URL", f"http://localhost:{PORT}").rstrip("/")
SECURE = SITE_URL.startswith("https://")

SECRET_KEY = env.text("SECRET_KEY") or env.kept(DATA_DIR / "secret_key")
SECRET_KEY = SECRET_KEY or "not-secret-development-only-key-please-set-SECRET_KEY"
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
# Without a salt of its own a site's SECRET_KEY is one: then the old one must stay readable as a salt too.
SALT_KEY = env.words("SALT_KEY", (env.kept(DATA_DIR / "salt_key") or SECRET_KEY, *SECRET_KEY_FALLBACKS))
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", (SITE_URL,) if SECURE else ())
TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0, low=0, high=5)

# --- applications ---------------------------------------------------------------------------------
INSTALLED_APPS = [
    "feedforward.apps.FeedForwardConfig",
    "accounts",
    "courses",
    "aiconfig",
    "submissions",
    "feedback",
    "privacy",
    "accounts.admin_site.SiteAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "django_htmx",
    "template_partials",
    "csp",
]
if DEMO:
    INSTALLED_APPS.append("deploy.demo")

MIDDLEWARE = [
    "feedforward.requests.RequestIdMiddleware",
    # What every answer carries comes before whatever may answer by itself.
    "feedforward.requests.PageHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "feedforward.requests.NoNulMiddleware",
    "accounts.guessing.DoorMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "feedforward.requests.FetchSiteMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.sessions.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.sessions.SessionGuardMiddleware",
]

ROOT_URLCONF = "feedforward.urls"
WSGI_APPLICATION = "feedforward.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "feedforward.navigation.site",
            ],
            "builtins": ["feedforward.templatetags.components"],
        },
    }
]

# --- database, broker, cache ------------------------------------------------------------------------
DATABASES = {"default": env.database(env.text("DATABASE_URL"), data_dir=DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

BROKER = broker.resolve(DATA_DIR, os.environ)
CACHES = {
    "default": {
        "BACKEND": "feedforward.cache.PatientRedisCache",
        "LOCATION": BROKER.cache_url,
        "KEY_PREFIX": "ff",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}

# --- tasks --------------------------------------------------------------------------------------------
CELERY_BROKER_URL = BROKER.url
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "maintenance"
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # kB
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 8.0
CELERY_TASK_PUBLISH_RETRY = False  # a dead broker never blocks a page: the sweeper enqueues later
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 30,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 15,
}
CELERY_TIMEZONE = "UTC"

# --- people -------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
PASSWORD_HASHERS = [
    "accounts.passwords.SiteHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # of accounts made elsewhere; hashed anew when they sign in
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.OwnWordsValidator"},
]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
}
# Ours (feedforward/ratelimit.py) come first; allauth's stay where they count per signed-in person.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "login_failed": "10/5m/key",  # only second steps count here: codes per person
    "signup": None,
    "reset_password": None,
}
# Without domains only invitations open the door; open to everybody is not offered.
SIGNUP_DOMAINS = env.words("SIGNUP_DOMAINS")
# Whoever asks to be an instructor waits for an administrator, unless the domain is listed here.
INSTRUCTOR_DOMAINS = env.words("INSTRUCTOR_DOMAINS")
# Answers that must not tell known from unknown addresses take at least this long.
EVEN_ANSWER_S = 0.35
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ADAPTER = "accounts.second_step.SecondStepAdapter"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "add_webauthn": "accounts.forms.AddKeyForm",
    "authenticate": "accounts.forms.AuthenticateForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
MFA_TOTP_ISSUER = SITE_NAME
SOCIALACCOUNT_ADAPTER = "accounts.social.SocialAccountAdapter"
# An address the institution has verified opens the account that has it; anything else makes no connection.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = institutions.providers(os.environ)
if "saml" in SOCIALACCOUNT_PROVIDERS:
    institutions.need_saml()
    INSTALLED_APPS.append("accounts.saml")
MFA_REQUIRED_FOR_ADMINISTRATORS = env.flag("MFA_REQUIRED_FOR_ADMINISTRATORS", not DEMO)

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = env.number("SESSION_IDLE_HOURS", 24, low=1, high=720) * 3600
SESSION_ABSOLUTE_AGE = timedelta(days=env.number("SESSION_ABSOLUTE_DAYS", 7, low=1, high=90))
SESSION_ADMIN_IDLE = timedelta(hours=1)
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrftoken"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "feedforward.views.csrf_failure"

# The audit goes by age only, and the database lets nothing younger than a year go (accounts/append_only.py).
AUDIT_KEPT_DAYS = env.number("AUDIT_KEPT_DAYS", 1095, low=366, high=7300)

# --- pages ----------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # The button of an institution posts here and is sent on to it.
        "form-action": [SELF, *institutions.origins(os.environ)],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("HSTS_INCLUDE_SUBDOMAINS", SECURE)
SECURE_HSTS_PRELOAD = env.flag("HSTS_PRELOAD", SECURE)
SECURE_SSL_REDIRECT = env.flag("SSL_REDIRECT", SECURE)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "drafts": env.drafts(env.text("DRAFTS_URL"), data_dir=DATA_DIR, sealed=env.flag("DRAFTS_SEALED")),
    "staticfiles": {"BACKEND": "feedforward.staticfiles.ModuleManifestStorage"},
}
WHITENOISE_MAX_AGE = 31_536_000

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
TIME_ZONE = env.text("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024  # pasted text that is too long is answered by the form, which keeps it
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_TEMP_DIR = env.text("FILE_UPLOAD_TEMP_DIR") or None
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "feedforward.uploads.NamelessFileUploadHandler",
]

# --- drafts -----------------------------------------------------------------------------------------------
DRAFT_MAX_BYTES = env.number("DRAFT_MAX_MB", 10, low=1, high=200) * 1024 * 1024
DRAFT_MAX_PAGES = env.number("DRAFT_MAX_PAGES", 200, low=1, high=2000)
DRAFT_MAX_WORDS = env.number("DRAFT_MAX_WORDS", 20_000, low=100, high=200_000)
EXTRACT_TIMEOUT_S = env.number("EXTRACT_TIMEOUT_S", 30, low=2, high=120)
EXTRACT_MEMORY_MB = env.number("EXTRACT_MEMORY_MB", 200, low=100, high=4096)
# Reads scanned pages where it is installed; empty by OCR=0 or where it is not.
TESSERACT = env.program("TESSERACT", "tesseract") if env.flag("OCR", True) else ""
OCR_LANGUAGES = "+".join(env.words("OCR_LANGUAGES", ("eng",)))
OCR_MAX_PAGES = env.number("OCR_MAX_PAGES", 20, low=1, high=200)
OCR_TIMEOUT_S = env.number("OCR_TIMEOUT_S", 60, low=5, high=600)
# host:port or socket path of clamd; while it does not answer, drafts wait unread.
CLAMD_ADDRESS = env.text("CLAMD_ADDRESS")
RETENTION_DAYS = env.number("RETENTION_DAYS", 30, low=0, high=3650)
# Where an assignment never closes: the words of goals, after the last release to their student in it.
GOALS_KEPT_DAYS = env.number("GOALS_KEPT_DAYS", 180, low=1, high=3650)

# --- models -------------------------------------------------------------------------------------------------
RUN_LEASE_S = env.number("RUN_LEASE_S", 15, low=5, high=120)
RUN_HEARTBEAT_S = env.number("RUN_HEARTBEAT_S", 4, low=1, high=60)
RUN_TIMEOUT_S = env.number("RUN_TIMEOUT_S", 120, low=5, high=900)
RUN_MAX_ATTEMPTS = env.number("RUN_MAX_ATTEMPTS", 4, low=1, high=20)
MODEL_ANSWER_MAX_BYTES = 400_000
ALLOW_LOCAL_MODEL_SERVERS = env.flag("ALLOW_LOCAL_MODEL_SERVERS", DEMO)
MODEL_HOSTS = env.words(
    "MODEL_HOSTS",
    ("api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com", "api.mistral.ai"),
)
DEMO_REVIEWER_URL = env.text("DEMO_REVIEWER_URL", "http://127.0.0.1:8765/v1")

# --- mail -----------------------------------------------------------------------------------------------------
globals().update(env.email(env.text("EMAIL_URL")))
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "FeedForward <feedforward@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- logs -----------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"scrub": {"()": "feedforward.logs.ScrubFilter"}},
    "formatters": {"line": {"()": "feedforward.logs.LineFormatter", "as_json": env.flag("LOG_JSON")}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["scrub"]},
    },
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        # Without Django's own handlers: one mails tracebacks with the values of variables, one prints whole addresses.
        "django": {"level": "INFO", "handlers": []},
        "django.server": {"level": "INFO", "handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
        # Whatever LOG_LEVEL says, these keep quiet about statements, bodies and headers.
        **{
            name: {"level": "WARNING"}
            for name in (
                *("httpx", "httpcore", "openai", "anthropic", "urllib3", "botocore", "boto3", "s3transfer"),
                *("django.db.backends", "django.template", "psycopg", "markdown_it", "PIL", "kombu", "amqp"),
            )
        },
        **{name: {"level": "CRITICAL"} for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")},
        # A line per sweep, every few seconds, hides the lines that matter.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}

SILENCED_SYSTEM_CHECKS: list[str] = []
