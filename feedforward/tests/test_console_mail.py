"""A mail on the console is its words, not its wrapping."""

from __future__ import annotations

import io

from django.core.mail import EmailMultiAlternatives

from feedforward.console_mail import EmailBackend


def test_plain_text_and_link_without_the_html_page():
    stream = io.StringIO()
    mail = EmailMultiAlternatives("Your draft", "Read it here:\n\nhttp://localhost/x/\n", "from@x", ["ada@x"])
    mail.attach_alternative("<html><body>page</body></html>", "text/html")
    assert EmailBackend(stream=stream).send_messages([mail]) == 1
    assert stream.getvalue() == "mail to ada@x: Your draft\n    Read it here:\n    http://localhost/x/\n"
