"""Registers, interrupt and resets. Case 10."""

from functools import partial

from convloom.spec import REGISTERS
from convloom.spec.registers import Access, configuration_words
from roles.damage import cut
from roles.matrix import EVERYWHERE, bench_test
from roles.stream_monitor import known

OUTPUTS = (
    *("irq", "s_axis_job_tready", "s_axis_act_tready", "s_axil_awready", "s_axil_wready", "s_axil_arready"),
    *("s_axil_bresp", "s_axil_bvalid", "s_axil_rdata", "s_axil_rresp", "s_axil_rvalid"),
    *("m_axis_out_tdata", "m_axis_out_tkeep", "m_axis_out_tvalid", "m_axis_out_tlast"),
)
SLVERR = 2


def network(bench):
    layer = bench.layers.layer
    return [
        layer((4, 4, 3), (3, 3, 3), pads=(1, 1, 1, 1), input_zero_point=5),
        layer((4, 4, 3), (2, 1, 1), raw=True),
        layer((3, 3, 2), (9, 2, 2)),
    ]


@bench_test(on=EVERYWHERE)
async def outputs_are_known_after_reset(bench):
    """No output is X: in the cycles after a reset, and while jobs run."""
    pins = [getattr(bench.dut, name) for name in OUTPUTS]
    for _ in range(20):
        await bench.edge
        for pin in pins:
            known(pin)
    bench.send(network(bench))
    while bench.unfinished():
        await bench.edge
        for pin in pins:
            known(pin)
    await bench.answered()


@bench_test(on=EVERYWHERE, stalls=("none",))
async def pins(bench):
    """Names and widths of the top's pins."""
    cin, cout, dut = bench.config.cin_lanes, bench.config.cout_lanes, bench.dut
    widths = {"aclk": 1, "aresetn": 1, "irq": 1}
    for stream, lanes in (("s_axis_job", cin), ("s_axis_act", cin), ("m_axis_out", cout)):
        pins = {"tdata": 8 * lanes, "tkeep": lanes, "tvalid": 1, "tready": 1, "tlast": 1}
        widths |= {f"{stream}_{pin}": width for pin, width in pins.items()}
    for name, width in widths.items():
        assert len(getattr(dut, name)) == width, f"{name} has {len(getattr(dut, name))} bits, not {width}"
    await bench.run(network(bench)[:1])


@bench_test(on=EVERYWHERE, stalls=("none",))
async def constant_registers_say_the_configuration(bench):
    for name, word in configuration_words(bench.config).items():
        assert await bench.host.read(name) == word, name
    await bench.run(network(bench)[:1])


@bench_test(stalls=("none",))
async def addresses_without_a_register(bench):
    """They and read-only registers are answered with SLVERR, once each; a strobe keeps bytes."""
    mapped = {register.address for register in REGISTERS.values()}
    for address in (set(range(0, 256, 4)) - mapped) & {0x3C + 0x40, 0xAC, 0xC0, 0xFC}:
        assert (await bench.axil.transfer(address))[1] == SLVERR, hex(address)
        assert (await bench.axil.transfer(address, 1))[1] == SLVERR, hex(address)
    for register in REGISTERS.values():
        if register.access in (Access.CONSTANT, Access.READ):
            assert (await bench.axil.transfer(register.address, 0xFFFFFFFF))[1] == SLVERR, register.name
    mask = REGISTERS["INTERRUPT_MASK"].address
    await bench.axil.write(mask, 3)
    await bench.axil.write(mask, 0, strobe=0b1110)
    assert await bench.axil.read(mask) == 3
    await bench.run(network(bench)[:1])


@bench_test(on=EVERYWHERE)
async def interrupt_and_its_mask(bench):
    """irq follows what is pending and let through, for done jobs with the flag and for errors."""
    layer, host, irq = bench.layers.layer, bench.host, bench.dut.irq
    await bench.run([layer((2, 2, 2), (1, 1, 1))])
    assert await host.read("INTERRUPT") == 0
    await bench.run([layer((2, 2, 2), (1, 1, 1), irq=True)])
    assert await host.parts("INTERRUPT") == {"job_done": 1, "error": 0} and not known(irq)
    for mask, up in (({"error": 1}, 0), ({"job_done": 1}, 1)):
        await host.write("INTERRUPT_MASK", **mask)
        await bench.cycles(2)
        assert known(irq) == up, f"irq is {known(irq)} with mask {mask}"
    await host.write("INTERRUPT", job_done=1)
    await bench.cycles(2)
    assert not known(irq) and await host.read("INTERRUPT") == 0
    await host.write("INTERRUPT_MASK", error=1)
    await bench.run([cut(layer((3, 3, 4), (1, 1, 1)), "act", 8)])
    assert await host.parts("INTERRUPT") == {"job_done": 0, "error": 1} and known(irq)


@bench_test
async def first_error_stays_until_it_is_cleared(bench):
    """ERROR keeps the first, counts all, and takes up the next after a 1 was written."""
    layer, host = bench.layers.layer, bench.host
    await bench.run([cut(layer((3, 3, 4), (1, 1, 1)), "act", 8), cut(layer((3, 3, 4), (1, 1, 1)), "job", 60)])
    assert (await host.parts("ERROR"))["errors"] == 2
    await bench.restart_counting()
    assert await host.read("ERROR") == 0 and not (await host.parts("STATUS"))["error"]
    await bench.run([layer((1, 1, 1), (1, 1, 1)), cut(layer((3, 3, 4), (1, 1, 1)), "job", 60)])


def job_beats(bench, number):
    return bench.beats["BEATS_JOB"] >= number


def answered(bench):
    return len(bench.sent) - bench.scoreboard.waiting


PHASES = {
    "in the descriptor": lambda bench: job_beats(bench, 3),
    "in the records": lambda bench: job_beats(bench, 64 // bench.config.cin_lanes + 2),
    "in the weights": lambda bench: job_beats(bench, len(bench.sent[0].job) // bench.config.cin_lanes - 2),
    "in the activations": lambda bench: bench.beats["BEATS_ACT"] >= 2,
    "in the walk": lambda bench: not bench.act.busy,
    "in the first answer": lambda bench: bench.out.inside,
    "in the second answer": lambda bench: answered(bench) == 1 and bench.out.inside,
    "in the last job": lambda bench: answered(bench) == 2,
    "when all is done": lambda bench: not bench.unfinished(),
}


@bench_test(on=EVERYWHERE)
async def soft_reset_in_each_phase(bench):
    """Case 10: a soft reset through the register, then the same network."""
    vectors = network(bench)
    for phase, reached in PHASES.items():
        bench.dut._log.info("soft reset %s", phase)
        bench.send(vectors)
        await bench.until(partial(reached, bench), phase)
        await bench.soft_reset()
    await bench.run(vectors)


@bench_test(on=EVERYWHERE)
async def hard_reset_in_each_phase(bench):
    """Case 10: aresetn, then the same network."""
    vectors = network(bench)
    for phase, reached in PHASES.items():
        bench.dut._log.info("aresetn %s", phase)
        bench.send(vectors)
        await bench.until(partial(reached, bench), phase)
        await bench.reset()
    await bench.run(vectors)
