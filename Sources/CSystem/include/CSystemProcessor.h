#ifndef RNND_CSYSTEM_PROCESSOR_H
#define RNND_CSYSTEM_PROCESSOR_H
// What Swift cannot say to the processor. The kernels' target compiles this for the processor that it is built for;
// without that processor's instructions each function has a plain form.

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

// Where registers are narrower than vectors, some functions here call others with them. All are inlined, so that it is
// of no account how such calls would hand them over.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

/// Sixteen numbers: `SIMD16<Float>` in Swift.
typedef float rnnd_lanes __attribute__((ext_vector_type(16)));

/// Their bits.
typedef unsigned rnnd_bits __attribute__((ext_vector_type(16)));

/// Tells the processor that the thread looks at a memory place until another thread changes it.
static inline void rnnd_relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Asks for a cache line that will be read soon.
static inline void rnnd_prefetch(const void *place) { __builtin_prefetch(place, 0, 3); }

/// Asks for a cache line that will be read soon, and then not for long: it takes no place in the larger caches.
static inline void rnnd_prefetch_once(const void *place) { __builtin_prefetch(place, 0, 0); }

/// Asks for a cache line that will be written to soon.
static inline void rnnd_prefetch_to_write(const void *place) { __builtin_prefetch(place, 1, 3); }

/// The same place, of which the compiler no longer knows where it came from: it keeps it in a register instead of
/// working it out anew from its neighbour.
static inline const float *rnnd_place(const float *place) {
#if defined(__x86_64__) || defined(__aarch64__)
  __asm__("" : "+r"(place));
#endif
  return place;
}

/// Whether one register holds 16 numbers, and there are 32 of them.
static inline int rnnd_has_wide_registers(void) {
#if defined(__AVX512F__)
  return 1;
#else
  return 0;
#endif
}

/// The first `count` of 16 numbers, then zeros. Reads nothing else.
static inline rnnd_lanes rnnd_load_first(const float *place, int count) {
#if defined(__AVX512F__)
  return (rnnd_lanes)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1u), place);
#else
  rnnd_lanes lanes = (rnnd_lanes)(0.0f);
  if (count == 16) {
    __builtin_memcpy(&lanes, place, sizeof lanes);
  } else {
    for (int lane = 0; lane < count; ++lane) lanes[lane] = place[lane];
  }
  return lanes;
#endif
}

/// Stores the first `count` of 16 numbers. Writes nothing else.
static inline void rnnd_store_first(float *place, rnnd_lanes lanes, int count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(place, (__mmask16)((1u << count) - 1u), (__m512)lanes);
#else
  if (count == 16) {
    __builtin_memcpy(place, &lanes, sizeof lanes);
  } else {
    for (int lane = 0; lane < count; ++lane) place[lane] = lanes[lane];
  }
#endif
}

/// `sum + a * b`, rounded once. Swift's own works through the 16 numbers one by one where one of them is constant.
static inline rnnd_lanes rnnd_multiply_add(rnnd_lanes sum, rnnd_lanes a, rnnd_lanes b) {
  return __builtin_elementwise_fma(a, b, sum);
}

/// Numbers times 2 to the power of whole numbers, rounded once.
static inline rnnd_lanes rnnd_scale_by_powers(rnnd_lanes lanes, rnnd_lanes powers) {
#if defined(__AVX512F__)
  return (rnnd_lanes)_mm512_scalef_ps((__m512)lanes, (__m512)powers);
#else
  for (int lane = 0; lane < 16; ++lane) lanes[lane] = __builtin_ldexpf(lanes[lane], (int)powers[lane]);
  return lanes;
#endif
}

/// The square roots.
static inline rnnd_lanes rnnd_square_root(rnnd_lanes lanes) { return __builtin_elementwise_sqrt(lanes); }

