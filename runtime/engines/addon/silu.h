#pragma once

#include "custom_op.h"

namespace wsban {

// The activation SiLU (Ramachandran et al. 2017, "swish") in one pass over memory: x / (1 + e^-x). TensorFlow has no kernel for it, and the
// gradient of its composition is seven passes.
class Silu {
 public:
  static constexpr const char* kName = "WsbanSilu";
  static constexpr const char* kInputs[] = {"x: float"};
  static constexpr std::initializer_list<const char*> kAttributes = {};
  static constexpr const char* kOutputs[] = {"y: float"};

  explicit Silu(const Attributes&) {}
  void Compute(const KernelContext& context) const;
};

// The gradient of Silu. dy, x and dx have the same shape.
class SiluGradient {
 public:
  static constexpr const char* kName = "WsbanSiluGrad";
  static constexpr const char* kInputs[] = {"dy: float", "x: float"};
  static constexpr std::initializer_list<const char*> kAttributes = {};
  static constexpr const char* kOutputs[] = {"dx: float"};

  explicit SiluGradient(const Attributes&) {}
  void Compute(const KernelContext& context) const;
};

}  // namespace wsban
