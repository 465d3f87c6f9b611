from django.urls import URLPattern, URLResolver, path

from feedback import desk_views, home, queue_views, student_views, trial_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("drafts/<uuid:public_id>/", student_views.draft_progress, name="draft_progress"),
    path("drafts/<uuid:public_id>/progress/", student_views.draft_progress_panel, name="draft_progress_panel"),
    path("drafts/<uuid:public_id>/feedback/", student_views.feedback_read, name="feedback_read"),
    path("drafts/<uuid:public_id>/feedback.md", student_views.feedback_download, name="feedback_download"),
    path("drafts/<uuid:public_id>/contest/", student_views.feedback_contest, name="feedback_contest"),
    path("drafts/<uuid:public_id>/changes/", student_views.draft_changes, name="draft_changes"),
    path("notes/<uuid:public_id>/respond/", student_views.note_respond, name="note_respond"),
    path("assignments/<uuid:public_id>/review/", queue_views.review_queue, name="review_queue"),
    path("assignments/<uuid:public_id>/review/bulk/", queue_views.queue_bulk, name="queue_bulk"),
    path("assignments/<uuid:assignment_id>/try/", trial_views.trials, name="trials"),
    path("trials/<uuid:public_id>/", trial_views.trial, name="trial"),
    path("trials/<uuid:public_id>/panel/", trial_views.trial_panel, name="trial_panel"),
    path("trials/<uuid:public_id>/run/", trial_views.trial_run, name="trial_run"),
    path("trials/<uuid:public_id>/remove/", trial_views.trial_remove, name="trial_remove"),
    path("trials/<uuid:public_id>/runs/<int:run_id>/", trial_views.trial_transcript, name="trial_transcript"),
    path("trials/<uuid:public_id>/beside/<uuid:other_id>/", trial_views.trial_compare, name="trial_compare"),
    path("review/", queue_views.queue, name="queue"),
    path("review/<uuid:public_id>/", desk_views.desk, name="desk"),
    path("review/<uuid:public_id>/changes/", desk_views.desk_changes, name="desk_changes"),
    path("review/<uuid:public_id>/lease/", desk_views.desk_lease, name="desk_lease"),
    path("review/<uuid:public_id>/level/", desk_views.desk_level, name="desk_level"),
    path("review/<uuid:public_id>/words/", desk_views.desk_words, name="desk_words"),
    path("review/<uuid:public_id>/notes/", desk_views.desk_add, name="desk_add"),
    path("review/<uuid:public_id>/decide/", desk_views.desk_decide, name="desk_decide"),
    path("review/<uuid:public_id>/runs/<int:run_id>/", desk_views.run_transcript, name="run_transcript"),
    path("review/notes/<uuid:public_id>/", desk_views.desk_note, name="desk_note"),
]
