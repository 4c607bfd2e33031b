#pragma once

#include "own_operation.h"

namespace wsban {

// The gradient of max pooling: TensorFlow's own looks for each window's largest cell by an index for every cell, one after the other, and takes
// thirteen times as long. Of equal cells the first has the gradient, as there; the values are the same bits.
class MaxPoolGradient {
 public:
  static constexpr const char* kName = "WsbanMaxPoolGrad";
  // x, dx: [n, h, w, c]; y, dy: [n, h', w', c].
  static constexpr const char* kInputs[] = {"x: float", "y: float", "dy: float"};
  // Down and right each; the border is that above and on the left.
  static constexpr const char* kAttributes[] = {"kernel: list(int)", "stride: list(int)", "border: list(int)"};
  static constexpr const char* kOutputs[] = {"dx: float"};

  explicit MaxPoolGradient(const Attributes& attributes);
  void Compute(const Computation& computation) const;

 private:
  struct Sizes {
    int64_t height, width, channels;
    int64_t Cells() const { return height * width * channels; }
  };
  void OfOneImage(const Sizes& full, const Sizes& pooled, const float* x, const float* y, const float* dy,
                    float* dx) const;

  const std::vector<int64_t> kernel_, stride_, border_;
};

}  // namespace wsban
