#pragma once

#include <cstdint>
#include <cstring>
#include <limits>

// Arithmetic on vectors, to be inlined into functions with target clones (see custom_op.h).

namespace wsban {

#define WSBAN_INLINE inline __attribute__((always_inline))

// Sums of floats are not reordered by the compiler, so sums along memory are written with this type. It is one register with AVX-512; for other
// instruction sets the compiler splits it. Not passed by value: the calling convention would depend on the instruction set.
typedef float Lanes __attribute__((vector_size(64)));
constexpr int64_t kLanes = 16;

WSBAN_INLINE void Load(const float* from, Lanes& lanes) { std::memcpy(&lanes, from, sizeof(Lanes)); }
WSBAN_INLINE void Store(const Lanes& lanes, float* to) { std::memcpy(to, &lanes, sizeof(Lanes)); }

WSBAN_INLINE float SumOf(const Lanes& lanes) {
  float sums[kLanes];
  Store(lanes, sums);
  for (int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (int64_t lane = 0; lane < half; lane++) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

// e^x with a relative error of 2e-7 (the polynomial is that of Cephes' expf). 0 below -87.3, infinite above 88, NaN for NaN.
WSBAN_INLINE float Exp(float x) {
  constexpr float kMin = -87.3f, kMax = 88.0f;
  const float above = x < kMin ? kMin : x, clamped = above > kMax ? kMax : above;
  // Adding 1.5 * 2^23 rounds to an integer, which is then in the lowest bits.
  constexpr float kRound = 12582912.0f;
  const float shifted = clamped * 1.44269504f + kRound, exponent = shifted - kRound;
  const float r = (clamped - exponent * 0.693359375f) + exponent * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float fraction = p * (r * r) + (r + 1.0f);
  uint32_t bits;
  std::memcpy(&bits, &shifted, sizeof(bits));
  bits = (bits - 0x4B400000u + 127u) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof(power));
  const float result = x < kMin ? 0.0f : fraction * power;
  return x > kMax ? std::numeric_limits<float>::infinity() : result;
}

// P(X < x) of a standard normal variable with an error of 2e-7: (1 + erf(x / sqrt(2))) / 2 by Eigen's rational approximation of erf. 0 below -5.66.
WSBAN_INLINE float NormalCdf(float x) {
  constexpr float kMax = 4.0f;
  const float z = x * 0.707106781f, above = z < -kMax ? -kMax : z, clamped = above > kMax ? kMax : above;
  const float square = clamped * clamped;
  float p = -2.72614225801306e-10f;
  p = p * square + 2.77068142495902e-08f;
  p = p * square - 2.10102402082508e-06f;
  p = p * square - 5.69250639462346e-05f;
  p = p * square - 7.34990630326855e-04f;
  p = p * square - 2.95459980854025e-03f;
  p = p * square - 1.60960333262415e-02f;
  float q = -1.45660718464996e-05f;
  q = q * square - 2.13374055278905e-04f;
  q = q * square - 1.68282697438203e-03f;
  q = q * square - 7.37332916720468e-03f;
  q = q * square - 1.42647390514189e-02f;
  const float result = 0.5f + 0.5f * (clamped * p / q);
  return z < -kMax ? 0.0f : result;
}

}  // namespace wsban
