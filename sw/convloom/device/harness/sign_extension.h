// Signed arithmetic of the generated code in a form that g++ makes good code of.
//
// Verilator's own functions extend the sign with masks, 20 instructions for a product of two int8, where a shift to
// the left and back is a single movsx. The values are the same. Included at the end of the generated header.
#ifndef CONVLOOM_SIGN_EXTENSION_H
#define CONVLOOM_SIGN_EXTENSION_H

#include "verilated.h"

namespace convloom {

inline int32_t extend(int bits, IData value) {
    return static_cast<int32_t>(value << (32 - bits)) >> (32 - bits);
}

inline int64_t extend(int bits, QData value) {
    return static_cast<int64_t>(value << (64 - bits)) >> (64 - bits);
}

inline QData shift_right(int result_bits, int bits, QData value, IData places) {
    const int64_t shifted = extend(bits, value) >> (places < 64 ? places : 63);
    return static_cast<QData>(shifted) & VL_MASK_Q(result_bits);
}

}  // namespace convloom

#define VL_EXTENDS_II(result_bits, bits, value) static_cast<IData>(convloom::extend(bits, static_cast<IData>(value)))
#define VL_EXTENDS_QI(result_bits, bits, value) static_cast<QData>(convloom::extend(bits, static_cast<QData>(value)))
#define VL_EXTENDS_QQ(result_bits, bits, value) static_cast<QData>(convloom::extend(bits, static_cast<QData>(value)))
#define VL_MULS_III(bits, a, b) \
    static_cast<IData>(convloom::extend(bits, static_cast<IData>(a)) * convloom::extend(bits, static_cast<IData>(b)))
#define VL_MULS_QQQ(bits, a, b) \
    static_cast<QData>(convloom::extend(bits, static_cast<QData>(a)) * convloom::extend(bits, static_cast<QData>(b)))
#define VL_LTS_III(bits, a, b) \
    static_cast<IData>(convloom::extend(bits, static_cast<IData>(a)) < convloom::extend(bits, static_cast<IData>(b)))
#define VL_GTS_III(bits, a, b) \
    static_cast<IData>(convloom::extend(bits, static_cast<IData>(a)) > convloom::extend(bits, static_cast<IData>(b)))
#define VL_SHIFTRS_QQI(result_bits, bits, place_bits, value, places) \
    convloom::shift_right(result_bits, bits, value, places)

#endif
