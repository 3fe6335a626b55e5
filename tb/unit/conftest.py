"""What unit tests share: the kinds of stalls, and a seed for each test."""

import pytest
from roles.stalls import NAMES
from roles.unit import StreamStalls, seed_of


@pytest.fixture
def seed(request):
    """A seed that is the test's own, and printed."""
    return seed_of(request.node.name)


@pytest.fixture(params=NAMES)
def stalls(request, seed):
    """The test runs with no stalls, idle input, stalled output, and both."""
    stalls = StreamStalls(request.param, seed)
    yield stalls
    stalls.check()