/// The greater of two numbers; the first where either is NaN. Swift's own choice among 16 numbers is made one by one until
/// late, and too long to be inlined.
static inline rnnd_lanes rnnd_greater(rnnd_lanes a, rnnd_lanes b) {
#if defined(__AVX512F__)
  return (rnnd_lanes)_mm512_max_ps((__m512)b, (__m512)a);
#else
  const rnnd_bits isOther = (rnnd_bits)(b > a);
  return (rnnd_lanes)((isOther & (rnnd_bits)b) | (~isOther & (rnnd_bits)a));
#endif
}

/// The smaller of two numbers; the first where either is NaN.
static inline rnnd_lanes rnnd_smaller(rnnd_lanes a, rnnd_lanes b) {
#if defined(__AVX512F__)
  return (rnnd_lanes)_mm512_min_ps((__m512)b, (__m512)a);
#else
  const rnnd_bits isOther = (rnnd_bits)(b < a);
  return (rnnd_lanes)((isOther & (rnnd_bits)b) | (~isOther & (rnnd_bits)a));
#endif
}

/// `a` where a number is below zero, elsewhere `b`.
static inline rnnd_lanes rnnd_choose_by_sign(rnnd_lanes number, rnnd_lanes a, rnnd_lanes b) {
  const rnnd_bits isNegative = (rnnd_bits)(number < 0.0f);
  return (rnnd_lanes)((isNegative & (rnnd_bits)a) | (~isNegative & (rnnd_bits)b));
}

/// Whether the processor multiplies pairs of bfloat16 numbers in one step.
static inline int rnnd_has_pair_products(void) {
#if defined(__AVX512BF16__)
  return 1;
#else
  return 0;
#endif
}

/// Adds the scalar products of 16 pairs of bfloat16 numbers each; a pair's first number is in the lower half of its 32
/// bits.
static inline rnnd_lanes rnnd_add_pair_products(rnnd_lanes sum, rnnd_lanes a, rnnd_lanes b) {
#if defined(__AVX512BF16__)
  return (rnnd_lanes)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#else
  const rnnd_bits upper = (rnnd_bits)(0xFFFF0000u);
  sum += (rnnd_lanes)((rnnd_bits)a << 16) * (rnnd_lanes)((rnnd_bits)b << 16);
  sum += (rnnd_lanes)((rnnd_bits)a & upper) * (rnnd_lanes)((rnnd_bits)b & upper);
  return sum;
#endif
}

#if !defined(__AVX512BF16__)
/// The bits of numbers, of which the upper 16 are the nearest bfloat16's.
static inline rnnd_bits rnnd_round(rnnd_lanes lanes) {
  const rnnd_bits bits = (rnnd_bits)lanes;
  const rnnd_bits isNaN = (rnnd_bits)(lanes != lanes);
  return (isNaN & (bits | 0x00400000u)) | (~isNaN & (bits + 0x7FFFu + (bits >> 16 & 1u)));
}
#endif

/// Numbers of `first` and of `second` as pairs, rounded to bfloat16: to the nearest, ties to even; NaN stays NaN. What is
/// too small for single precision's full digits may become zero, as which products take it anyway.
static inline rnnd_lanes rnnd_pair(rnnd_lanes first, rnnd_lanes second) {
#if defined(__AVX512BF16__)
  const rnnd_lanes halves = (rnnd_lanes)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first);
  typedef short rnnd_words __attribute__((ext_vector_type(32)));
  const rnnd_words words = (rnnd_words)halves;
  return (rnnd_lanes)__builtin_shufflevector(
      words, words, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13,
      29, 14, 30, 15, 31);
#else
  return (rnnd_lanes)(rnnd_round(first) >> 16 | (rnnd_round(second) & 0xFFFF0000u));
#endif
}

/// Numbers 2n and 2n + 1 of 32, `low` first, as pairs; rounded as by `rnnd_pair`.
static inline rnnd_lanes rnnd_pair_neighbours(rnnd_lanes low, rnnd_lanes high) {
#if defined(__AVX512BF16__)
  return (rnnd_lanes)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
#else
  return rnnd_pair(
      __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30),
      __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
#endif
}

