"""The cast of the courses' tests."""

from courses.tests.conftest import cast, module_cast

__all__ = ["cast", "module_cast"]
