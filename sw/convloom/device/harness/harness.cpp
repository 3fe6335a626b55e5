// The C interface to a device. A device belongs to one thread at a time.

#include "device.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT Device* convloom_open(uint64_t stall_cycles) { return new Device(stall_cycles); }

EXPORT void convloom_close(Device* device) { delete device; }

EXPORT uint64_t convloom_submit(Device* device, const uint8_t* job, uint64_t job_bytes, const uint8_t* act,
                                uint64_t act_bytes, uint64_t out_bytes, int reports) {
    return device->submit(Bytes(job, job + job_bytes), Bytes(act, act + act_bytes), out_bytes, reports);
}

EXPORT void convloom_depend(Device* device, uint64_t cycles) { device->depend(cycles); }

EXPORT int convloom_run(Device* device, uint64_t ticket, uint64_t budget) { return device->run(ticket, budget); }

EXPORT void convloom_advance(Device* device, uint64_t cycles) { device->advance(cycles); }

EXPORT uint64_t convloom_answer_bytes(Device* device, uint64_t ticket) { return device->answer(ticket).bytes.size(); }

// Copies an answer and when its first and last beat came, and forgets it.
EXPORT void convloom_take(Device* device, uint64_t ticket, uint8_t* bytes, uint64_t beats[2]) {
    const Answer& answer = device->answer(ticket);
    std::memcpy(bytes, answer.bytes.data(), answer.bytes.size());
    beats[0] = answer.first_beat;
    beats[1] = answer.last_beat;
    device->forget(ticket);
}

// The AXI response, or all ones where none came.
EXPORT uint32_t convloom_read(Device* device, uint32_t address, uint32_t* word) { return device->read(address, word); }

EXPORT uint32_t convloom_write(Device* device, uint32_t address, uint32_t word) {
    return device->write(address, word);
}

EXPORT uint64_t convloom_reports_waiting(Device* device) { return device->reports_waiting(); }

EXPORT void convloom_drained(Device* device, uint64_t reports) { device->drained(reports); }

EXPORT void convloom_limit(Device* device, unsigned stream, double bytes_per_cycle, unsigned latency) {
    device->limit(stream, bytes_per_cycle, latency);
}

// Cycles since reset, and the cycles of the first beat in and of the last one out (all ones: none yet).
EXPORT void convloom_clock(Device* device, uint64_t clock[3]) {
    clock[0] = device->clock;
    clock[1] = device->first_beat;
    clock[2] = device->last_beat;
}

EXPORT void convloom_stream(Device* device, unsigned number, StreamState* state) { *state = device->stream(number); }
