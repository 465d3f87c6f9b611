import pytest

from courses.tests.cast import Cast
from courses.tests.cast import cast as make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()
