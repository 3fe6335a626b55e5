"""The exported text of each configuration, made once."""

import pytest
from convloom_rtl.export import system_verilog
from roles.matrix import CONFIGS
from rtl import runner


@pytest.fixture(scope="session")
def designs():
    """design(name): the runner.Design of the configuration of that name."""
    made = {}

    def design(name):
        if name not in made:
            config = CONFIGS[name]
            made[name] = runner.Design(name, config.module_name, system_verilog(config))
        return made[name]

    return design
