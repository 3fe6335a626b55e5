// The pins of a 4x4 engine and almost nothing behind them: an activation packet comes out as it went in, a job
// packet is swallowed, AXI4-Lite is one word of memory. `fault` breaks one rule of a bus at a time.
module stand_in (
    input  wire        aclk, aresetn,
    output wire        irq,
    input  wire [31:0] s_axis_job_tdata, input wire [3:0] s_axis_job_tkeep,
    input  wire        s_axis_job_tvalid, s_axis_job_tlast, output wire s_axis_job_tready,
    input  wire [31:0] s_axis_act_tdata, input wire [3:0] s_axis_act_tkeep,
    input  wire        s_axis_act_tvalid, s_axis_act_tlast, output wire s_axis_act_tready,
    output reg  [31:0] m_axis_out_tdata, output reg [3:0] m_axis_out_tkeep,
    output reg         m_axis_out_tvalid, m_axis_out_tlast, input wire m_axis_out_tready,
    input  wire [7:0]  s_axil_awaddr, input wire [2:0] s_axil_awprot,
    input  wire        s_axil_awvalid, output wire s_axil_awready,
    input  wire [31:0] s_axil_wdata, input wire [3:0] s_axil_wstrb,
    input  wire        s_axil_wvalid, output wire s_axil_wready,
    output reg  [1:0]  s_axil_bresp, output reg s_axil_bvalid, input wire s_axil_bready,
    input  wire [7:0]  s_axil_araddr, input wire [2:0] s_axil_arprot,
    input  wire        s_axil_arvalid, output wire s_axil_arready,
    output reg  [31:0] s_axil_rdata, output reg [1:0] s_axil_rresp,
    output reg         s_axil_rvalid, input wire s_axil_rready
);
    localparam NONE = 0, VALID_FALLS = 1, PAYLOAD_CHANGES = 2, KEEP_HOLE = 3, KEEP_PARTIAL = 4, DATA_UNKNOWN = 5,
               READY_UNKNOWN = 6, BYTE_WRONG = 7, LAST_LOST = 8, RESPONSE_TWICE = 9, RESPONSE_EARLY = 10,
               RESPONSE_CHANGES = 11, KEEP_EMPTY = 12;
    reg [3:0] fault = NONE;

    assign irq = 1'b0;
    assign s_axis_job_tready = fault == READY_UNKNOWN ? 1'bx : 1'b1;
    assign s_axis_act_tready = m_axis_out_tready | ~m_axis_out_tvalid;

    always @(posedge aclk) begin
        if (s_axis_act_tready) begin
            m_axis_out_tvalid <= s_axis_act_tvalid;
            m_axis_out_tdata  <= fault == DATA_UNKNOWN ? {32{1'bx}} : s_axis_act_tdata ^ {31'd0, fault == BYTE_WRONG};
            m_axis_out_tlast  <= s_axis_act_tlast && fault != LAST_LOST;
            m_axis_out_tkeep  <= fault == KEEP_EMPTY && s_axis_act_tlast ? 4'b0000
                               : fault == KEEP_HOLE && s_axis_act_tlast ? 4'b0101
                               : fault == KEEP_PARTIAL ? 4'b0111 : s_axis_act_tkeep;
        end else if (fault == VALID_FALLS) m_axis_out_tvalid <= 1'b0;
        else if (fault == PAYLOAD_CHANGES) m_axis_out_tdata <= m_axis_out_tdata + 1;
        if (!aresetn) m_axis_out_tvalid <= 1'b0;
    end

    reg [31:0] word = 0;
    assign s_axil_awready = s_axil_awvalid & s_axil_wvalid & ~s_axil_bvalid;
    assign s_axil_wready  = s_axil_awready;
    assign s_axil_arready = ~s_axil_rvalid;

    always @(posedge aclk) begin
        if (s_axil_awready) begin
            if (s_axil_wstrb[0]) word[7:0] <= s_axil_wdata[7:0];
            if (s_axil_wstrb[1]) word[15:8] <= s_axil_wdata[15:8];
            if (s_axil_wstrb[2]) word[23:16] <= s_axil_wdata[23:16];
            if (s_axil_wstrb[3]) word[31:24] <= s_axil_wdata[31:24];
            s_axil_bvalid <= 1'b1;
            s_axil_bresp  <= s_axil_awaddr == 0 ? 2'd0 : 2'd2;
        end else if (s_axil_bvalid & s_axil_bready) s_axil_bvalid <= fault == RESPONSE_TWICE;
        if (s_axil_arready) begin
            s_axil_rvalid <= s_axil_arvalid | fault == RESPONSE_EARLY;
            s_axil_rdata  <= word;
            s_axil_rresp  <= s_axil_araddr == 0 ? 2'd0 : 2'd2;
        end else if (s_axil_rvalid & s_axil_rready) s_axil_rvalid <= 1'b0;
        else if (fault == RESPONSE_CHANGES) s_axil_rdata <= s_axil_rdata + 1;
        if (!aresetn) {s_axil_bvalid, s_axil_rvalid} <= 2'b00;
    end
endmodule
