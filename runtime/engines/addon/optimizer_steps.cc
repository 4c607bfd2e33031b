#include "optimizer_steps.h"

#include <cmath>
#include <string>

#include "parallel.h"

namespace wsban {

namespace {

// An output may share its buffer with the input that it updates, so these pointers are not `__restrict`. `ivdep` is valid nevertheless, as each
// element is read before it is written.

WSBAN_TARGET_CLONES
void Momentum(const float* weight, const float* velocity, const float* gradient, float* new_weight,
              float* new_velocity, const float* hyperparameters, int64_t begin, int64_t end) {
  const float learning_rate = hyperparameters[0], momentum = hyperparameters[1], weight_decay = hyperparameters[2];
#pragma GCC ivdep
  for (int64_t i = begin; i < end; i++) {
    const float v = momentum * velocity[i] + (gradient[i] + weight_decay * weight[i]);
    new_velocity[i] = v;
    new_weight[i] = weight[i] - learning_rate * v;
  }
}

WSBAN_TARGET_CLONES
void Adam(const float* weight, const float* mean, const float* square, const float* gradient, float* new_weight,
          float* new_mean, float* new_square, const float* hyperparameters, int64_t begin, int64_t end) {
  const float learning_rate = hyperparameters[0], one_minus_beta1 = hyperparameters[1],
              one_minus_beta2 = hyperparameters[2], eps = hyperparameters[3], weight_decay = hyperparameters[4],
              decay_factor = hyperparameters[5];
#pragma GCC ivdep
  for (int64_t i = begin; i < end; i++) {
    const float g = gradient[i] + weight_decay * weight[i];
    const float m = mean[i] + (g - mean[i]) * one_minus_beta1;
    const float v = square[i] + (g * g - square[i]) * one_minus_beta2;
    new_mean[i] = m;
    new_square[i] = v;
    new_weight[i] = decay_factor * weight[i] - learning_rate * m / (std::sqrt(v) + eps);
  }
}

// Checks the inputs: `tensors` tensors of one shape, then a vector of `count` hyperparameters. Returns the number of elements of the weight.
// Keeps no reference to an input, as a kernel can reuse a buffer only if it holds the last reference to it.
int64_t CheckedElementCount(const KernelContext& context, int tensors, int64_t count) {
  const TensorPointer weight = context.Input(0), hyperparameters = context.Input(tensors);
  for (int index = 1; index < tensors; index++) {
    if (ShapeOf(context.Input(index).get()) != ShapeOf(weight.get()))
      throw std::invalid_argument("the weight, its gradient and its optimizer state have different shapes");
  }
  const int64_t found = TF_TensorElementCount(hyperparameters.get());
  if (found != count) {
    throw std::invalid_argument("expected " + std::to_string(count) + " hyperparameters, got " + std::to_string(found));
  }
  return TF_TensorElementCount(weight.get());
}

}  // namespace

void MomentumStep::Compute(const KernelContext& context) const {
  const int64_t count = CheckedElementCount(context, 3, 3);
  const TensorPointer new_weight = context.ForwardInputOrAllocate(0, 0), new_velocity = context.ForwardInputOrAllocate(1, 1);
  const TensorPointer weight = context.Input(0), velocity = context.Input(1), gradient = context.Input(2),
                      hyperparameters = context.Input(3);
  ParallelForRange(count, [&](int64_t begin, int64_t end) {
    Momentum(Floats(weight), Floats(velocity), Floats(gradient), Floats(new_weight), Floats(new_velocity),
             Floats(hyperparameters), begin, end);
  });
}

void AdamStep::Compute(const KernelContext& context) const {
  const int64_t count = CheckedElementCount(context, 4, 6);
  const TensorPointer new_weight = context.ForwardInputOrAllocate(0, 0), new_mean = context.ForwardInputOrAllocate(1, 1),
                      new_square = context.ForwardInputOrAllocate(2, 2);
  const TensorPointer weight = context.Input(0), mean = context.Input(1), square = context.Input(2),
                      gradient = context.Input(3), hyperparameters = context.Input(4);
  ParallelForRange(count, [&](int64_t begin, int64_t end) {
    Adam(Floats(weight), Floats(mean), Floats(square), Floats(gradient), Floats(new_weight), Floats(new_mean),
         Floats(new_square), Floats(hyperparameters), begin, end);
  });
}

}  // namespace wsban
