#include "silu.h"

#include "activation.h"
#include "parallel.h"

namespace wsban {

namespace {

// An output may share its buffer with the input that it replaces, so these pointers are not `__restrict`. `ivdep` is valid nevertheless, as each
// element is read before it is written.

WSBAN_TARGET_CLONES
void Activate(const float* x, int64_t begin, int64_t end, float* y) {
#pragma GCC ivdep
  for (int64_t i = begin; i < end; i++) y[i] = SiluActivation::Value(x[i]);
}

WSBAN_TARGET_CLONES
void Gradient(const float* dy, const float* x, int64_t begin, int64_t end, float* dx) {
#pragma GCC ivdep
  for (int64_t i = begin; i < end; i++) dx[i] = SiluActivation::Gradient(dy[i], x[i]);
}

}  // namespace

void Silu::Compute(const KernelContext& context) const {
  const TensorPointer y = context.ForwardInputOrAllocate(0, 0);
  const TensorPointer x = context.Input(0);
  ParallelForRange(TF_TensorElementCount(x.get()), [&](int64_t begin, int64_t end) { Activate(Floats(x), begin, end, Floats(y)); });
}

void SiluGradient::Compute(const KernelContext& context) const {
  const TensorPointer dx = context.ForwardInputOrAllocate(0, 0);
  const TensorPointer dy = context.Input(0), x = context.Input(1);
  if (ShapeOf(dy.get()) != ShapeOf(x.get())) throw std::invalid_argument("dy and x have different shapes");
  ParallelForRange(TF_TensorElementCount(x.get()),
                   [&](int64_t begin, int64_t end) { Gradient(Floats(dy), Floats(x), begin, end, Floats(dx)); });
}

}  // namespace wsban
