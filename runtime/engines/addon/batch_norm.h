#pragma once

#include "custom_op.h"

namespace wsban {

// An activation that batch norm applies to its result in the same pass over memory.
enum class FusedActivation { kNone, kRelu, kRelu6, kSilu, kHardSwish };

// Throws if there is no such activation.
FusedActivation FusedActivationNamed(const std::string& name);

// Batch norm in training mode (Ioffe and Szegedy 2015, algorithm 1). Normalises each channel by the mean and variance of the batch, and updates
// the running statistics; the running variance is unbiased, as in PyTorch. An activation may follow. TensorFlow's kernel takes up to five times
// as long where oneDNN has no AVX-512.
class BatchNorm {
 public:
  static constexpr const char* kName = "WsbanBatchNorm";
  // x, y: [n, h, w, c]; all others: [c].
  static constexpr const char* kInputs[] = {"x: float", "scale: float", "offset: float", "running_mean: float",
                                            "running_variance: float"};
  static constexpr const char* kAttributes[] = {"eps: float", "momentum: float", "activation: string"};
  // The gradient needs the batch mean and inverse_std, which is 1 / sqrt(variance + eps).
  static constexpr const char* kOutputs[] = {"y: float", "new_running_mean: float", "new_running_variance: float",
                                             "mean: float", "inverse_std: float"};

  explicit BatchNorm(const Attributes& attributes)
      : eps_(attributes.Float("eps")),
        momentum_(attributes.Float("momentum")),
        activation_(FusedActivationNamed(attributes.Text("activation"))) {}
  void Compute(const KernelContext& context) const;

 private:
  const float eps_, momentum_;
  const FusedActivation activation_;
};

// The gradient of BatchNorm. dy, x, dx: [n, h, w, c]; all others: [c].
class BatchNormGradient {
 public:
  static constexpr const char* kName = "WsbanBatchNormGrad";
  static constexpr const char* kInputs[] = {"dy: float", "x: float", "scale: float", "offset: float",
                                            "mean: float", "inverse_std: float"};
  static constexpr const char* kAttributes[] = {"activation: string"};
  static constexpr const char* kOutputs[] = {"dx: float", "dscale: float", "doffset: float"};

  explicit BatchNormGradient(const Attributes& attributes)
      : activation_(FusedActivationNamed(attributes.Text("activation"))) {}
  void Compute(const KernelContext& context) const;

 private:
  const FusedActivation activation_;
};

}  // namespace wsban
