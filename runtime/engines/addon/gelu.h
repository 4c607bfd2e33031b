#pragma once

#include "custom_op.h"

namespace wsban {

// The activation GELU (Hendrycks and Gimpel 2016, section 2) in one pass over memory: x P(X < x) of a standard normal variable, or its
// approximation by tanh. TensorFlow has no kernel for it, and a composition keeps five intermediate tensors for the gradient.
class Gelu {
 public:
  static constexpr const char* kName = "WsbanGelu";
  static constexpr const char* kInputs[] = {"x: float"};
  static constexpr const char* kAttributes[] = {"tanh: bool"};
  static constexpr const char* kOutputs[] = {"y: float"};

  explicit Gelu(const Attributes& attributes) : tanh_(attributes.Bool("tanh")) {}
  void Compute(const KernelContext& context) const;

 private:
  const bool tanh_;
};

// The gradient of Gelu. dy, x and dx have the same shape.
class GeluGradient {
 public:
  static constexpr const char* kName = "WsbanGeluGrad";
  static constexpr const char* kInputs[] = {"dy: float", "x: float"};
  static constexpr const char* kAttributes[] = {"tanh: bool"};
  static constexpr const char* kOutputs[] = {"dx: float"};

  explicit GeluGradient(const Attributes& attributes) : tanh_(attributes.Bool("tanh")) {}
  void Compute(const KernelContext& context) const;

 private:
  const bool tanh_;
};

}  // namespace wsban
