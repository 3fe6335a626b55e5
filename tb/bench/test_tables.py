"""The bench's tables: what they put first, what they name as cause, how far the predictor was off."""

import pytest
from convloom.bench import tables
from rich.console import Console
from roles.bench_entries import entry, layer


@pytest.fixture
def shown(capsys):
    """A table as text."""

    def show(table):
        Console(width=140).print(table)
        return capsys.readouterr().out

    return show


def test_causes_are_told_by_size_with_the_idle_lanes_among_them():
    assert (
        tables.causes(layer("a", 1000, 500, weights=300, issue=50))
        == "weights 30.0%, idle lanes 15.0%, issue 5.0%"
    )


def test_what_is_less_than_a_thousandth_is_no_cause():
    assert tables.causes(layer("a", 10_000, 9_993, issue=7)) == ""


def test_the_layers_that_lose_most_come_first(shown):
    network = entry(
        "net", layer("long", 9000, 8000), layer("little", 100, 1), layer("short", 3000, 1500, issue=968)
    )
    told = shown(tables.layer_table(network))
    assert told.index("short") < told.index("long") < told.index("little")
    assert "1,500" in told and "issue 32.3%, idle lanes 17.7%" in told
    assert "net on small loses cycles to: idle lanes 13.5%, issue 8.0%" in told


def test_the_worst_layers_are_those_of_all_networks_that_count():
    first = entry("first", *(layer(f"half{n}", 1000, 500 + n) for n in range(4)), layer("tiny", 20, 1))
    second = entry("second", layer("bad", 1000, 100), layer("good", 1000, 990))
    other = entry("other", layer("worse", 1000, 10), config="large")
    worst = tables.worst_layers([first, second, other], "small")
    assert [each["name"] for _, each in worst] == ["bad", "half0", "half1", "half2", "half3"]
    assert worst[0][0] is second


def test_the_worst_layers_tell_what_binds_them(shown):
    told = shown(tables.worst_table([entry("net", layer("bad", 1000, 100, weights=900))], "small"))
    assert "10% multipliers" in told and "weights 90.0%" in told


def test_networks_show_how_far_the_prediction_was_off(shown):
    told = shown(tables.network_table([entry("net", layer("a", 1000, 900), cycles_predicted=1010)]))
    assert "90.00%" in told and "50.00%" in told and "+1.00%" in told


def test_limits_show_what_they_cost_instead(shown):
    limited = entry("net", layer("a", 1000, 900), limits=[{}], cycles_unlimited=800)
    told = shown(tables.network_table([limited]))
    assert "slower" in told and "+25.00%" in told and "predicted" not in told


def test_bandwidth_has_a_column_for_each_rate(shown):
    points = [{"bytes_per_cycle": rate, "utilisation": rate / 100} for rate in (8, 16.5)]
    told = shown(tables.bandwidth_table([entry("net", layer("a", 1000, 900), bandwidth=points)]))
    assert "16.5" in told and "8.0%" in told


def test_the_predictor_is_judged_on_networks_and_on_long_layers():
    short, long = layer("short", 4000, 10), layer("long", 6000, 10)
    short["cycles_predicted"], long["cycles_predicted"] = 8000, 5700
    told = tables.predictor_line([entry("net", short, long, cycles_predicted=13_700)])
    assert "net on small +37.00%" in told and "net on small long -5.00%" in told


def test_outputs_are_counted():
    wrong = entry("net", layer("a", 10, 5), mismatches=3)
    assert tables.outputs_line([wrong, wrong]) == "200 outputs compared with the golden model, 6 wrong"
