from django.urls import URLPattern, URLResolver, path

from aiconfig.views import assignments, budgets, models, providers

urlpatterns: list[URLPattern | URLResolver] = [
    path("courses/<uuid:course_id>/assignments/new/", assignments.assignment_create, name="assignment_create"),
    path("courses/<uuid:course_id>/copy/", assignments.course_copy, name="course_copy"),
    path("assignments/<uuid:assignment_id>/edit/", assignments.assignment_edit, name="assignment_edit"),
    path("assignments/<uuid:assignment_id>/reviewers/", assignments.assignment_reviewers, name="assignment_reviewers"),
    path("courses/<uuid:course_id>/estimate/", assignments.plan_estimate, name="plan_estimate"),
    path("budgets/", budgets.budgets, name="budgets"),
    path("providers/", providers.providers, name="providers"),
    path("providers/new/", providers.provider_create, name="provider_create"),
    path("providers/<uuid:provider_id>/", providers.provider_edit, name="provider_edit"),
    path("providers/<uuid:provider_id>/key/", providers.provider_key, name="provider_key"),
    path("providers/<uuid:provider_id>/life/", providers.provider_lifecycle, name="provider_lifecycle"),
    path("providers/<uuid:provider_id>/test/", providers.provider_test, name="provider_test"),
    path("providers/<uuid:provider_id>/models/new/", models.model_create, name="model_create"),
    path("models/", models.models, name="models"),
    path("models/<uuid:model_id>/", models.model_edit, name="model_edit"),
    path("models/<uuid:model_id>/price/", models.model_price, name="model_price"),
    path("models/<uuid:model_id>/life/", models.model_lifecycle, name="model_lifecycle"),
]
