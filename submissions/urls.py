from django.urls import URLPattern, URLResolver, path

from submissions import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("assignments/<uuid:public_id>/submit/", views.submit, name="submit"),
    path("assignments/<uuid:public_id>/drafts/", views.assignment_drafts, name="assignment_drafts"),
    path("drafts/<uuid:public_id>/text/", views.draft_text, name="draft_text"),
    path("drafts/<uuid:public_id>/replace/", views.draft_replace, name="draft_replace"),
    path("drafts/<uuid:public_id>/file/", views.draft_file, name="draft_file"),
    path("drafts/<uuid:public_id>/file/<int:position>/", views.draft_file, name="draft_file_at"),
    path("drafts/<uuid:public_id>/withdraw/", views.draft_withdraw, name="draft_withdraw"),
]
