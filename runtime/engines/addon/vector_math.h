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

// P(X < x) of a standard normal variable, with a relative error of 1e-6 where it is above 1e-30 (Press et al. 2007, section 6.2.2: erfc).
WSBAN_INLINE float NormalCdf(float x) {
  const float z = (x < 0.0f ? -x : x) * 0.707106781f;
  const float t = 1.0f / (1.0f + 0.5f * z);
  float p = 0.17087277f;
  p = p * t - 0.82215223f;
  p = p * t + 1.48851587f;
  p = p * t - 1.13520398f;
  p = p * t + 0.27886807f;
  p = p * t - 0.18628806f;
  p = p * t + 0.09678418f;
  p = p * t + 0.37409196f;
  p = p * t + 1.00002368f;
  p = p * t - 1.26551223f;
  const float tail = 0.5f * t * Exp(p - z * z);
  return x < 0.0f ? tail : 1.0f - tail;
}

}  // namespace wsban
