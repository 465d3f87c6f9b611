from django.db import migrations


def move_prices(apps, schema_editor):
    """The one price of each model becomes the first line of its table."""
    AIModel = apps.get_model('aiconfig', 'AIModel')
    ModelPrice = apps.get_model('aiconfig', 'ModelPrice')
    for model in AIModel.objects.exclude(input_usd_per_million=None).exclude(output_usd_per_million=None):
        ModelPrice.objects.create(
            ai_model=model,
            valid_from=model.priced_on or model.created_at.date(),
            input_usd_per_million=model.input_usd_per_million,
            output_usd_per_million=model.output_usd_per_million,
        )


class Migration(migrations.Migration):

    dependencies = [
        ('aiconfig', '0002_money'),
    ]

    operations = [
        migrations.RunPython(move_prices, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='aimodel',
            name='input_usd_per_million',
        ),
        migrations.RemoveField(
            model_name='aimodel',
            name='output_usd_per_million',
        ),
        migrations.RemoveField(
            model_name='aimodel',
            name='priced_on',
        ),
    ]
