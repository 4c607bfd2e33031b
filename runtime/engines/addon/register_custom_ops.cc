#include "register_custom_ops.h"

#include "attention.h"
#include "batch_norm.h"
#include "depthwise_weight_gradient.h"
#include "gelu.h"
#include "layer_norm.h"
#include "max_pool_gradient.h"
#include "optimizer_steps.h"
#include "silu.h"

namespace wsban {

void RegisterCustomOps() {
  RegisterOp<Attention>();
  RegisterOp<AttentionGradient>();
  RegisterOp<BatchNorm>();
  RegisterOp<BatchNormGradient>();
  RegisterOp<DepthwiseWeightGradient>();
  RegisterOp<Gelu>();
  RegisterOp<GeluGradient>();
  RegisterOp<LayerNorm>();
  RegisterOp<LayerNormGradient>();
  RegisterOp<MaxPoolGradient>();
  RegisterOp<MomentumStep>();
  RegisterOp<AdamStep>();
  RegisterOp<Silu>();
  RegisterOp<SiluGradient>();
}

}  // namespace wsban
