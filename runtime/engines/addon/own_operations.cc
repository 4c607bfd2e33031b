#include "own_operations.h"

#include "max_pool_gradient.h"
#include "optimizer_steps.h"

namespace wsban {

void RegisterOwnOperations() {
  Register<MaxPoolGradient>();
  Register<MomentumStep>();
  Register<AdamStep>();
}

}  // namespace wsban
