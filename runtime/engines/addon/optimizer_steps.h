#pragma once

#include "own_operation.h"

namespace wsban {

// An optimiser's step of one weight: everything is read once and written once, where it lies if nobody else holds it. TensorFlow's kernels for this
// go over weights twice where they decay, and each call of them needs four others.

// velocity' = momentum * velocity + (gradient + decay * weight); weight' = weight - rate * velocity'
class MomentumStep {
 public:
  static constexpr const char* kName = "WsbanMomentumStep";
  // The numbers: rate, momentum, decay.
  static constexpr const char* kInputs[] = {"weight: float", "velocity: float", "gradient: float", "numbers: float"};
  static constexpr std::initializer_list<const char*> kAttributes = {};
  static constexpr const char* kOutputs[] = {"moved_weight: float", "moved_velocity: float"};

  explicit MomentumStep(const Attributes&) {}
  void Compute(const Computation& computation) const;
};

// slope = gradient + decay * weight; mean' = mean + (slope - mean) * (1 - beta1); square' = square + (slope^2 - square) * (1 - beta2);
// weight' = shrinking * weight - rate * mean' / (sqrt(square') + eps)
class AdamStep {
 public:
  static constexpr const char* kName = "WsbanAdamStep";
  // The numbers: rate, 1 - beta1, 1 - beta2, eps, decay, shrinking.
  static constexpr const char* kInputs[] = {"weight: float", "mean: float", "square: float", "gradient: float",
                                            "numbers: float"};
  static constexpr std::initializer_list<const char*> kAttributes = {};
  static constexpr const char* kOutputs[] = {"moved_weight: float", "moved_mean: float", "moved_square: float"};

  explicit AdamStep(const Attributes&) {}
  void Compute(const Computation& computation) const;
};

}  // namespace wsban
