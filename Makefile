# Every target makes the environment (.venv) when it is missing or older than pyproject.toml.
CONFIG ?= small
DEVICE ?= ecp5-85k
SEEDS ?= 5
BOARD ?= ulx3s
PYTEST_FLAGS ?= -n 2 --dist worksteal -q
BIN := .venv/bin
export AMARANTH_USE_YOSYS := builtin

.DEFAULT_GOAL := help
.PHONY: help demo test test-page test-cells lint nightly format bench bench-sim verilog fpga bitstream doctor docs clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */\1\t/' | expand -t 12

.venv/.ready: pyproject.toml .ci/environment
	@bash .ci/environment

demo: .venv/.ready ## a 3x3 kernel step by step, a photograph and digits through the simulated engine (pictures in build/demo)
	@$(BIN)/convloom demo

test: .venv/.ready lint ## all tests: unit, golden model against the runtimes, exported RTL on two simulators
	@bash .ci/tools iverilog yosys
	@$(BIN)/python -m pytest $(PYTEST_FLAGS)

test-page: .venv/.ready ## a profile's page in headless Chromium, at two window sizes (screenshots in build/pages)
	@bash .ci/tools chromium-headless-shell
	@$(BIN)/python -m pytest -q tb/report/in_browser.py

test-cells: .venv/.ready ## boards' tops as synthesised, on models of the chips' cells in Icarus: minutes
	@bash .ci/tools iverilog
	@$(BIN)/python -m pytest -q tb/fpga/on_cells.py

nightly: .venv/.ready ## a thousand random layers: simulated RTL in tiny, small and odd-8x6, golden model and runtimes, every byte compared
	@CONVLOOM_LAYERS=1000 $(BIN)/python -m pytest -q -s tb/device/test_any_layer_on_rtl.py

lint: .venv/.ready ## ruff over the Python
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: .venv/.ready ## let ruff lay out the Python
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: .venv/.ready ## BENCH="--config small,large --network resnet18": utilisation of whole networks (build/bench)
	@$(BIN)/convloom bench $(BENCH)

bench-sim: .venv/.ready ## cycles per second and build seconds of the simulated device (build/bench/simulation.json)
	@$(BIN)/convloom bench-sim

verilog: .venv/.ready ## CONFIG=small: build/verilog/convloom_<config>.sv and .v
	@$(BIN)/convloom verilog --config $(CONFIG)

fpga: .venv/.ready ## CONFIG=medium-q4 DEVICE=ecp5-85k SEEDS=5: area, clock and critical path on a chip (build/fpga)
	@$(BIN)/convloom fpga --config $(CONFIG) --device $(DEVICE) --seeds $(SEEDS) $(FPGA_FLAGS)

bitstream: .venv/.ready ## BOARD=ulx3s (orangecrab, icebreaker): an engine that tests itself, packed for the board (build/bitstream)
	@$(BIN)/convloom bitstream --board $(BOARD) $(BITSTREAM_FLAGS)

doctor: .venv/.ready ## what the simulated device and the tests need, and how to repair what is missing
	@$(BIN)/convloom doctor

docs: .venv/.ready ## renew docs/registers.md and the C header from the spec
	@$(BIN)/python -m convloom.spec.render

clean: ## remove what was built here (.venv and the user's cache stay)
	@rm -rf build .pytest_cache .ruff_cache .hypothesis && find hw sw tb -name __pycache__ -prune -exec rm -rf {} +
