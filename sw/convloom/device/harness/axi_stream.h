// Whole packets through AXI-Stream pins, at most one beat per cycle.
//
// Each cycle has two halves: `drive` puts on the pins what the clock edge will see, `sample` looks, after the
// combinational logic has settled and before the edge, whether a beat passes at it.
#ifndef CONVLOOM_AXI_STREAM_H
#define CONVLOOM_AXI_STREAM_H

#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

#include "bandwidth.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "pins are filled byte by byte");

using Bytes = std::vector<uint8_t>;

// The pins of one stream. Verilator keeps a port of any width as little-endian bytes.
struct StreamPins {
    void *data, *keep;
    uint8_t *valid, *last, *ready;
};

struct Packet {
    Bytes bytes;
    bool reports;  // may put a report into the device's queue
    uint64_t after = 0, pause = 0;  // may begin when so many jobs are answered, and so many cycles later
};

template <unsigned lanes>
class Source {
  public:
    Source(StreamPins pins, Bucket& shared) : port(shared), pins_(pins) {}

    void push(Packet packet) { queue_.push_back(std::move(packet)); }

    // Offers the next beat, unless one is on offer already: a beat that was offered stays until it is taken.
    // `may_begin` says of a packet whether its first beat may be offered.
    template <typename MayBegin>
    void drive(MayBegin may_begin) {
        port.tick();
        if (offered_) return;
        *pins_.valid = 0;
        if (queue_.empty() || (!place_ && !may_begin(queue_.front())) || !port.is_open()) return;
        const Bytes& bytes = queue_.front().bytes;
        const size_t rest = bytes.size() - place_;
        uint64_t keep = ~uint64_t(0) >> (64 - lanes);
        if (rest >= lanes) {
            std::memcpy(pins_.data, bytes.data() + place_, lanes);
        } else {
            std::memset(pins_.data, 0, lanes);
            std::memcpy(pins_.data, bytes.data() + place_, rest);
            keep = (uint64_t(1) << rest) - 1;
        }
        std::memcpy(pins_.keep, &keep, (lanes + 7) / 8);
        *pins_.last = rest <= lanes;
        *pins_.valid = offered_ = true;
        if (!place_) reports_begun += queue_.front().reports;
    }

    // Whether the beat on offer is taken at the coming edge.
    bool sample() {
        if (!offered_ || !*pins_.ready) return false;
        offered_ = false;
        ++beats;
        place_ += lanes;
        port.moved(lanes, *pins_.last);
        if (*pins_.last) {
            queue_.pop_front();
            place_ = 0;
        }
        return true;
    }

    bool is_valid() const { return *pins_.valid; }
    bool is_ready() const { return *pins_.ready; }
    size_t packets() const { return queue_.size(); }
    size_t place() const { return place_; }
    size_t packet_bytes() const { return queue_.empty() ? 0 : queue_.front().bytes.size(); }

    Port port;
    uint64_t beats = 0, reports_begun = 0;

  private:
    StreamPins pins_;
    std::deque<Packet> queue_;
    size_t place_ = 0;  // byte of the packet that the next beat starts with
    bool offered_ = false;
};

template <unsigned lanes>
class Sink {
  public:
    Sink(StreamPins pins, Bucket& shared) : port(shared), pins_(pins) {}

    void drive(bool expected) {
        port.tick();
        *pins_.ready = expected && port.is_open();
    }

    // Appends the bytes of the beat that passes at the coming edge: valid and ready are both up.
    void take(Bytes& packet) {
        uint64_t keep = 0;
        std::memcpy(&keep, pins_.keep, (lanes + 7) / 8);
        const unsigned count = keep ? 64 - __builtin_clzll(keep) : 0;
        const uint8_t* data = static_cast<const uint8_t*>(pins_.data);
        packet.insert(packet.end(), data, data + count);
        ++beats;
        port.moved(lanes, *pins_.last);
    }

    bool is_last() const { return *pins_.last; }
    bool is_valid() const { return *pins_.valid; }
    bool is_ready() const { return *pins_.ready; }

    Port port;
    uint64_t beats = 0;

  private:
    StreamPins pins_;
};

#endif
