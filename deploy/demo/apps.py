from __future__ import annotations

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Installed only when FEEDFORWARD_DEMO is set; brings the command ``seed_demo``."""

    name = "deploy.demo"
    label = "demo"
    verbose_name = "Demo"
