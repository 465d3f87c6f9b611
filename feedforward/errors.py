"""The base of errors that are shown to people."""


class DomainError(Exception):
    """Something the user asked for cannot be done; ``str(error)`` is a sentence fit for the page.

    ``code`` names the kind for tests and logs, ``field`` the form field it belongs to, if any.
    """

    code = "refused"
    field: str | None = None

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        if code:
            self.code = code
        if field:
            self.field = field
