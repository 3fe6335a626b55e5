"""Makes bad packets of good ones."""

from dataclasses import replace

from convloom.spec import DESCRIPTOR
from convloom.spec.job import DESCRIPTOR_BYTES, descriptor_sum, pack, unpack


def field(vector, **values):
    """The job with other descriptor fields. The sum is put right, unless it is among them."""
    fields = {**unpack(DESCRIPTOR, vector.job[:DESCRIPTOR_BYTES]), **values}
    head = pack(DESCRIPTOR, fields)
    if "sum" not in values:
        head = head[:-2] + descriptor_sum(head).to_bytes(2, "little")
    what = ", ".join(f"{name}={value}" for name, value in values.items())
    return replace(vector, job=head + vector.job[DESCRIPTOR_BYTES:], name=f"{vector.name} with {what}")


def cut(vector, stream, length):
    """The packet on `stream` ("job" or "act") ends after `length` bytes; negative: that many early."""
    packet = getattr(vector, stream)[:length]
    if stream == "job" and len(packet) < 6:  # without bytes 4 and 5 the engine cannot tell the job's number
        vector = replace(vector, job_id=int.from_bytes(packet[4:], "little"))
    return replace(vector, **{stream: packet}, name=f"{vector.name}, {stream} cut to {len(packet)} bytes")


def lengthen(vector, stream, lanes, beats=1):
    """The packet on `stream` goes on for some beats after its last one, which becomes a full one."""
    packet = getattr(vector, stream)
    longer = packet + b"\xa5" * (-len(packet) % lanes + beats * lanes)
    return replace(vector, **{stream: longer}, name=f"{vector.name}, {stream} {beats} beats too long")


def fill_last_beat(vector, lanes):
    """Bytes past the end in the last beat of both packets, as a DMA without TKEEP sends them: no error."""
    job, act = (packet + b"\x5a" * (-len(packet) % lanes) for packet in (vector.job, vector.act))
    return replace(vector, job=job, act=act, name=f"{vector.name}, last beats filled")


def hole_in_keep(vector, lanes):
    """TKEEP of the last activation beat has its highest bit alone, which stands for all below it."""
    rest = len(vector.act) % lanes or lanes
    return replace(vector, act_keep=1 << (rest - 1), name=f"{vector.name}, TKEEP with holes")
