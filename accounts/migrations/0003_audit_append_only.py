"""The audit becomes append-only in the database itself."""

from django.db import migrations

from accounts import append_only


def install(apps, schema_editor):
    append_only.install(schema_editor.connection)


def drop(apps, schema_editor):
    append_only.drop(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_initial")]

    operations = [migrations.RunPython(install, drop, elidable=False)]
