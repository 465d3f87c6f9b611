"""The WSGI entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedforward.settings")

application = get_wsgi_application()

from feedforward.checks import refuse_unsafe_start  # noqa: E402  (needs the settings)
from feedforward.logs import keep_tracebacks_short  # noqa: E402

refuse_unsafe_start()
keep_tracebacks_short()
