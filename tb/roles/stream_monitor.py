"""Watches the rules of AXI-Stream on one stream."""


class ProtocolError(AssertionError):
    """A rule of a bus was broken."""


def known(handle):
    """The pin's number. Raises ProtocolError where a bit of it is X or Z."""
    value = handle.value
    try:
        return int(value)
    except ValueError:
        raise ProtocolError(f"{handle._name} is {value}, which is no number") from None


class StreamMonitor:
    """Valid and payload hold until ready; no X; TKEEP is partial on the last beat only, without holes.

    A role: `step()` runs after each rising edge and sees what the flip-flops saw.

    Parameters
    ----------
    any_keep : TKEEP may be anything on the last beat (what a test sends, not what the engine answers)

    Members
    -------
    beats, packets : beats and TLASTs transferred
    """

    def __init__(self, dut, prefix, lanes, *, any_keep=False):
        self.name, self._full, self._any_keep = prefix, (1 << lanes) - 1, any_keep
        self._valid, self._ready = getattr(dut, f"{prefix}_tvalid"), getattr(dut, f"{prefix}_tready")
        self._payload = [getattr(dut, f"{prefix}_{pin}") for pin in ("tdata", "tkeep", "tlast")]
        self.beats = self.packets = 0
        self.reset()

    def reset(self):
        """A reset may take back what was offered."""
        self._held = None

    def step(self):
        ready = known(self._ready)
        if not known(self._valid):
            self._require(self._held is None, "TVALID fell before TREADY came")
            return
        payload = [known(pin) for pin in self._payload]
        self._require(
            self._held in (None, payload), f"payload changed from {self._held} to {payload} before TREADY"
        )
        if self._held is None:
            self._check_keep(*payload)
        self._held = None if ready else payload
        if ready:
            self.beats += 1
            self.packets += payload[2]

    def _check_keep(self, data, keep, last):
        if last and not self._any_keep:
            self._require(keep and keep & (keep + 1) == 0, f"TKEEP {keep:b} has holes, or is empty")
        elif not last:
            self._require(keep == self._full, f"TKEEP {keep:b} is partial before the last beat")

    def _require(self, holds, message):
        if not holds:
            raise ProtocolError(f"{self.name}: {message}")
