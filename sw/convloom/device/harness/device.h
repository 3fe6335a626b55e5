// The device around the Verilated engine: queues of packets on its pins, served in every clock cycle.
//
// CIN_LANES, COUT_LANES and REPORT_DEPTH come from the build, which knows the configuration.
#ifndef CONVLOOM_DEVICE_H
#define CONVLOOM_DEVICE_H

#include <cstdint>
#include <deque>
#include <utility>

#include "Vconvloom.h"
#include "axi_lite.h"
#include "axi_stream.h"
#include "bandwidth.h"
#include "verilated.h"

enum Stop { ANSWERED, REPORTS, STALLED, BUDGET };

struct Answer {
    uint64_t expected;  // bytes
    bool reports;
    uint64_t first_beat = 0, last_beat = 0;  // in cycles since reset
    Bytes bytes;
    bool taken = false;
};

// What the host may ask of a stream.
struct StreamState {
    uint64_t beats, packets, place, packet_bytes;
    uint32_t valid, ready;
};

class Device {
  public:
    static constexpr uint64_t NEVER = ~uint64_t(0);
    static constexpr uint32_t NO_RESPONSE = ~uint32_t(0);

    explicit Device(uint64_t stall_cycles) : stall_cycles_(stall_cycles) {
        top_.aresetn = 0;
        for (unsigned n = 0; n < 4; ++n) low_half(), high_half();
        top_.aresetn = 1;
    }

    ~Device() { top_.final(); }

    // Queues one job's packets and returns its ticket. `reports`: it may put a report into the device's queue.
    uint64_t submit(Bytes job, Bytes act, uint64_t out_bytes, bool reports) {
        job_.push({std::move(job), reports});
        act_.push({std::move(act), false, depends_ ? first_ticket_ + answers_.size() : 0, pause_});
        depends_ = false;
        answers_.push_back({out_bytes, reports});
        answers_.back().bytes.reserve(out_bytes);
        last_moved_ = clock;
        return first_ticket_ + answers_.size() - 1;
    }

    // The next job's activations are computed from all answers before it, which takes so many cycles.
    void depend(uint64_t cycles) { depends_ = true, pause_ = cycles; }

    // Runs until that job is answered, or the host has something to do, at most `budget` cycles.
    Stop run(uint64_t ticket, uint64_t budget) {
        for (; answered_ <= ticket; --budget) {
            if (clock - last_moved_ >= stall_cycles_) return STALLED;
            if (reports_waiting() >= DRAIN_AT && clock >= next_drain_) {
                next_drain_ = clock + DRAIN_AGAIN;
                return REPORTS;
            }
            if (!budget) return BUDGET;
            cycle();
        }
        return ANSWERED;
    }

    void advance(uint64_t cycles) {
        while (cycles--) cycle();
    }

    Answer& answer(uint64_t ticket) { return answers_[ticket - first_ticket_]; }

    // Forgets an answer that the host has copied.
    void forget(uint64_t ticket) {
        Bytes().swap(answer(ticket).bytes);
        answer(ticket).taken = true;
        for (; !answers_.empty() && answers_.front().taken; ++first_ticket_) answers_.pop_front();
    }

    uint32_t read(uint32_t address, uint32_t* word) {
        axi_lite_.start_read(address);
        const uint32_t response = finish_transaction();
        *word = axi_lite_.word;
        return response;
    }

    uint32_t write(uint32_t address, uint32_t word) {
        axi_lite_.start_write(address, word);
        return finish_transaction();
    }

    void drained(uint64_t reports) { drained_ += reports; }

    // Jobs that are answered and have not reported: their reports are there, or will be in some cycles.
    uint64_t reports_waiting() const { return reports_answered_ - drained_; }

    // Stream 0 is job, 1 act, 2 out; 3 is all together, which has no latency of its own.
    void limit(unsigned stream, double bytes_per_cycle, unsigned latency) {
        switch (stream) {
            case 0: job_.port.limit(bytes_per_cycle, latency); break;
            case 1: act_.port.limit(bytes_per_cycle, latency); break;
            case 2: out_.port.limit(bytes_per_cycle, latency); break;
            default: memory_.limit(bytes_per_cycle);
        }
    }