/// Sixteen whole numbers: `SIMD16<Int32>` in Swift.
typedef int rnnd_integers __attribute__((ext_vector_type(16)));

/// Adds the scalar products of 16 groups of four bytes each, signed in `weights`, unsigned in `factors`.
static inline rnnd_integers rnnd_add_byte_products(rnnd_integers sum, rnnd_lanes factors, rnnd_lanes weights) {
#if defined(__AVX512VNNI__)
  return (rnnd_integers)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)factors, (__m512i)weights);
#else
  for (int shift = 0; shift < 32; shift += 8) {
    const rnnd_integers factor = (rnnd_integers)((rnnd_bits)factors >> shift & 0xFFu);
    const rnnd_integers weight = (rnnd_integers)((rnnd_bits)weights << (24 - shift)) >> 24;
    sum += factor * weight;
  }
  return sum;
#endif
}

/// Rounds numbers to whole ones, to the nearest; they must fit.
static inline rnnd_integers rnnd_nearest_integers(rnnd_lanes lanes) {
  return __builtin_convertvector(__builtin_elementwise_roundeven(lanes), rnnd_integers);
}

/// 16 whole numbers as single precision.
static inline rnnd_lanes rnnd_numbers(rnnd_integers integers) { return __builtin_convertvector(integers, rnnd_lanes); }

/// 64 whole numbers, which must fit into bytes, as bytes: those of `a` first.
static inline rnnd_lanes rnnd_bytes(rnnd_integers a, rnnd_integers b, rnnd_integers c, rnnd_integers d) {
  typedef signed char rnnd_quarter __attribute__((ext_vector_type(16)));
  const rnnd_quarter quarters[4] = {
      __builtin_convertvector(a, rnnd_quarter), __builtin_convertvector(b, rnnd_quarter),
      __builtin_convertvector(c, rnnd_quarter), __builtin_convertvector(d, rnnd_quarter)};
  rnnd_lanes bytes;
  __builtin_memcpy(&bytes, quarters, sizeof bytes);
  return bytes;
}

/// Widens 16 numbers in half precision, none of which is infinite or NaN.
static inline rnnd_lanes rnnd_load_halves(const void *place) {
#if defined(__AVX512F__)
  return (rnnd_lanes)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)place));
#else
  typedef unsigned short rnnd_halves __attribute__((ext_vector_type(16)));
  rnnd_halves halves;
  __builtin_memcpy(&halves, place, sizeof halves);
  const rnnd_bits bits = __builtin_convertvector(halves, rnnd_bits);
  // Exponents differ by 112 in their bias; the product also makes small numbers normal.
  const rnnd_lanes magnitude = (rnnd_lanes)((bits & 0x7FFFu) << 13) * 0x1p112f;
  return (rnnd_lanes)((rnnd_bits)magnitude | (bits & 0x8000u) << 16);
#endif
}

/// Stores 16 numbers of magnitudes up to 2 in half precision, rounded to the nearest.
static inline void rnnd_store_halves(void *place, rnnd_lanes lanes) {
#if defined(__AVX512F__)
  _mm256_storeu_si256((__m256i *)place, _mm512_cvtps_ph((__m512)lanes, _MM_FROUND_TO_NEAREST_INT));
#else
  typedef unsigned short rnnd_halves __attribute__((ext_vector_type(16)));
  const rnnd_bits sign = (rnnd_bits)lanes >> 16 & 0x8000u;
  const rnnd_bits bits = (rnnd_bits)((rnnd_lanes)((rnnd_bits)lanes & 0x7FFFFFFFu) * 0x1p-112f);
  const rnnd_halves halves = __builtin_convertvector(sign | (bits + 0xFFFu + (bits >> 13 & 1u)) >> 13, rnnd_halves);
  __builtin_memcpy(place, &halves, sizeof halves);
#endif
}

#pragma clang diagnostic pop
#endif
