"""How static files are stored: hashed names, also inside JavaScript modules."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    """Rewrites the imports between modules too; without it a module would be cached for a year under its plain name.

    Only in our own ``js/``: other people's scripts name imports in comments, which Django takes for real ones.
    """

    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
    )
