#!/usr/bin/env python
"""Django's command line for FeedForward."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedforward.settings")
    from django.conf import settings
    from django.core.management import execute_from_command_line

    from feedforward.logs import keep_tracebacks_short

    # Cron mails what a command prints, and an exception's words may be a student's.
    if not settings.DEBUG and "--traceback" not in sys.argv:
        keep_tracebacks_short()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
