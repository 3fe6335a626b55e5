"""What the host refuses: every message, as docs/refusals.md shows it, and no `raise` that no call reaches."""

import ast
import inspect

import pytest
from convloom import checks, requant
from convloom.device import arguments, identity, opening, operands
from convloom.golden import conv, transpose, zero_points
from convloom.golden import requant as golden_requant
from convloom.plan import convolutions
from convloom.spec import config, rounding
from roles import refusals

MODULES = (
    *(arguments, checks, config, conv, convolutions, golden_requant, identity, opening, operands, requant),
    *(rounding, transpose, zero_points),
)
CASES = [(title, what) for title, calls in refusals.ALL.items() for what in calls]


def raises(module):
    """{(file, line) of each line of a `raise`: (file, its first line)}."""
    lines, start = inspect.getsourcelines(module)
    nodes = [node for node in ast.walk(ast.parse("".join(lines))) if isinstance(node, ast.Raise)]
    path = module.__file__
    return {
        (path, line): (path, node.lineno)
        for node in nodes
        for line in range(node.lineno, node.end_lineno + 1)
    }


def source(error):
    """(file, line) that raised it."""
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename, trace.tb_lineno


@pytest.mark.parametrize(("title", "what"), CASES)
def test_says_what_was_expected(title, what):
    assert " must " in str(refusals.refused(refusals.ALL[title][what]))


def test_the_page_has_every_message():
    assert refusals.PAGE.read_text() == refusals.page(), "stale: run python tb/roles/refusals.py"


def test_no_refusal_is_missing():
    places = {line: first for module in MODULES for line, first in raises(module).items()}
    errors = [refusals.refused(call) for calls in refusals.ALL.values() for call in calls.values()]
    missing = set(places.values()) - {places.get(source(error)) for error in errors}
    assert not missing, f"no call is refused at {sorted(missing)}"


def test_what_is_accepted_is_told():
    with pytest.raises(AssertionError, match="it was not refused"):
        refusals.refused(lambda: None)
