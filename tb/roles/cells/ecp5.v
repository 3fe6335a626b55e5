// Cells of the ECP5 as its data sheets describe them, as far as they are used: all registers on one clock.

// sysDSP usage guide, FPGA-TN-02205: MULT18X18D. Signedness travels with the operands through the registers.
module MULT18X18D (
  input CLK0, CE0, RST0, SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
  input A0, A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12, A13, A14, A15, A16, A17, B0, B1, B2, B3, B4,
    B5, B6, B7, B8, B9, B10, B11, B12, B13, B14, B15, B16, B17,
  output P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19, P20, P21,
    P22, P23, P24, P25, P26, P27, P28, P29, P30, P31, P32, P33, P34, P35,
  output SIGNEDP, ROA0, ROA1, ROA2, ROA3, ROA4, ROA5, ROA6, ROA7, ROA8, ROA9, ROA10, ROA11, ROA12, ROA13, ROA14,
    ROA15, ROA16, ROA17, ROB0, ROB1, ROB2, ROB3, ROB4, ROB5, ROB6, ROB7, ROB8, ROB9, ROB10, ROB11, ROB12, ROB13, ROB14, ROB15,
    ROB16, ROB17
);
  parameter REG_INPUTA_CLK = "NONE";
  parameter REG_INPUTB_CLK = "NONE";
  parameter REG_PIPELINE_CLK = "NONE";
  parameter REG_OUTPUT_CLK = "NONE";

  // Bit 18 makes a signed number of either kind.
  wire [17:0] pins_a =
    {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
  wire [17:0] pins_b =
    {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
  wire signed [18:0] a = {SIGNEDA & A17, pins_a}, b = {SIGNEDB & B17, pins_b};
  reg signed [18:0] input_a, input_b;
  wire signed [18:0] factor_a = REG_INPUTA_CLK == "NONE" ? a : input_a;
  wire signed [18:0] factor_b = REG_INPUTB_CLK == "NONE" ? b : input_b;
  wire signed [37:0] product = factor_a * factor_b;
  reg [35:0] pipeline, result;
  wire [35:0] sum = REG_PIPELINE_CLK == "NONE" ? product[35:0] : pipeline;
  wire [35:0] out = REG_OUTPUT_CLK == "NONE" ? sum : result;
  assign
    {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16,
    P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} = out;
  // To the ALU54B beside it: the operands, and whether the product has a sign.
  reg signedp, signedp_2;
  assign
    {ROB17, ROB16, ROB15, ROB14, ROB13, ROB12, ROB11, ROB10, ROB9, ROB8, ROB7, ROB6, ROB5, ROB4, ROB3, ROB2,
    ROB1, ROB0,
    ROA17, ROA16, ROA15, ROA14, ROA13, ROA12, ROA11, ROA10, ROA9, ROA8, ROA7, ROA6, ROA5, ROA4, ROA3, ROA2,
    ROA1, ROA0} = {factor_b[17:0], factor_a[17:0]};
  assign SIGNEDP = signedp_2;
  always @(posedge CLK0) {signedp, signedp_2} <= {SIGNEDA | SIGNEDB, signedp};

  always @(posedge CLK0)
    if (RST0) {input_a, input_b, pipeline, result} <= 0;
    else if (CE0) {input_a, input_b, pipeline, result} <= {a, b, product[35:0], sum};
  always @(posedge CLK0) if (SOURCEA !== 0 || SOURCEB !== 0) $display("MULT18X18D: only the parallel inputs");
endmodule

// ALU54B, as the sum of the two products beside it and of port C, with registers of port C and of the output. Its
// opcodes are those that Project Trellis' measurements of its times use.
module ALU54B (
  input CLK0, CE0, RST0, SIGNEDIA, SIGNEDIB, OP0, OP1, OP2, OP3, OP4, OP5, OP6, OP7, OP8, OP9, OP10,
  input A0, A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12, A13, A14, A15, A16, A17, A18, A19, A20, A21, A22,
    A23, A24, A25, A26, A27, A28, A29, A30, A31, A32, A33, A34, A35, B0, B1, B2, B3, B4, B5, B6, B7, B8, B9,
    B10, B11, B12, B13, B14, B15, B16, B17, B18, B19, B20, B21, B22, B23, B24, B25, B26, B27, B28, B29, B30,
    B31, B32, B33, B34, B35,
  input MA0, MA1, MA2, MA3, MA4, MA5, MA6, MA7, MA8, MA9, MA10, MA11, MA12, MA13, MA14, MA15, MA16, MA17, MA18,
    MA19, MA20, MA21, MA22, MA23, MA24, MA25, MA26, MA27, MA28, MA29, MA30, MA31, MA32, MA33, MA34, MA35, MB0,
    MB1, MB2, MB3, MB4, MB5, MB6, MB7, MB8, MB9, MB10, MB11, MB12, MB13, MB14, MB15, MB16, MB17, MB18, MB19,
    MB20, MB21, MB22, MB23, MB24, MB25, MB26, MB27, MB28, MB29, MB30, MB31, MB32, MB33, MB34, MB35,
  input C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14, C15, C16, C17, C18, C19, C20, C21, C22,
    C23, C24, C25, C26, C27, C28, C29, C30, C31, C32, C33, C34, C35, C36, C37, C38, C39, C40, C41, C42, C43,
    C44, C45, C46, C47, C48, C49, C50, C51, C52, C53,
  output R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10, R11, R12, R13, R14, R15, R16, R17, R18, R19, R20, R21, R22,
    R23, R24, R25, R26, R27, R28, R29, R30, R31, R32, R33, R34, R35, R36, R37, R38, R39, R40, R41, R42, R43,
    R44, R45, R46, R47, R48, R49, R50, R51, R52, R53
);
  parameter REG_INPUTC0_CLK = "NONE";
  parameter REG_INPUTC1_CLK = "NONE";
  parameter REG_OUTPUT0_CLK = "NONE";
  parameter REG_OUTPUT1_CLK = "NONE";

  wire [10:0] op = {OP10, OP9, OP8, OP7, OP6, OP5, OP4, OP3, OP2, OP1, OP0};
  wire [35:0] product_a = {MA35, MA34, MA33, MA32, MA31, MA30, MA29, MA28, MA27, MA26, MA25, MA24, MA23, MA22, MA21, MA20, MA19, MA18,
    MA17, MA16, MA15, MA14, MA13, MA12, MA11, MA10, MA9, MA8, MA7, MA6, MA5, MA4, MA3, MA2, MA1, MA0};
  wire [35:0] product_b = {MB35, MB34, MB33, MB32, MB31, MB30, MB29, MB28, MB27, MB26, MB25, MB24, MB23, MB22, MB21, MB20, MB19, MB18,
    MB17, MB16, MB15, MB14, MB13, MB12, MB11, MB10, MB9, MB8, MB7, MB6, MB5, MB4, MB3, MB2, MB1, MB0};
  wire [53:0] c = {C53, C52, C51, C50, C49, C48, C47, C46, C45, C44, C43, C42, C41, C40, C39, C38, C37, C36, C35, C34, C33,
    C32, C31, C30, C29, C28, C27, C26, C25, C24, C23, C22, C21, C20, C19, C18, C17, C16, C15, C14, C13, C12,
    C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0};
  // Bits 1 and 0 choose the first operand, 3 and 2 the second, 6 to 4 the third, 10 to 7 what is done with them.
  wire [53:0] a = op[1:0] == 2'b01 ? {{18{SIGNEDIA & product_a[35]}}, product_a} : 54'bx;
  wire [53:0] b = op[3:2] == 2'b01 ? {{18{SIGNEDIB & product_b[35]}}, product_b} : 54'bx;
  reg [53:0] input_c, result;
  wire [53:0] third = op[6:4] != 3'b011 ? 54'bx :
    {REG_INPUTC1_CLK == "NONE" ? c[53:27] : input_c[53:27], REG_INPUTC0_CLK == "NONE" ? c[26:0] : input_c[26:0]};
  wire [53:0] sum = op[10:7] == 4'b0100 ? a + b + third : 54'bx;
  always @(posedge CLK0)
    if (RST0) {input_c, result} <= 0;
    else if (CE0) {input_c, result} <= {c, sum};
  wire [53:0] out =
    {REG_OUTPUT1_CLK == "NONE" ? sum[53:18] : result[53:18], REG_OUTPUT0_CLK == "NONE" ? sum[17:0] : result[17:0]};
  assign {R53, R52, R51, R50, R49, R48, R47, R46, R45, R44, R43, R42, R41, R40, R39, R38, R37, R36, R35, R34, R33,
    R32, R31, R30, R29, R28, R27, R26, R25, R24, R23, R22, R21, R20, R19, R18, R17, R16, R15, R14, R13, R12,
    R11, R10, R9, R8, R7, R6, R5, R4, R3, R2, R1, R0} = out;
endmodule

// Memory usage guide, FPGA-TN-02204: DP16KD, written at port A and read at port B, both of one width. Words of 18
// bits are addressed from bit 4 on, and bits 0 and 1 enable the bytes of a write. A word that is read while it is
// written is not defined.
module DP16KD (
  input CLKA, CEA, OCEA, WEA, RSTA, CLKB, CEB, OCEB, WEB, RSTB,
  input CSA0, CSA1, CSA2, CSB0, CSB1, CSB2, ADA0, ADA1, ADA2, ADA3, ADA4, ADA5, ADA6, ADA7, ADA8, ADA9,
    ADA10, ADA11, ADA12, ADA13, ADB0, ADB1, ADB2, ADB3, ADB4, ADB5, ADB6, ADB7, ADB8, ADB9, ADB10, ADB11,
    ADB12, ADB13, DIA0, DIA1, DIA2, DIA3, DIA4, DIA5, DIA6, DIA7, DIA8, DIA9, DIA10, DIA11, DIA12, DIA13,
    DIA14, DIA15, DIA16, DIA17,
  output DOB0, DOB1, DOB2, DOB3, DOB4, DOB5, DOB6, DOB7, DOB8, DOB9, DOB10, DOB11, DOB12, DOB13, DOB14,
    DOB15, DOB16, DOB17
);
  parameter DATA_WIDTH_A = 18;
  parameter DATA_WIDTH_B = 18;
  parameter REGMODE_A = "NOREG";
  parameter REGMODE_B = "NOREG";
  localparam SKIP = DATA_WIDTH_A == 18 ? 4 : DATA_WIDTH_A == 9 ? 3 : DATA_WIDTH_A == 4 ? 2 : DATA_WIDTH_A - 1;

  wire [13:0] write_pins = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
  wire [13:0] read_pins = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
  wire [17:0] data =
    {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2,
    DIA1, DIA0};
  wire [13:0] write = write_pins >> SKIP, read = read_pins >> SKIP;
  wire writes = CEA & WEA & ~(CSA0 | CSA1 | CSA2), reads = CEB & ~WEB & ~(CSB0 | CSB1 | CSB2);
  wire [1:0] bytes = DATA_WIDTH_A == 18 ? write_pins[1:0] : 2'b11;
  reg [17:0] words [0:16383], latch, register;
  integer n;
  initial for (n = 0; n < 16384; n = n + 1) words[n] = 0;
  initial if (DATA_WIDTH_A != DATA_WIDTH_B) $display("DP16KD: only ports of one width");

  always @(posedge CLKA) begin
    if (writes & bytes[0]) words[write][8:0] <= data[8:0];
    if (writes & bytes[1]) words[write][17:9] <= data[17:9];
  end
  always @(posedge CLKB) begin
    if (reads) latch <= writes && write == read ? 18'bx : words[read];
    if (OCEB) register <= latch;
    if (RSTB) register <= 0;
  end
  wire [17:0] out = (REGMODE_B == "OUTREG" ? register : latch) & ((1 << DATA_WIDTH_B) - 1);
  assign
    {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2,
    DOB1, DOB0} = out;
endmodule

// The same guide: PDPW16KD with both ports 36 bits wide. BE enables the bytes of a write; the read address lies
// from bit 5 on.
module PDPW16KD (
  input CLKW, CEW, CLKR, CER, OCER, RST,
  input BE0, BE1, BE2, BE3, CSW0, CSW1, CSW2, CSR0, CSR1, CSR2, ADW0, ADW1, ADW2, ADW3, ADW4, ADW5, ADW6,
    ADW7, ADW8, ADR0, ADR1, ADR2, ADR3, ADR4, ADR5, ADR6, ADR7, ADR8, ADR9, ADR10, ADR11, ADR12, ADR13, DI0,
    DI1, DI2, DI3, DI4, DI5, DI6, DI7, DI8, DI9, DI10, DI11, DI12, DI13, DI14, DI15, DI16, DI17, DI18, DI19,
    DI20, DI21, DI22, DI23, DI24, DI25, DI26, DI27, DI28, DI29, DI30, DI31, DI32, DI33, DI34, DI35,
  output DO0, DO1, DO2, DO3, DO4, DO5, DO6, DO7, DO8, DO9, DO10, DO11, DO12, DO13, DO14, DO15, DO16, DO17,
    DO18, DO19, DO20, DO21, DO22, DO23, DO24, DO25, DO26, DO27, DO28, DO29, DO30, DO31, DO32, DO33, DO34,
    DO35
);
  parameter DATA_WIDTH_W = 36;
  parameter DATA_WIDTH_R = 36;
  parameter REGMODE = "NOREG";

  wire [8:0] write = {ADW8, ADW7, ADW6, ADW5, ADW4, ADW3, ADW2, ADW1, ADW0};
  wire [13:0] read_pins = {ADR13, ADR12, ADR11, ADR10, ADR9, ADR8, ADR7, ADR6, ADR5, ADR4, ADR3, ADR2, ADR1, ADR0};
  wire [8:0] read = read_pins[13:5];
  wire [3:0] bytes = {BE3, BE2, BE1, BE0};
  wire [35:0] data =
    {DI35, DI34, DI33, DI32, DI31, DI30, DI29, DI28, DI27, DI26, DI25, DI24, DI23, DI22, DI21, DI20, DI19,
    DI18, DI17, DI16, DI15, DI14, DI13, DI12, DI11, DI10, DI9, DI8, DI7, DI6, DI5, DI4, DI3, DI2, DI1, DI0};
  wire writes = CEW & ~(CSW0 | CSW1 | CSW2), reads = CER & ~(CSR0 | CSR1 | CSR2);
  reg [35:0] words [0:511], latch, register;
  integer n;
  initial for (n = 0; n < 512; n = n + 1) words[n] = 0;
  initial if (DATA_WIDTH_W != 36 || DATA_WIDTH_R != 36) $display("PDPW16KD: only 36 bits");

  always @(posedge CLKW)
    for (n = 0; n < 4; n = n + 1)
      if (writes & bytes[n]) words[write][9 * n +: 9] <= data[9 * n +: 9];
  always @(posedge CLKR) begin
    if (reads) latch <= writes && write == read ? 36'bx : words[read];
    if (OCER) register <= latch;
    if (RST) register <= 0;
  end
  wire [35:0] out = REGMODE == "OUTREG" ? register : latch;
  assign
    {DO35, DO34, DO33, DO32, DO31, DO30, DO29, DO28, DO27, DO26, DO25, DO24, DO23, DO22, DO21, DO20, DO19,
    DO18, DO17, DO16, DO15, DO14, DO13, DO12, DO11, DO10, DO9, DO8, DO7, DO6, DO5, DO4, DO3, DO2, DO1, DO0}
    = out;
endmodule

// The slice, FPGA-DS-02012: a LUT, in which an undefined input that makes no difference makes none, and the
// multiplexers of its two LUTs and of two slices.
module LUT4 (input A, B, C, D, output Z);
  parameter INIT = 16'h0000;
  wire [7:0] of_d = D ? INIT[15:8] : INIT[7:0];
  wire [3:0] of_c = C ? of_d[7:4] : of_d[3:0];
  wire [1:0] of_b = B ? of_c[3:2] : of_c[1:0];
  assign Z = A ? of_b[1] : of_b[0];
endmodule

// A flip-flop as far as it stands for itself: no enable, no reset.
module TRELLIS_FF (input CLK, LSR, DI, output reg Q);
  parameter GSR = "ENABLED";
  parameter CEMUX = "CE";
  parameter CLKMUX = "CLK";
  parameter LSRMUX = "LSR";
  parameter REGSET = "RESET";
  always @(posedge CLK) if (CEMUX == "1" && LSR === 0) Q <= DI; else Q <= 1'bx;
endmodule

module PFUMX (input ALUT, BLUT, C0, output Z);
  assign Z = C0 ? ALUT : BLUT;
endmodule

module L6MUX21 (input D0, D1, SD, output Z);
  assign Z = SD ? D1 : D0;
endmodule

// Two bits of a sum: a LUT each, of whose values the first four, by A and B, are the carry where the LUT gives 0.
module CCU2C (input CIN, A0, B0, C0, D0, A1, B1, C1, D1, output S0, S1, COUT);
  parameter INIT0 = 16'h0000;
  parameter INIT1 = 16'h0000;
  parameter INJECT1_0 = "YES";
  parameter INJECT1_1 = "YES";

  wire [1:0] lut, generated;
  LUT4 #(.INIT(INIT0)) lut0 (.A(A0), .B(B0), .C(C0), .D(D0), .Z(lut[0]));
  LUT4 #(.INIT(INIT1)) lut1 (.A(A1), .B(B1), .C(C1), .D(D1), .Z(lut[1]));
  LUT4 #(.INIT({12'h000, INIT0[3:0]})) generated0 (.A(A0), .B(B0), .C(1'b0), .D(1'b0), .Z(generated[0]));
  LUT4 #(.INIT({12'h000, INIT1[3:0]})) generated1 (.A(A1), .B(B1), .C(1'b0), .D(1'b0), .Z(generated[1]));
  wire between = lut[0] ? CIN : generated[0];
  assign S0 = lut[0] ^ CIN, S1 = lut[1] ^ between, COUT = lut[1] ? between : generated[1];
  initial if (INJECT1_0 != "NO" || INJECT1_1 != "NO") $display("CCU2C: only with its carries");
endmodule
