"""``python -m deploy.run``: start everything, print the address, stop everything on Ctrl-C.

``python -m deploy.run manage ...`` runs a management command with the same settings and keys;
``python -m deploy.run program web`` becomes one of the programs, for systemd and compose.
This file is readable by any Python 3, so that an old one gets a sentence.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an old Python does get here
    sys.exit("FeedForward needs Python 3.11 or newer; this is Python %d.%d." % sys.version_info[:2])  # noqa: UP031

from deploy.run.manager import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
