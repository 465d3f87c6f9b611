from django.apps import AppConfig


class FeedForwardConfig(AppConfig):
    """The ground floor: settings, tasks, lifecycle, mail outbox, checks."""

    name = "feedforward"

    def ready(self) -> None:
        # checks registers the system checks; celery is the application that every task of ours binds to. It is loaded
        # here and not with the package, so that the package's pure modules cost neither Django nor Celery.
        from feedforward import celery, checks  # noqa: F401
