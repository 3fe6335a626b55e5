"""Watches the rules of AXI4-Lite on one port."""

from roles.stream_monitor import ProtocolError, known

CHANNELS = {
    "aw": ("addr", "prot"),
    "w": ("data", "strb"),
    "b": ("resp",),
    "ar": ("addr", "prot"),
    "r": ("data", "resp"),
}


class AxilMonitor:
    """Valid and payload hold until ready on all channels; one response per request, none before it; no X.

    A role: `step()` runs after each rising edge and sees what the flip-flops saw.

    Members
    -------
    taken : transfers of each channel
    """

    def __init__(self, dut, prefix):
        self.name = prefix
        self._pins = {
            channel: [getattr(dut, f"{prefix}_{channel}{pin}") for pin in ("valid", "ready", *payload)]
            for channel, payload in CHANNELS.items()
        }
        self.reset()

    def reset(self):
        """A reset may take back what was offered, and forgets requests."""
        self._held = dict.fromkeys(CHANNELS)
        self.taken = dict.fromkeys(CHANNELS, 0)

    def step(self):
        before = dict(self.taken)
        for channel, (valid, ready, *payload) in self._pins.items():
            if known(valid):
                self._offered(channel, known(ready), [known(pin) for pin in payload], before)
            else:
                self._require(self._held[channel] is None, f"{channel} valid fell before its ready came")

    def _offered(self, channel, ready, payload, before):
        held = self._held[channel]
        self._require(
            held in (None, payload), f"{channel} payload changed from {held} to {payload} before its ready"
        )
        requests = {"b": min(before["aw"], before["w"]), "r": before["ar"]}.get(channel)
        if requests is not None:
            self._require(before[channel] < requests, f"a response on {channel} to no request")
        self._held[channel] = None if ready else payload
        self.taken[channel] += ready

    def finish(self):
        """Raises ProtocolError where a request was not answered."""
        taken = self.taken
        self._require(taken["aw"] == taken["w"] == taken["b"], f"writes and their responses differ: {taken}")
        self._require(taken["ar"] == taken["r"], f"reads and their responses differ: {taken}")

    def _require(self, holds, message):
        if not holds:
            raise ProtocolError(f"{self.name}: {message}")
