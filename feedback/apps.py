from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = "Feedback"

    def ready(self) -> None:
        from feedback.receivers import on_draft_ready
        from submissions.signals import draft_ready

        draft_ready.connect(on_draft_ready, dispatch_uid="feedback.on_draft_ready")
