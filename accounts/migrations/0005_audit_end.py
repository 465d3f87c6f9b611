"""Each audit event carries its own HMAC, and the end of the chain is noted and signed."""

from django.db import migrations, models

from accounts import append_only, audit


def note_the_end(apps, schema_editor):
    """Sign where the chain ends now; events until today have no HMAC of their own."""
    AuditEvent, AuditSeal = apps.get_model("accounts", "AuditEvent"), apps.get_model("accounts", "AuditSeal")
    AuditHead = apps.get_model("accounts", "AuditHead")
    newest = AuditEvent.objects.order_by("-pk").first()
    if newest is not None:
        last = AuditSeal.objects.order_by("-sequence").first()
        head = AuditHead(unsigned_up_to=newest.pk)
        head.sequence, head.mac = (last.sequence, last.mac) if last else (0, "")
        head.signature = audit.sign_head(head)
        head.save()
    append_only.install(schema_editor.connection)
    append_only.install_head(schema_editor.connection)


def take_away(apps, schema_editor):
    """SQLite changes a table by making it anew, which the triggers of its neighbour do not let happen."""
    append_only.drop(schema_editor.connection)


def drop_all(apps, schema_editor):
    append_only.drop(schema_editor.connection)
    append_only.drop_head(schema_editor.connection)


def put_back(apps, schema_editor):
    append_only.install(schema_editor.connection)


class Migration(migrations.Migration):
    # PostgreSQL makes no trigger on a table that the same transaction has just written to.
    atomic = False

    dependencies = [("accounts", "0004_password_resets")]

    operations = [
        migrations.RunPython(take_away, put_back, elidable=False),
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.BigIntegerField(default=0)),
                ("mac", models.CharField(blank=True, max_length=64)),
                ("unsigned_up_to", models.BigIntegerField(default=0)),
                ("signature", models.CharField(max_length=64)),
            ],
            options={"verbose_name": "end of the audit", "verbose_name_plural": "end of the audit"},
        ),
        migrations.AddField(
            model_name="auditevent",
            name="mac",
            field=models.CharField(blank=True, default="", editable=False, max_length=81),
        ),
        migrations.AddConstraint(
            model_name="auditevent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("mac", ""), _negated=True), fields=("mac",), name="audit_event_written_once"
            ),
        ),
        migrations.RunPython(note_the_end, drop_all, elidable=False),
    ]
