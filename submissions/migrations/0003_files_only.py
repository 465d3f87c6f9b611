from django.db import migrations


class Migration(migrations.Migration):
    """Apart from 0002: PostgreSQL does not change a table in the transaction that wrote rows referring to it."""

    dependencies = [
        ('submissions', '0002_files'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='draftcontent',
            name='stored_name',
        ),
    ]
