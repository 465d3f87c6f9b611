"""Settings of the test suite: a throw-away data folder, fast password hashing, a cache in memory."""

import os
import tempfile

# A folder for each process of the suite: one must not count or remove another's files.
os.environ["FEEDFORWARD_DATA_DIR"] = tempfile.mkdtemp(
    prefix=f"feedforward-test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-"
)
os.environ.setdefault("SECRET_KEY", "test-only-secret-key-that-is-long-enough-for-every-check-0123456789")

from feedforward.institutions import saml_is_installed
from feedforward.settings import *  # noqa: F403
from feedforward.settings import DATABASES, INSTALLED_APPS, STORAGES

# Its addresses exist wherever its packages are; without configuration they answer 404 (accounts/tests/test_saml.py).
if saml_is_installed():
    INSTALLED_APPS = [*INSTALLED_APPS, "accounts.saml"]

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Messages go to a queue nobody reads: tests call what the workers would. The live tests use a real broker.
CELERY_BROKER_URL = "memory://"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MFA_REQUIRED_FOR_ADMINISTRATORS = False
EVEN_ANSWER_S = 0.0
# Every test client makes its own middleware, which would read all static files each time (0.2 s).
WHITENOISE_AUTOREFRESH = True
ALLOW_LOCAL_MODEL_SERVERS = True
if "pool" in DATABASES["default"].get("OPTIONS", {}):
    # Pooled connections outlive a test's threads and keep the test database from being dropped.
    DATABASES["default"]["OPTIONS"] = {k: v for k, v in DATABASES["default"]["OPTIONS"].items() if k != "pool"}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads of one test share it as processes would, with WAL and waiting writers.
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(os.environ["FEEDFORWARD_DATA_DIR"], "test.sqlite3")}
