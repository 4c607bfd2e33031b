#pragma once

#include "vector_math.h"

// Activations of one element x, to be inlined into functions with target clones: the value, and the gradient of x given that of the value, dy.
// Each of them keeps NaN. Where kKeepsGradient is true, the gradient takes longer to compute than to write and read.

namespace wsban {

struct NoActivation {
  static constexpr bool kKeepsGradient = false;
  static WSBAN_INLINE float Value(float x) { return x; }
  static WSBAN_INLINE float Gradient(float dy, float) { return dy; }
};

struct ReluActivation {
  static constexpr bool kKeepsGradient = false;
  static WSBAN_INLINE float Value(float x) { return x < 0.0f ? 0.0f : x; }
  static WSBAN_INLINE float Gradient(float dy, float x) { return x > 0.0f ? dy : 0.0f; }
};

// min(max(x, 0), 6)
struct Relu6Activation {
  static constexpr bool kKeepsGradient = false;
  static WSBAN_INLINE float Value(float x) {
    const float above = x < 0.0f ? 0.0f : x;
    return above > 6.0f ? 6.0f : above;
  }
  static WSBAN_INLINE float Gradient(float dy, float x) {
    const float below = x < 6.0f ? dy : 0.0f;
    return x > 0.0f ? below : 0.0f;
  }
};

// x / (1 + e^-x) (Ramachandran et al. 2017)
struct SiluActivation {
  static constexpr bool kKeepsGradient = true;
  static WSBAN_INLINE float Value(float x) { return x / (1.0f + Exp(-x)); }
  static WSBAN_INLINE float Gradient(float dy, float x) {
    const float sigmoid = 1.0f / (1.0f + Exp(-x));
    return dy * (sigmoid + x * sigmoid * (1.0f - sigmoid));
  }
};

// x min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, section 5.2). The slope at -3 and 3 is that of the parabola between them, as in PyTorch.
struct HardSwishActivation {
  static constexpr bool kKeepsGradient = false;
  static WSBAN_INLINE float Value(float x) {
    const float above = x + 3.0f < 0.0f ? 0.0f : x + 3.0f, clipped = above > 6.0f ? 6.0f : above;
    return x * clipped * (1.0f / 6.0f);
  }
  static WSBAN_INLINE float Gradient(float dy, float x) {
    const float inside = dy * (x * (1.0f / 3.0f) + 0.5f), right = x > 3.0f ? dy : inside;
    return x < -3.0f ? 0.0f : right;
  }
};

}  // namespace wsban
