"""How static files are stored: hashed names, also inside JavaScript modules."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    """Rewrites the imports between modules too; without it a module would be cached for a year under its plain name."""

    support_js_module_import_aggregation = True
