#include "gelu.h"

#include "parallel.h"
#include "vector_math.h"

namespace wsban {

namespace {

// An output may share its buffer with the input that it replaces, so these pointers are not `__restrict`. `ivdep` is valid nevertheless, as each
// element is read before it is written.

WSBAN_TARGET_CLONES
void Exact(const float* x, int64_t begin, int64_t end, float* y) {
#pragma GCC ivdep
  for (int64_t i = begin; i < end; i++) y[i] = x[i] * NormalCdf(x[i]);
}

WSBAN_TARGET_CLONES
void ExactGradient(const float* dy, const float* x, int64_t begin, int64_t end, float* dx) {
  constexpr float kInverseRootOfTwoPi = 0.398942280f;
#pragma GCC ivdep
  for (int64_t i = begin; i < end; i++) {
    const float density = kInverseRootOfTwoPi * Exp(-0.5f * x[i] * x[i]);
    dx[i] = dy[i] * (NormalCdf(x[i]) + x[i] * density);
  }
}

// (1 + tanh(u)) / 2 = 1 / (1 + e^-2u), here with -2u = x (kLinear + kCubic x^2).
constexpr float kLinear = -1.59576912f, kCubic = -0.0713548162f;

WSBAN_TARGET_CLONES
void Approximate(const float* x, int64_t begin, int64_t end, float* y) {
#pragma GCC ivdep
  for (int64_t i = begin; i < end; i++) y[i] = x[i] / (1.0f + Exp(x[i] * (kLinear + kCubic * (x[i] * x[i]))));
}

WSBAN_TARGET_CLONES
void ApproximateGradient(const float* dy, const float* x, int64_t begin, int64_t end, float* dx) {
  // Beyond, the gradient is 0 or 1, and its terms overflow.
  constexpr float kMax = 10.0f;
#pragma GCC ivdep
  for (int64_t i = begin; i < end; i++) {
    const float above = x[i] < -kMax ? -kMax : x[i], clamped = above > kMax ? kMax : above;
    const float square = clamped * clamped;
    const float share = 1.0f / (1.0f + Exp(clamped * (kLinear + kCubic * square)));
    dx[i] = dy[i] * (share - clamped * share * (1.0f - share) * (kLinear + 3.0f * kCubic * square));
  }
}

}  // namespace

void Gelu::Compute(const KernelContext& context) const {
  const TensorPointer y = context.ForwardInputOrAllocate(0, 0);
  const TensorPointer x = context.Input(0);
  ParallelForRange(TF_TensorElementCount(x.get()), [&](int64_t begin, int64_t end) {
    (tanh_ ? Approximate : Exact)(Floats(x), begin, end, Floats(y));
  });
}

void GeluGradient::Compute(const KernelContext& context) const {
  const TensorPointer dx = context.ForwardInputOrAllocate(0, 0);
  const TensorPointer dy = context.Input(0), x = context.Input(1);
  if (ShapeOf(dy.get()) != ShapeOf(x.get())) throw std::invalid_argument("dy and x have different shapes");
  ParallelForRange(TF_TensorElementCount(x.get()), [&](int64_t begin, int64_t end) {
    (tanh_ ? ApproximateGradient : ExactGradient)(Floats(dy), Floats(x), begin, end, Floats(dx));
  });
}

}  // namespace wsban
