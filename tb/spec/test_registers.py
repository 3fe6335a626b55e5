"""The register map holds together, and words come apart as they were put together."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from convloom import spec
from convloom.spec.errors import ErrorCode
from convloom.spec.registers import ADDRESS_BITS, REGISTERS, REPORT, REPORT_WORDS, Cause


def test_addresses_are_whole_words_in_order_without_overlap():
    addresses = [register.address for register in REGISTERS.values()]
    assert all(after - before >= 4 for before, after in pairwise(addresses))
    assert all(address % 4 == 0 and address < 1 << ADDRESS_BITS for address in addresses)


def test_parts_fit_a_word():
    assert {name for name, r in REGISTERS.items() if sum(part.bits for part in r.parts) > 32} == set()


def test_counters_for_every_cause():
    assert [name for name in REGISTERS if name.startswith("LOST_")] == [
        f"LOST_{cause.name}" for cause in Cause
    ]
    assert len(REPORT) == len(REPORT_WORDS) == 5 + len(Cause)


def test_words_come_apart():
    status = REGISTERS["STATUS"]
    word = status.pack(busy=1, reports=200)
    assert word == 200 << 8 | 1
    assert status.unpack(word) == {"busy": 1, "error": 0, "reports_lost": 0, "reserved": 0, "reports": 200}


@pytest.mark.parametrize(
    "parts, message",
    [
        ({"reports": 256}, "STATUS.reports must fit 8 bits, not be 256"),
        ({"busy": -1}, "STATUS.busy must fit 1 bits, not be -1"),
        ({"colour": 1}, "STATUS has no colour"),
    ],
)
def test_bad_parts_are_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        REGISTERS["STATUS"].pack(**parts)


def test_error_codes():
    assert [code.discards for code in ErrorCode] == [False] + [True] * 8 + [False] * 4
    assert all(code.meaning for code in ErrorCode)


def test_spec_imports_nothing_of_the_gateware():
    for source in Path(spec.__file__).parent.glob("*.py"):
        imported = re.findall(r"^(?:from|import) ([\w.]+)", source.read_text(), re.M)
        assert not [
            name for name in imported if name.split(".")[0] in ("amaranth", "convloom_rtl", "numpy")
        ], source
