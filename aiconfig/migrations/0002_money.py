import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('aiconfig', '0001_initial'),
        ('courses', '0001_initial'),
    ]

    operations = [
        # No page set a budget before this: the table is made anew.
        migrations.DeleteModel(name='Budget'),
        migrations.CreateModel(
            name='Budget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('scope', models.CharField(choices=[('site', 'Site'), ('course', 'Course'), ('assignment', 'Assignment')], max_length=10, verbose_name='scope')),
                ('period', models.CharField(choices=[('month', 'each month'), ('total', 'in all')], default='month', max_length=10, verbose_name='period')),
                ('limit_micros', models.BigIntegerField(verbose_name='limit, millionths of a USD')),
                ('is_active', models.BooleanField(default=True, verbose_name='in force')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('assignment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='budgets', to='courses.assignment')),
                ('course', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='budgets', to='courses.course')),
            ],
            options={
                'verbose_name': 'budget',
                'verbose_name_plural': 'budgets',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('assignment__isnull', True), ('course__isnull', True), ('scope', 'site')) | models.Q(('assignment__isnull', True), ('course__isnull', False), ('scope', 'course')) | models.Q(('assignment__isnull', False), ('course__isnull', True), ('scope', 'assignment')), name='budget_scope_matches'),
                    models.CheckConstraint(condition=models.Q(('limit_micros__gte', 0)), name='budget_limit_not_negative'),
                    models.UniqueConstraint(condition=models.Q(('is_active', True), ('scope', 'site')), fields=('scope', 'period'), name='budget_once_for_site'),
                    models.UniqueConstraint(condition=models.Q(('is_active', True), ('scope', 'course')), fields=('course', 'period'), name='budget_once_for_course'),
                    models.UniqueConstraint(condition=models.Q(('is_active', True), ('scope', 'assignment')), fields=('assignment', 'period'), name='budget_once_for_assignment'),
                ],
            },
        ),
        migrations.CreateModel(
            name='BudgetPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField(verbose_name='starts on')),
                ('limit_micros', models.BigIntegerField()),
                ('reserved_micros', models.BigIntegerField(default=0)),
                ('spent_micros', models.BigIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'budget period',
                'verbose_name_plural': 'budget periods',
            },
        ),
        migrations.CreateModel(
            name='Charge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(max_length=20)),
                ('status', models.CharField(choices=[('reserved', 'Under way'), ('settled', 'Done'), ('released', 'Nothing to pay')], default='reserved', editable=False, max_length=10)),
                ('reserved_micros', models.BigIntegerField(null=True)),
                ('cost_micros', models.BigIntegerField(null=True)),
                ('counted_micros', models.BigIntegerField(default=0)),
                ('input_tokens', models.PositiveIntegerField(null=True)),
                ('output_tokens', models.PositiveIntegerField(null=True)),
                ('periods', models.JSONField(blank=True, default=list)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'charge',
                'verbose_name_plural': 'charges',
            },
        ),
        migrations.CreateModel(
            name='ModelPrice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('valid_from', models.DateField(verbose_name='valid from')),
                ('input_usd_per_million', models.DecimalField(blank=True, decimal_places=4, max_digits=10, null=True, verbose_name='input, USD per million tokens')),
                ('output_usd_per_million', models.DecimalField(blank=True, decimal_places=4, max_digits=10, null=True, verbose_name='output, USD per million tokens')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'price',
                'verbose_name_plural': 'prices',
                'ordering': ['-valid_from'],
            },
        ),
        migrations.AddField(
            model_name='provider',
            name='probe_until',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='provider',
            name='tokens_per_minute',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='tokens per minute'),
        ),
        migrations.AlterField(
            model_name='provider',
            name='max_concurrent',
            field=models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='calls at once'),
        ),
        migrations.AddField(
            model_name='budgetperiod',
            name='budget',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='periods', to='aiconfig.budget'),
        ),
        migrations.AddField(
            model_name='charge',
            name='ai_model',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='aiconfig.aimodel'),
        ),
        migrations.AddField(
            model_name='charge',
            name='assignment',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='courses.assignment'),
        ),
        migrations.AddField(
            model_name='charge',
            name='course',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='courses.course'),
        ),
        migrations.AddField(
            model_name='modelprice',
            name='ai_model',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prices', to='aiconfig.aimodel'),
        ),
        migrations.AddConstraint(
            model_name='budgetperiod',
            constraint=models.UniqueConstraint(fields=('budget', 'starts_on'), name='budget_period_once'),
        ),
        migrations.AddIndex(
            model_name='charge',
            index=models.Index(fields=['assignment', 'created_at'], name='charge_by_assignment'),
        ),
        migrations.AddIndex(
            model_name='charge',
            index=models.Index(fields=['course', 'created_at'], name='charge_by_course'),
        ),
        migrations.AddIndex(
            model_name='charge',
            index=models.Index(fields=['created_at'], name='charge_by_day'),
        ),
        migrations.AddIndex(
            model_name='charge',
            index=models.Index(condition=models.Q(('status', 'reserved')), fields=['expires_at'], name='charge_under_way'),
        ),
        migrations.AddConstraint(
            model_name='charge',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['reserved', 'settled', 'released'])), name='charge_status_known'),
        ),
        migrations.AddConstraint(
            model_name='modelprice',
            constraint=models.UniqueConstraint(fields=('ai_model', 'valid_from'), name='price_once_per_day'),
        ),
        migrations.AddConstraint(
            model_name='modelprice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('input_usd_per_million__isnull', True), ('output_usd_per_million__isnull', True)), models.Q(('input_usd_per_million__gte', 0), ('output_usd_per_million__gte', 0)), _connector='OR'), name='price_both_or_none'),
        ),
    ]
