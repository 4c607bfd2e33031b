#include "register_custom_ops.h"

#include "batch_norm.h"
#include "max_pool_gradient.h"
#include "optimizer_steps.h"

namespace wsban {

void RegisterCustomOps() {
  RegisterOp<BatchNorm>();
  RegisterOp<BatchNormGradient>();
  RegisterOp<MaxPoolGradient>();
  RegisterOp<MomentumStep>();
  RegisterOp<AdamStep>();
}

}  // namespace wsban
