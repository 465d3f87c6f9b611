from django.apps import AppConfig


class FeedForwardConfig(AppConfig):
    """The ground floor: settings, tasks, lifecycle, mail outbox, checks."""

    name = "feedforward"

    def ready(self) -> None:
        from feedforward import checks  # noqa: F401  (registers the system checks)
