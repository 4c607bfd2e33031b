#pragma once

#include "own_operation.h"

namespace wsban {

// Batch norm in training (Ioffe and Szegedy 2015, algorithm 1): each channel by the batch's own mean and variance, and the running averages after it,
// the variance of which is the unbiased one, as in PyTorch. TensorFlow's takes up to five times as long where oneDNN has no AVX-512.
class BatchNorm {
 public:
  static constexpr const char* kName = "WsbanBatchNorm";
  // x, y: [n, h, w, c]; all others: [c].
  static constexpr const char* kInputs[] = {"x: float", "scale: float", "offset: float", "running_mean: float",
                                            "running_variance: float"};
  static constexpr const char* kAttributes[] = {"eps: float", "momentum: float"};
  // The batch's mean and 1 / sqrt(variance + eps) are for the gradient.
  static constexpr const char* kOutputs[] = {"y: float", "moved_mean: float", "moved_variance: float", "mean: float",
                                             "inverse: float"};

  explicit BatchNorm(const Attributes& attributes)
      : eps_(attributes.Number("eps")), momentum_(attributes.Number("momentum")) {}
  void Compute(const Computation& computation) const;

 private:
  const float eps_, momentum_;
};

class BatchNormGradient {
 public:
  static constexpr const char* kName = "WsbanBatchNormGrad";
  static constexpr const char* kInputs[] = {"dy: float", "x: float", "scale: float", "mean: float", "inverse: float"};
  static constexpr std::initializer_list<const char*> kAttributes = {};
  static constexpr const char* kOutputs[] = {"dx: float", "dscale: float", "doffset: float"};

  explicit BatchNormGradient(const Attributes&) {}
  void Compute(const Computation& computation) const;
};

}  // namespace wsban
