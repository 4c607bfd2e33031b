#pragma once

#include "custom_op.h"

namespace wsban {

// The gradient of a depthwise convolution's filter, with one output channel for each input channel. TensorFlow's kernel copies every window before
// it multiplies; this one reads maps and gradients in place.
class DepthwiseWeightGradient {
 public:
  static constexpr const char* kName = "WsbanDepthwiseWeightGrad";
  // x: [n, h, w, c], dy: [n, oh, ow, c]
  static constexpr const char* kInputs[] = {"x: float", "dy: float"};
  // kernel: rows and columns of the filter; stride and padding likewise, of which the padding is that above and on the left.
  static constexpr const char* kAttributes[] = {"kernel: list(int)", "stride: list(int)", "padding: list(int)"};
  // [kernel rows, kernel columns, c, 1]
  static constexpr const char* kOutputs[] = {"dweight: float"};

  explicit DepthwiseWeightGradient(const Attributes& attributes)
      : kernel_(attributes.IntList("kernel", 2)),
        stride_(attributes.IntList("stride", 2)),
        padding_(attributes.IntList("padding", 2)) {}
  void Compute(const KernelContext& context) const;

 private:
  const std::vector<int64_t> kernel_, stride_, padding_;
};

}  // namespace wsban
