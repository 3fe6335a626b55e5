// One job through the engine: every byte of its answer must be the golden model's.
`timescale 1ns / 1ps

// A packet on an AXI stream, beat by beat. Byte 0 is in the lowest bits.
module convloom_source #(
    parameter LANES = 1,
    parameter BYTES = 1,
    parameter [8 * BYTES - 1 : 0] PACKET = 0
) (
    input aclk,
    input aresetn,
    output [8 * LANES - 1 : 0] tdata,
    output [LANES - 1 : 0] tkeep,
    output tlast,
    output tvalid,
    input tready
);
  integer sent = 0;  // bytes
  assign tdata = PACKET >> 8 * sent;
  assign tkeep = ~({LANES{1'b1}} << BYTES - sent);
  assign tlast = BYTES - sent <= LANES;
  assign tvalid = aresetn && sent < BYTES;
  always @(posedge aclk) if (tvalid && tready) sent <= sent + LANES;
endmodule

module `CONVLOOM_TESTBENCH;
  localparam CIN = `CONVLOOM_CIN_LANES, COUT = `CONVLOOM_COUT_LANES;
  localparam ANSWER_BYTES = `CONVLOOM_ANSWER_BYTES, CYCLES = `CONVLOOM_CYCLES, AFTERWARDS = 100;
  localparam [8 * ANSWER_BYTES - 1 : 0] ANSWER = `CONVLOOM_ANSWER;

  reg aclk = 0, aresetn = 0;
  always #5 aclk = ~aclk;

  wire [8 * CIN - 1 : 0] job_tdata, act_tdata;
  wire [CIN - 1 : 0] job_tkeep, act_tkeep;
  wire job_tlast, job_tvalid, job_tready, act_tlast, act_tvalid, act_tready;
  convloom_source #(.LANES(CIN), .BYTES(`CONVLOOM_JOB_BYTES), .PACKET(`CONVLOOM_JOB)) job (
      .aclk(aclk), .aresetn(aresetn), .tdata(job_tdata), .tkeep(job_tkeep), .tlast(job_tlast),
      .tvalid(job_tvalid), .tready(job_tready)
  );
  convloom_source #(.LANES(CIN), .BYTES(`CONVLOOM_ACT_BYTES), .PACKET(`CONVLOOM_ACT)) act (
      .aclk(aclk), .aresetn(aresetn), .tdata(act_tdata), .tkeep(act_tkeep), .tlast(act_tlast),
      .tvalid(act_tvalid), .tready(act_tready)
  );

  wire [8 * COUT - 1 : 0] out_tdata;
  wire [COUT - 1 : 0] out_tkeep;
  wire out_tlast, out_tvalid, arready, rvalid;
  wire [31:0] rdata;
  reg [7:0] araddr = 0;
  reg arvalid = 0;
  `CONVLOOM_TOP engine (
      .aclk(aclk), .aresetn(aresetn), .irq(),
      .s_axis_job_tdata(job_tdata), .s_axis_job_tkeep(job_tkeep), .s_axis_job_tlast(job_tlast),
      .s_axis_job_tvalid(job_tvalid), .s_axis_job_tready(job_tready),
      .s_axis_act_tdata(act_tdata), .s_axis_act_tkeep(act_tkeep), .s_axis_act_tlast(act_tlast),
      .s_axis_act_tvalid(act_tvalid), .s_axis_act_tready(act_tready),
      .m_axis_out_tdata(out_tdata), .m_axis_out_tkeep(out_tkeep), .m_axis_out_tlast(out_tlast),
      .m_axis_out_tvalid(out_tvalid), .m_axis_out_tready(1'b1),
      .s_axil_awaddr(8'd0), .s_axil_awprot(3'd0), .s_axil_awvalid(1'b0), .s_axil_awready(),
      .s_axil_wdata(32'd0), .s_axil_wstrb(4'd0), .s_axil_wvalid(1'b0), .s_axil_wready(),
      .s_axil_bresp(), .s_axil_bvalid(), .s_axil_bready(1'b1),
      .s_axil_araddr(araddr), .s_axil_arprot(3'd0), .s_axil_arvalid(arvalid), .s_axil_arready(arready),
      .s_axil_rdata(rdata), .s_axil_rresp(), .s_axil_rvalid(rvalid), .s_axil_rready(1'b1)
  );

  integer received = 0, lane;  // received: bytes
  always @(posedge aclk)
    if (out_tvalid) begin
      for (lane = 0; lane < COUT; lane = lane + 1) begin
        if (out_tkeep[lane] !== (received + lane < ANSWER_BYTES))
          $fatal(1, "TKEEP of byte %0d is %b", received + lane, out_tkeep[lane]);
        if (out_tkeep[lane] && out_tdata[8*lane+:8] !== ANSWER[8*(received+lane)+:8])
          $fatal(1, "byte %0d must be %h, not %h",
                 received + lane, ANSWER[8*(received+lane)+:8], out_tdata[8*lane+:8]);
      end
      if (out_tlast !== (received + COUT >= ANSWER_BYTES))
        $fatal(1, "TLAST is %b at byte %0d of %0d", out_tlast, received, ANSWER_BYTES);
      received <= received + COUT;
    end

  // Reads a register over AXI4-Lite.
  task expect_word(input [7:0] address, input [31:0] word);
    begin
      @(negedge aclk) araddr = address;
      arvalid = 1;
      @(posedge aclk) while (!arready) @(posedge aclk);
      @(negedge aclk) arvalid = 0;
      @(posedge aclk) while (!rvalid) @(posedge aclk);
      if (rdata !== word) $fatal(1, "register %h must be %h, not %h", address, word, rdata);
    end
  endtask

  initial begin
    repeat (4) @(posedge aclk);
    @(negedge aclk) aresetn = 1;
    expect_word(`CONVLOOM_IDENTITY);
    expect_word(`CONVLOOM_CONFIG_HASH);
    wait (received >= ANSWER_BYTES);
    repeat (AFTERWARDS) @(posedge aclk);
    expect_word(`CONVLOOM_JOBS_DONE);
    expect_word(`CONVLOOM_JOBS_FAILED);
    $display("PASS: %0d bytes are right", ANSWER_BYTES);
    $finish;
  end

  initial begin
    repeat (CYCLES) @(posedge aclk);
    $fatal(1, "%0d of %0d bytes came in %0d cycles", received, ANSWER_BYTES, CYCLES);
  end
endmodule
