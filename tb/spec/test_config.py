"""The configuration checks itself, and says what it expected and what came."""

from dataclasses import FrozenInstanceError

import pytest
from convloom.spec import PRESETS, Config, Rounding, preset
from convloom.spec.registers import configuration_from_words, configuration_words


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"cin_lanes": 3}, "cin_lanes must be 4, 8, 16, 32 or 64, not 3"),
        ({"cin_lanes": 128}, "cin_lanes must be 4, 8, 16, 32 or 64, not 128"),
        ({"cout_lanes": 17}, "cout_lanes must be 1 to 2 * cin_lanes = 16, not 17"),
        ({"cout_lanes": 0}, "cout_lanes must be a positive whole number, not 0"),
        ({"cout_lanes": True}, "cout_lanes must be a positive whole number, not True"),
        ({"cout_lanes": 8.0}, "cout_lanes must be a positive whole number, not 8.0"),
        ({"requant_lanes": 3}, "requant_lanes must be a divisor of cout_lanes = 8, not 3"),
        ({"line_bytes": 96}, "line_bytes must be a power of two, not 96"),
        ({"line_bytes": 64}, "line_bytes must be 128 to 131072, not 64"),
        ({"line_bytes": 1 << 18}, "line_bytes must be 128 to 131072, not 262144"),
        ({"weight_words": 1000}, "weight_words must be a power of two, not 1000"),
        ({"weight_words": 1 << 20}, "weight_words must be at most 524288, which the descriptor can say"),
        ({"parameter_words": 100}, "parameter_words must be a power of two, not 100"),
        ({"output_words": 4}, "output_words must be 8 to 16384, not 4"),
        ({"jobs_in_flight": 9}, "jobs_in_flight must be 1 to 8, not 9"),
        ({"report_depth": 3}, "report_depth must be a power of two, or 0, not 3"),
        ({"roundings": ()}, "roundings must be one or more modes"),
        ({"roundings": ("double", "double")}, "roundings must be one or more modes"),
        (
            {"roundings": ("nearest",)},
            "rounding must be one of double, double_up, single, float32, not 'nearest'",
        ),
        ({"depthwise": True, "cout_lanes": 6, "requant_lanes": 2}, "depthwise must be False"),
    ],
)
def test_bad_field_is_refused(fields, message):
    with pytest.raises(ValueError) as refused:
        Config(**fields)
    assert message in str(refused.value)


def test_preset_names():
    assert {"tiny", "small", "medium", "large", "odd-8x6"} <= set(PRESETS)
    assert all(preset(name).name == name for name in PRESETS)
    with pytest.raises(ValueError, match="config must be one of tiny, small, .*, not 'huge'"):
        preset("huge")


def test_derived_widths():
    config = Config("a-b", 16, 8, 4, line_bytes=32 << 10)
    assert (config.multipliers, config.bank_words, config.passes) == (128, 512, 2)
    assert config.module_name == "convloom_a_b"
    with pytest.raises(FrozenInstanceError):
        config.cin_lanes = 8


def test_roundings_are_taken_by_name_in_any_order():
    config = Config(roundings=("float32", "double"))
    assert config.roundings == (Rounding.DOUBLE, Rounding.FLOAT32)


def test_hash_tells_configurations_apart():
    hashes = {config.hash for config in PRESETS.values()}
    assert len(hashes) == len({config.named("x") for config in PRESETS.values()})
    assert preset("small").named("other").hash == preset("small").hash


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)
def test_configuration_comes_back_from_its_registers(config):
    words = configuration_words(config)
    assert Config(config.name, **configuration_from_words(words)) == config
    assert words["CONFIG_HASH"] == config.hash
