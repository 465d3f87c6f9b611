from django.apps import AppConfig


class CoursesConfig(AppConfig):
    name = "courses"
    verbose_name = "Courses"

    def ready(self) -> None:
        from accounts.signals import invitation_accepted
        from courses.receivers import take_invited_person

        invitation_accepted.connect(take_invited_person, dispatch_uid="courses.take_invited_person")
