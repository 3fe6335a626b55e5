"""The job packet's layout: what design.md's table says, and that packing comes back."""

import random

import pytest
from convloom.spec.job import (
    DESCRIPTOR,
    DESCRIPTOR_BYTES,
    MAGIC,
    OFFSETS,
    RECORD,
    RECORD_BYTES,
    descriptor_sum,
    pack,
    pack_descriptor,
    unpack,
)


def test_sizes():
    assert sum(field.bits for field in DESCRIPTOR) == 8 * DESCRIPTOR_BYTES
    assert sum(field.bits for field in RECORD) == 8 * RECORD_BYTES


@pytest.mark.parametrize(
    "field, bit", [("op", 24), ("job_id", 32), ("in_h", 48), ("row_bytes", 144), ("kh", 204), ("sum", 496)]
)
def test_places(field, bit):
    """Counted by hand from the table in the documentation, not from the data."""
    assert OFFSETS[field] == bit


def test_no_field_but_the_flags_straddles_more_than_it_must():
    assert OFFSETS["sum"] == 8 * (DESCRIPTOR_BYTES - 2)


def test_random_descriptors_come_back(seed=20):
    print("seed", seed)
    numbers = random.Random(seed)
    for _ in range(50):
        values = {field.name: numbers.randint(*field.limits) for field in DESCRIPTOR}
        assert unpack(DESCRIPTOR, pack(DESCRIPTOR, values)) == values


def test_magic_version_and_sum_are_put_in():
    data = pack_descriptor(in_h=3, pad_value=-5)
    values = unpack(DESCRIPTOR, data)
    assert (values["magic"], values["version"], values["in_h"], values["pad_value"]) == (MAGIC, 1, 3, -5)
    words = [int.from_bytes(data[n : n + 2], "little") for n in range(0, 64, 2)]
    assert values["sum"] == sum(words[:31]) % 65536 == descriptor_sum(data)


def test_a_given_sum_is_kept():
    assert unpack(DESCRIPTOR, pack_descriptor(sum=7))["sum"] == 7


@pytest.mark.parametrize(
    "values, message",
    [
        ({"kh": 256}, "kh must be 0 to 255, not 256"),
        ({"pad_value": -129}, "pad_value must be -128 to 127, not -129"),
        ({"job_id": -1}, "job_id must be 0 to 65535, not -1"),
        ({"colour": 1}, "fields must be among magic, .*, not colour"),
    ],
)
def test_bad_values_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        pack_descriptor(**values)


def test_record():
    data = pack(RECORD, {"bias": -2, "multiplier": (1 << 31) - 1, "shift": 31})
    assert data.hex() == "feffffff" + "ffffff7f" + "1f" + "00" * 7
