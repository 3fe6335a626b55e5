"""Entries of the bench's JSON that were never measured: for tests of its tables and pictures."""


def layer(name, cycles, useful, **lost):
    """A layer of 64 multipliers with so many useful cycles, cycles lost by cause, and the rest idle lanes."""
    causes = dict.fromkeys(("descriptor", "weights", "activations", "output", "drain", "issue"), 0) | lost
    return {
        "name": name,
        "kind": "pointwise",
        "macs": useful * 64,
        "cycles": cycles,
        "multipliers": 64,
        "utilisation": useful / cycles,
        "bound": "multipliers",
        "bounds": {"multipliers": useful, "job": 10, "act": 20, "out": 20},
        "bound_ratio": useful / cycles,
        "cycles_predicted": cycles,
        "idle_lanes": cycles - useful - sum(lost.values()),
        "lost": causes,
    }


def entry(network, *layers, config="small", **changed):
    """A network of such layers."""
    cycles, useful = (sum(each[key] for each in layers) for key in ("cycles", "macs"))
    return {
        "network": network,
        "config": config,
        "macs": useful,
        "cycles": cycles,
        "multipliers": 64,
        "utilisation": useful / 64 / cycles,
        "bound": "multipliers",
        "bounds": {"multipliers": useful // 64, "job": 10, "act": 20, "out": 20},
        "bound_ratio": useful / 64 / cycles,
        "bytes": 400,
        "cycles_predicted": cycles,
        "utilisation_dependent": 0.5,
        "idle_lanes": sum(each["idle_lanes"] for each in layers),
        "lost": {cause: sum(each["lost"][cause] for each in layers) for cause in layers[0]["lost"]},
        "outputs_checked": 100,
        "mismatches": 0,
        "layers": list(layers),
        **changed,
    }
