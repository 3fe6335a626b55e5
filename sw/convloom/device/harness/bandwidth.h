// What a memory behind the streams would allow: bytes per cycle, and cycles before a packet starts.
#ifndef CONVLOOM_BANDWIDTH_H
#define CONVLOOM_BANDWIDTH_H

#include <algorithm>

// A token bucket that may go into debt: a beat is never cut, and the rate is exact in the long run.
class Bucket {
  public:
    // 0 bytes per cycle is no limit.
    void limit(double bytes_per_cycle) {
        limited_ = bytes_per_cycle > 0;
        rate_ = tokens_ = bytes_per_cycle;
    }

    void tick() {
        if (limited_) tokens_ = std::min(tokens_ + rate_, rate_);
    }

    bool is_open() const { return !limited_ || tokens_ > 0; }

    void take(unsigned bytes) {
        if (limited_) tokens_ -= bytes;
    }

  private:
    bool limited_ = false;
    double rate_ = 0, tokens_ = 0;
};

// One stream's way to the memory: its own bucket, the one that all streams share, and its latency.
class Port {
  public:
    explicit Port(Bucket& shared) : shared_(shared) {}

    void limit(double bytes_per_cycle, unsigned latency) {
        own_.limit(bytes_per_cycle);
        latency_ = waiting_ = latency;
    }

    void tick() { own_.tick(); }

    // Whether a beat may start now. Asked once in each cycle in which there is something to move.
    bool is_open() {
        if (waiting_) {
            --waiting_;
            return false;
        }
        return own_.is_open() && shared_.is_open();
    }

    void moved(unsigned bytes, bool ends_packet) {
        own_.take(bytes);
        shared_.take(bytes);
        if (ends_packet) waiting_ = latency_;
    }

  private:
    Bucket own_;
    Bucket& shared_;
    unsigned latency_ = 0, waiting_ = 0;
};

#endif
