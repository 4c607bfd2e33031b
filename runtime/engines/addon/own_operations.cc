#include "own_operations.h"

#include "batch_norm.h"
#include "max_pool_gradient.h"
#include "optimizer_steps.h"

namespace wsban {

void RegisterOwnOperations() {
  Register<BatchNorm>();
  Register<BatchNormGradient>();
  Register<MaxPoolGradient>();
  Register<MomentumStep>();
  Register<AdamStep>();
}

}  // namespace wsban
