#pragma once

#include "custom_op.h"

namespace wsban {

// Fused optimizer steps of one weight tensor. They read and write each value once, in place if the kernel holds the last reference to the
// buffer. TensorFlow's kernels take a second pass over the weights for weight decay, and each call of them needs four other calls.

// One step of SGD with momentum, as in torch.optim.SGD:
// velocity' = momentum * velocity + (gradient + weight_decay * weight); weight' = weight - learning_rate * velocity'
class MomentumStep {
 public:
  static constexpr const char* kName = "WsbanMomentumStep";
  // The hyperparameters: learning rate, momentum, weight decay.
  static constexpr const char* kInputs[] = {"weight: float", "velocity: float", "gradient: float",
                                            "hyperparameters: float"};
  static constexpr std::initializer_list<const char*> kAttributes = {};
  static constexpr const char* kOutputs[] = {"new_weight: float", "new_velocity: float"};

  explicit MomentumStep(const Attributes&) {}
  void Compute(const KernelContext& context) const;
};

// One step of Adam (Kingma and Ba 2015) or AdamW (Loshchilov and Hutter 2019). With g = gradient + weight_decay * weight:
// mean' = mean + (g - mean) * (1 - beta1); square' = square + (g^2 - square) * (1 - beta2);
// weight' = decay_factor * weight - learning_rate * mean' / (sqrt(square') + eps)
class AdamStep {
 public:
  static constexpr const char* kName = "WsbanAdamStep";
  // The hyperparameters: learning rate, 1 - beta1, 1 - beta2, eps, weight decay, and the factor of decoupled weight decay. The caller includes the
  // bias correction in the learning rate and eps.
  static constexpr const char* kInputs[] = {"weight: float", "mean: float", "square: float", "gradient: float",
                                            "hyperparameters: float"};
  static constexpr std::initializer_list<const char*> kAttributes = {};
  static constexpr const char* kOutputs[] = {"new_weight: float", "new_mean: float", "new_square: float"};

  explicit AdamStep(const Attributes&) {}
  void Compute(const KernelContext& context) const;
};

}  // namespace wsban
