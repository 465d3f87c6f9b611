"""Mail of a site without a mail server: its plain text in the log, so that links in it can be followed."""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend as ConsoleBackend


class EmailBackend(ConsoleBackend):
    """Writes to, subject and plain text; Django's own prints every header and the whole HTML page too."""

    def write_message(self, message: EmailMessage) -> None:
        """Write one mail to the stream."""
        lines = [f"mail to {', '.join(message.recipients())}: {message.subject}"]
        lines += [f"    {line}" for line in str(message.body).strip().splitlines() if line.strip()]
        self.stream.write("\n".join(lines) + "\n")
