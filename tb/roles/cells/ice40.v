// Cells of the iCE40 UltraPlus as its data sheets describe them, as far as they are used: no resets, holds or loads.

// DSP function usage guide, FPGA-TN-02007: SB_MAC16 with its functional diagram's names. A 16x16 product is made of
// four 8x8 ones, the two crossed ones behind J and K; in MODE_8x8 there are only F and G, both with their own signs.
module SB_MAC16 (
  input CLK, CE, AHOLD, BHOLD, CHOLD, DHOLD, IRSTTOP, IRSTBOT, ORSTTOP, ORSTBOT, OLOADTOP, OLOADBOT,
  input ADDSUBTOP, ADDSUBBOT, OHOLDTOP, OHOLDBOT, CI, ACCUMCI, SIGNEXTIN,
  input [15:0] A, B, C, D,
  output [31:0] O
);
  parameter A_REG = 0;
  parameter B_REG = 0;
  parameter C_REG = 0;
  parameter D_REG = 0;
  parameter TOP_8x8_MULT_REG = 0;
  parameter BOT_8x8_MULT_REG = 0;
  parameter PIPELINE_16x16_MULT_REG1 = 0;
  parameter PIPELINE_16x16_MULT_REG2 = 0;
  parameter TOPOUTPUT_SELECT = 0;
  parameter TOPADDSUB_LOWERINPUT = 0;
  parameter TOPADDSUB_UPPERINPUT = 0;
  parameter BOTOUTPUT_SELECT = 0;
  parameter BOTADDSUB_LOWERINPUT = 0;
  parameter BOTADDSUB_UPPERINPUT = 0;
  parameter MODE_8x8 = 0;
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;

  reg [15:0] a_register, b_register, c_register, d_register;
  wire [15:0] a = A_REG ? a_register : A, b = B_REG ? b_register : B;
  wire [15:0] c = C_REG ? c_register : C, d = D_REG ? d_register : D;
  // Bytes with a bit more: the upper ones have the number's sign, the lower ones only in MODE_8x8.
  wire signed [8:0] a_high = {A_SIGNED & a[15], a[15:8]}, a_low = {A_SIGNED & MODE_8x8 & a[7], a[7:0]};
  wire signed [8:0] b_high = {B_SIGNED & b[15], b[15:8]}, b_low = {B_SIGNED & MODE_8x8 & b[7], b[7:0]};
  wire signed [17:0] ff = a_high * b_high, jj = a_low * b_high, kk = a_high * b_low, gg = a_low * b_low;
  reg signed [17:0] f_register, j_register, k_register, g_register;
  wire signed [17:0] f = TOP_8x8_MULT_REG ? f_register : ff, g = BOT_8x8_MULT_REG ? g_register : gg;
  wire signed [17:0] j = PIPELINE_16x16_MULT_REG1 ? j_register : jj;
  wire signed [17:0] k = PIPELINE_16x16_MULT_REG1 ? k_register : kk;
  wire signed [31:0] sum = (f <<< 16) + (j <<< 8) + (k <<< 8) + g;
  reg [31:0] h_register;
  wire [31:0] h = PIPELINE_16x16_MULT_REG2 ? h_register : sum;

  reg [15:0] q, s;
  wire [15:0] top_lower = TOPADDSUB_LOWERINPUT == 0 ? a : TOPADDSUB_LOWERINPUT == 1 ? f[15:0] : h[31:16];
  wire [15:0] bottom_lower = BOTADDSUB_LOWERINPUT == 0 ? b : BOTADDSUB_LOWERINPUT == 1 ? g[15:0] : h[15:0];
  wire [15:0] top_upper = TOPADDSUB_UPPERINPUT ? c : q, bottom_upper = BOTADDSUB_UPPERINPUT ? d : s;
  wire [15:0] top = ADDSUBTOP ? top_upper - top_lower : top_upper + top_lower;
  wire [15:0] bottom = ADDSUBBOT ? bottom_upper - bottom_lower : bottom_upper + bottom_lower;
  wire [15:0] top_outputs [0:3], bottom_outputs [0:3];
  assign top_outputs[0] = top, top_outputs[1] = q, top_outputs[2] = f[15:0], top_outputs[3] = h[31:16];
  assign bottom_outputs[0] = bottom, bottom_outputs[1] = s, bottom_outputs[2] = g[15:0];
  assign bottom_outputs[3] = h[15:0];
  assign O = {top_outputs[TOPOUTPUT_SELECT], bottom_outputs[BOTOUTPUT_SELECT]};

  always @(posedge CLK) if (CE) begin
    a_register <= A;
    b_register <= B;
    c_register <= C;
    d_register <= D;
    f_register <= ff;
    g_register <= gg;
    if (!MODE_8x8) {j_register, k_register, h_register} <= {jj, kk, sum};
    q <= top;
    s <= bottom;
  end
endmodule

// Memory usage guide, FPGA-TN-02002: SB_RAM40_4K, both ports of one width, which its mode gives: 256 words of 16
// bits, 512 of 8, 1024 of 4, 2048 of 2. Narrow words lie on every second, fourth or eighth pin, and the upper bits of
// their address choose the pin's place in a row of 16 bits. A word that is read while it is written is the old one.
module SB_RAM40_4K (
  input RCLK, RCLKE, RE, WCLK, WCLKE, WE,
  input [10:0] RADDR, WADDR,
  input [15:0] MASK, WDATA,
  output [15:0] RDATA
);
  parameter READ_MODE = 0;
  parameter WRITE_MODE = 0;
  localparam WIDTH = 16 >> READ_MODE, STEP = 1 << READ_MODE;
  localparam FIRST = READ_MODE == 3 ? 3 : READ_MODE == 2 ? 1 : 0;

  reg [15:0] rows [0:255], read;
  reg [2:0] read_place;
  wire [2:0] write_place = WADDR[10:8];
  integer n;
  initial for (n = 0; n < 256; n = n + 1) rows[n] = 0;
  initial if (READ_MODE != WRITE_MODE) $display("SB_RAM40_4K: only ports of one width");

  always @(posedge WCLK) if (WE & WCLKE)
    for (n = 0; n < WIDTH; n = n + 1)
      if (READ_MODE != 0 || !MASK[n]) rows[WADDR[7:0]][STEP * n + write_place] <= WDATA[STEP * n + FIRST];
  always @(posedge RCLK) if (RE & RCLKE) begin
    read <= rows[RADDR[7:0]];
    read_place <= RADDR[10:8];
  end
  genvar pin;
  for (pin = 0; pin < 16; pin = pin + 1)
    assign RDATA[pin] = pin % STEP == FIRST ? read[pin / STEP * STEP + read_place] : 1'b0;
endmodule
