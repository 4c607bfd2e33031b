#pragma once

#include "custom_op.h"

namespace wsban {

// Layer norm over the last axis (Ba et al. 2016, equation 4) in two passes over each row, which stays in the cache between them. x, y: [..., c];
// scale, offset: [c]; mean, inverse_std: one value for each row, where inverse_std is 1 / sqrt(variance + eps).
class LayerNorm {
 public:
  static constexpr const char* kName = "WsbanLayerNorm";
  static constexpr const char* kInputs[] = {"x: float", "scale: float", "offset: float"};
  static constexpr const char* kAttributes[] = {"eps: float"};
  static constexpr const char* kOutputs[] = {"y: float", "mean: float", "inverse_std: float"};

  explicit LayerNorm(const Attributes& attributes) : eps_(attributes.Float("eps")) {}
  void Compute(const KernelContext& context) const;

 private:
  const float eps_;
};

// The gradient of LayerNorm. dscale, doffset: [c].
class LayerNormGradient {
 public:
  static constexpr const char* kName = "WsbanLayerNormGrad";
  static constexpr const char* kInputs[] = {"dy: float", "x: float", "scale: float", "mean: float", "inverse_std: float"};
  static constexpr std::initializer_list<const char*> kAttributes = {};
  static constexpr const char* kOutputs[] = {"dx: float", "dscale: float", "doffset: float"};

  explicit LayerNormGradient(const Attributes&) {}
  void Compute(const KernelContext& context) const;
};

}  // namespace wsban
