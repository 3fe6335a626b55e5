// One AXI4-Lite transaction at a time; the clock is the caller's.
#ifndef CONVLOOM_AXI_LITE_H
#define CONVLOOM_AXI_LITE_H

#include <cstdint>

// A template, because only the generated model knows its pins.
template <typename Model>
class AxiLite {
  public:
    explicit AxiLite(Model& top) : top_(top) {}

    void start_read(uint32_t address) {
        top_.s_axil_araddr = address;
        top_.s_axil_arvalid = top_.s_axil_rready = 1;
    }

    void start_write(uint32_t address, uint32_t word) {
        top_.s_axil_awaddr = address;
        top_.s_axil_wdata = word;
        top_.s_axil_wstrb = 0xF;
        top_.s_axil_awvalid = top_.s_axil_wvalid = top_.s_axil_bready = 1;
    }

    bool is_waiting() const { return top_.s_axil_rready || top_.s_axil_bready; }

    // Called in each cycle before the edge. What passes at this edge is taken off the pins by `after_edge`.
    void sample() {
        address_read_ = top_.s_axil_arvalid && top_.s_axil_arready;
        address_written_ = top_.s_axil_awvalid && top_.s_axil_awready;
        data_written_ = top_.s_axil_wvalid && top_.s_axil_wready;
        data_read_ = top_.s_axil_rready && top_.s_axil_rvalid;
        answered_ = top_.s_axil_bready && top_.s_axil_bvalid;
        if (data_read_) {
            word = top_.s_axil_rdata;
            response = top_.s_axil_rresp;
        }
        if (answered_) response = top_.s_axil_bresp;
    }

    void after_edge() {
        if (address_read_) top_.s_axil_arvalid = 0;
        if (address_written_) top_.s_axil_awvalid = 0;
        if (data_written_) top_.s_axil_wvalid = 0;
        if (data_read_) top_.s_axil_rready = 0;
        if (answered_) top_.s_axil_bready = 0;
    }

    uint32_t word = 0, response = 0;

  private:
    Model& top_;
    bool address_read_ = false, address_written_ = false, data_written_ = false, data_read_ = false,
         answered_ = false;
};

#endif
