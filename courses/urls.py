from django.urls import URLPattern, URLResolver, path

from courses.views import assignments, catalogue, record, roster, rubrics, staff

urlpatterns: list[URLPattern | URLResolver] = [
    path("courses/", catalogue.course_list, name="course_list"),
    path("courses/new/", catalogue.course_create, name="course_create"),
    path("courses/join/", roster.join_course, name="join_by_code"),
    path("courses/<uuid:course_id>/", catalogue.course_detail, name="course_detail"),
    path("courses/<uuid:course_id>/edit/", catalogue.course_edit, name="course_edit"),
    path("courses/<uuid:course_id>/life/", catalogue.course_lifecycle, name="course_lifecycle"),
    path("courses/<uuid:course_id>/leave/", roster.course_leave, name="course_leave"),
    path("courses/<uuid:course_id>/roster/", roster.roster, name="roster"),
    path("courses/<uuid:course_id>/roster/invite/", roster.roster_invite, name="roster_invite"),
    path("courses/<uuid:course_id>/roster/import/", roster.roster_import, name="roster_import"),
    path("courses/<uuid:course_id>/roster/code/", roster.roster_code, name="roster_code"),
    path("courses/<uuid:course_id>/roster/export.csv", roster.roster_export, name="roster_export"),
    path("courses/<uuid:course_id>/roster/<uuid:person_id>/remove/", roster.roster_remove, name="roster_remove"),
    path(
        "courses/<uuid:course_id>/invitations/<uuid:invitation_id>/",
        roster.invitation_change,
        name="invitation_change",
    ),
    path("courses/<uuid:course_id>/staff/", staff.staff, name="staff"),
    path("courses/<uuid:course_id>/staff/invite/", staff.staff_invite, name="staff_invite"),
    path("courses/<uuid:course_id>/staff/owner/", staff.staff_owner, name="staff_owner"),
    path("courses/<uuid:course_id>/staff/<uuid:person_id>/", staff.staff_change, name="staff_change"),
    path("courses/<uuid:course_id>/record/", record.course_record, name="course_record"),
    path("courses/<uuid:course_id>/record/export.csv", record.course_record_export, name="course_record_export"),
    path("courses/<uuid:course_id>/rubrics/", rubrics.rubric_list, name="rubric_list"),
    path("courses/<uuid:course_id>/rubrics/new/", rubrics.rubric_create, name="rubric_create"),
    path("rubrics/templates/", rubrics.rubric_templates, name="rubric_templates"),
    path("rubrics/<uuid:rubric_id>/", rubrics.rubric_edit, name="rubric_edit"),
    path("rubrics/<uuid:rubric_id>/export/", rubrics.rubric_export, name="rubric_export"),
    path("rubrics/<uuid:rubric_id>/template/", rubrics.rubric_save_template, name="rubric_save_template"),
    path("assignments/<uuid:assignment_id>/", assignments.assignment_detail, name="assignment_detail"),
    path("assignments/<uuid:assignment_id>/publish/", assignments.assignment_publish, name="assignment_publish"),
    path("assignments/<uuid:assignment_id>/life/", assignments.assignment_lifecycle, name="assignment_lifecycle"),
]
