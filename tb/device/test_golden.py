"""The golden device's registers and reports, as the driver reads them."""

import numpy as np
import pytest
from convloom import DeviceError
from convloom.device.golden import GoldenTransport
from convloom.device.transport import Report, drain_reports
from convloom.spec import REGISTERS, ErrorCode, preset
from roles.damage import cut, field
from roles.vectors import Layers


@pytest.fixture
def transport():
    return GoldenTransport(preset("small"))


def layer(count=1, **options):
    layers = Layers(preset("small"), np.random.default_rng(3))
    vectors = [layers.layer((3, 4, 5), (2, 2, 2), **options) for _ in range(count)]
    return vectors if count > 1 else vectors[0]


def run(transport, *vectors):
    tickets = [transport.submit(vector.job, vector.act, 12) for vector in vectors]
    return [transport.wait(ticket) for ticket in tickets]


def read(transport, name):
    register = REGISTERS[name]
    word = transport.read(register.address)
    return register.unpack(word) if len(register.parts) > 1 else word


def test_counters(transport):
    run(transport, *layer(2))
    names = ("MACS_LOW", "BUSY_LOW", "CYCLES_LOW", "JOBS_DONE", "JOBS_FAILED", "BEATS_ACT", "BEATS_OUT")
    # 2x2x5 taps are two runs of ten bytes, two words each; 2x3 pixels.
    assert [read(transport, name) for name in names] == [480, 48, 48, 2, 0, 16, 4]


def test_macs_have_64_bits(transport):
    run(transport, field(layer(), macs_per_pixel=0xFFFFFFFF))
    assert read(transport, "MACS_LOW") | read(transport, "MACS_HIGH") << 32 == 6 * 0xFFFFFFFF


def test_reports_in_order(transport):
    bad = field(layer(), magic=0)
    run(transport, *layer(2), bad, layer(report=False))
    assert [(report.job_id, report.code) for report in transport.reports] == [
        (0, ErrorCode.NONE), (1, ErrorCode.NONE), (0, ErrorCode.FORMAT)
    ]  # fmt: skip
    assert [report.macs for report in transport.reports] == [240, 240, 0]


def test_the_first_error_is_held(transport):
    run(transport, layer(), field(layer(), job_id=9, kh=0), cut(layer(), "act", 8))
    assert read(transport, "ERROR") == {"code": ErrorCode.RANGE, "errors": 2, "job_id": 9}
    assert read(transport, "STATUS")["error"] == 1
    transport.write(REGISTERS["ERROR"].address, 0xFFFFFFFF)
    assert read(transport, "ERROR") == {"code": 0, "errors": 0, "job_id": 0}


def test_registers_that_are_not_there(transport):
    with pytest.raises(DeviceError, match="no register at 0xFC"):
        transport.read(0xFC)
    with pytest.raises(DeviceError, match="IDENTITY at 0x00 cannot be written"):
        transport.write(0, 1)
    transport.write(REGISTERS["INTERRUPT_MASK"].address, 3)
    assert read(transport, "INTERRUPT_MASK") == {"job_done": 1, "error": 1}


def test_a_ticket_is_waited_for_once(transport):
    ticket = transport.submit(layer().job, layer().act, 12)
    transport.wait(ticket)
    for wrong in (ticket, ticket + 1):
        with pytest.raises(ValueError, match="ticket must be one of a job that was not waited for yet"):
            transport.wait(wrong)


def test_reports_are_read_word_by_word_and_popped():
    lost = {
        name: n for n, name in enumerate(("DESCRIPTOR", "WEIGHTS", "ACTIVATIONS", "OUTPUT", "DRAIN", "ISSUE"))
    }
    reports = [Report(n, ErrorCode.ACT_LONG, 1000 + n, 985, (7 << 32) + 5, lost) for n in range(3)]

    class Fifo:
        waiting = list(reports)

        def read(self, address):
            if address == REGISTERS["STATUS"].address:
                return REGISTERS["STATUS"].pack(reports=len(self.waiting))
            return self.waiting[0].words()[(address - 0x80) // 4]

        def write(self, address, word):
            assert (address, word) == (REGISTERS["REPORT_POP"].address, 1)
            self.waiting.pop(0)

    assert drain_reports(Fifo()) == reports and not Fifo.waiting