    StreamState stream(unsigned number) const {
        if (number == 0) return state_of(job_);
        if (number == 1) return state_of(act_);
        const uint64_t missing = answers_.size() - next_answer();
        const Answer* open = missing ? &answers_[next_answer()] : nullptr;
        return {out_.beats, missing, open ? open->bytes.size() : 0, open ? open->expected : 0,
                out_.is_valid(), out_.is_ready()};
    }

    uint64_t clock = 0, first_beat = NEVER, last_beat = NEVER;

  private:
    static constexpr uint64_t DRAIN_AT = REPORT_DEPTH > 1 ? REPORT_DEPTH / 2 : 1;
    static constexpr uint64_t DRAIN_AGAIN = 64;         // cycles: a report comes some cycles after the answer
    static constexpr unsigned AXI_LITE_CYCLES = 10000;  // an answer takes a handful

    void cycle() {
        // No more jobs begin than reports fit: none is ever lost.
        const auto may_begin = [this](const Packet& packet) {
            return !packet.reports || job_.reports_begun - drained_ < REPORT_DEPTH;
        };
        memory_.tick();
        job_.drive(may_begin);
        act_.drive([this](const Packet& packet) {
            return !packet.after || (answered_ >= packet.after && clock > last_beat + packet.pause);
        });
        out_.drive(next_answer() < answers_.size());
        low_half();
        sample();
        axi_lite_.sample();
        ++clock;
        high_half();
        axi_lite_.after_edge();
    }

    void low_half() {
        top_.aclk = 0;
        top_.eval();
    }

    void high_half() {
        top_.aclk = 1;
        top_.eval();
    }

    void sample() {
        const bool job = job_.sample(), act = act_.sample();
        if (job || act) {
            last_moved_ = clock;
            if (first_beat == NEVER) first_beat = clock;
        }
        if (!out_.is_ready() || !out_.is_valid()) return;
        Answer& answer = answers_[next_answer()];
        if (answer.bytes.empty()) answer.first_beat = clock;
        out_.take(answer.bytes);
        answer.last_beat = last_beat = last_moved_ = clock;
        if (!out_.is_last()) return;
        ++answered_;
        reports_answered_ += answer.reports;
    }

    uint32_t finish_transaction() {
        for (unsigned n = 0; n < AXI_LITE_CYCLES && axi_lite_.is_waiting(); ++n) cycle();
        return axi_lite_.is_waiting() ? NO_RESPONSE : axi_lite_.response;
    }

    size_t next_answer() const { return answered_ - first_ticket_; }

    template <typename Stream>
    static StreamState state_of(const Stream& s) {
        return {s.beats, s.packets(), s.place(), s.packet_bytes(), s.is_valid(), s.is_ready()};
    }

    VerilatedContext context_;
    Vconvloom top_{&context_};
    Bucket memory_;
    Source<CIN_LANES> job_{{&top_.s_axis_job_tdata, &top_.s_axis_job_tkeep, &top_.s_axis_job_tvalid,
                            &top_.s_axis_job_tlast, &top_.s_axis_job_tready}, memory_};
    Source<CIN_LANES> act_{{&top_.s_axis_act_tdata, &top_.s_axis_act_tkeep, &top_.s_axis_act_tvalid,
                            &top_.s_axis_act_tlast, &top_.s_axis_act_tready}, memory_};
    Sink<COUT_LANES> out_{{&top_.m_axis_out_tdata, &top_.m_axis_out_tkeep, &top_.m_axis_out_tvalid,
                           &top_.m_axis_out_tlast, &top_.m_axis_out_tready}, memory_};
    AxiLite<Vconvloom> axi_lite_{top_};

    bool depends_ = false;
    uint64_t pause_ = 0;
    const uint64_t stall_cycles_;
    uint64_t last_moved_ = 0, next_drain_ = 0;
    std::deque<Answer> answers_;  // those from first_ticket_ on
    uint64_t first_ticket_ = 0, answered_ = 0, reports_answered_ = 0, drained_ = 0;
};

#endif
