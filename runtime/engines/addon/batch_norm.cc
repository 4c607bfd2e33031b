#include "batch_norm.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "activation.h"
#include "parallel.h"
#include "row_blocks.h"

namespace wsban {

namespace {

// Sums are accumulated in single precision within a block of rows, and in double precision over the blocks, always in the same order.

// Throws unless `shape` is [n, h, w, c] and each of `vectors` has c values.
RowBlocks BlocksOfMaps(const std::vector<int64_t>& shape, const std::vector<const TensorPointer*>& vectors) {
  if (shape.size() != 4) {
    throw std::invalid_argument("expected feature maps of rank 4, got rank " + std::to_string(shape.size()));
  }
  return RowBlocks(shape, vectors);
}

// Writes the mean of each channel of one block, and m2, the sum of squared deviations from it.
WSBAN_TARGET_CLONES
void Moments(const float* __restrict x, int64_t rows, int64_t channels, float* __restrict mean,
             float* __restrict m2) {
  for (int64_t c = 0; c < channels; c++) mean[c] = m2[c] = 0.0f;
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    const float *a = x + row * channels, *b = a + channels, *d = b + channels, *e = d + channels;
    for (int64_t c = 0; c < channels; c++) mean[c] += (a[c] + b[c]) + (d[c] + e[c]);
  }
  for (; row < rows; row++) {
    for (int64_t c = 0; c < channels; c++) mean[c] += x[row * channels + c];
  }
  const float inverse_rows = 1.0f / static_cast<float>(rows);
  for (int64_t c = 0; c < channels; c++) mean[c] *= inverse_rows;
  for (row = 0; row + 4 <= rows; row += 4) {
    const float *a = x + row * channels, *b = a + channels, *d = b + channels, *e = d + channels;
    for (int64_t c = 0; c < channels; c++) {
      const float m = mean[c], p = a[c] - m, q = b[c] - m, r = d[c] - m, s = e[c] - m;
      m2[c] += (p * p + q * q) + (r * r + s * s);
    }
  }
  for (; row < rows; row++) {
    for (int64_t c = 0; c < channels; c++) {
      const float deviation = x[row * channels + c] - mean[c];
      m2[c] += deviation * deviation;
    }
  }
}

// How the elements of each channel were normalised: y = activation((x - mean) * factor + offset).
struct Normalisation {
  const float *mean, *factor, *offset;
};

template <typename Activation>
WSBAN_INLINE void NormaliseRows(const float* __restrict x, int64_t rows, int64_t channels, const Normalisation& by, float* __restrict y) {
  const float *__restrict mean = by.mean, *__restrict factor = by.factor, *__restrict offset = by.offset;
  for (int64_t row = 0; row < rows; row++) {
    const float* x_row = x + row * channels;
    float* y_row = y + row * channels;
    for (int64_t c = 0; c < channels; c++) y_row[c] = Activation::Value((x_row[c] - mean[c]) * factor[c] + offset[c]);
  }
}

// In the gradient, g is the gradient of the activation's operand, which is computed again from x. The second pass over memory computes g again,
// too, unless that takes longer than to write and read it.

// Writes, for each channel of one block, the sum of g and the sum of g * (x - mean), and g itself where it is kept. dy and kept may be the same
// buffer.
template <typename Activation>
WSBAN_INLINE void SumGradients(const float* dy, const float* __restrict x, int64_t rows, int64_t channels, const Normalisation& by,
                               float* __restrict sums, float* __restrict products, float* kept) {
  const float *__restrict mean = by.mean, *__restrict factor = by.factor, *__restrict offset = by.offset;
  for (int64_t c = 0; c < channels; c++) sums[c] = products[c] = 0.0f;
  int64_t row = 0;
  for (; row + 2 <= rows; row += 2) {
    const float *a = dy + row * channels, *b = a + channels, *p = x + row * channels, *q = p + channels;
    float *upper_kept = kept + row * channels, *lower_kept = upper_kept + channels;
#pragma GCC ivdep
    for (int64_t c = 0; c < channels; c++) {
      const float upper = p[c] - mean[c], lower = q[c] - mean[c];
      const float upper_g = Activation::Gradient(a[c], upper * factor[c] + offset[c]);
      const float lower_g = Activation::Gradient(b[c], lower * factor[c] + offset[c]);
      sums[c] += upper_g + lower_g;
      products[c] += upper_g * upper + lower_g * lower;
      if constexpr (Activation::kKeepsGradient) {
        upper_kept[c] = upper_g;
        lower_kept[c] = lower_g;
      }
    }
  }
  for (; row < rows; row++) {
    for (int64_t c = 0; c < channels; c++) {
      const float deviation = x[row * channels + c] - mean[c];
      const float g = Activation::Gradient(dy[row * channels + c], deviation * factor[c] + offset[c]);
      sums[c] += g;
      products[c] += g * deviation;
      if constexpr (Activation::kKeepsGradient) kept[row * channels + c] = g;
    }
  }
}

// The gradient of x in each channel: g_factor * g + x_factor * (x - mean) + constant.
struct InputGradient {
  const float *g_factor, *x_factor, *constant;
};

// dx and dy may be the same buffer.
template <typename Activation>
WSBAN_INLINE void WriteInputGradient(const float* dy, const float* x, int64_t rows, int64_t channels, const Normalisation& by,
                                     const InputGradient& gradient, float* dx) {
  const float *mean = by.mean, *factor = by.factor, *offset = by.offset;
  const float *g_factor = gradient.g_factor, *x_factor = gradient.x_factor, *constant = gradient.constant;
  for (int64_t row = 0; row < rows; row++) {
    const float *dy_row = dy + row * channels, *x_row = x + row * channels;
    float* dx_row = dx + row * channels;
#pragma GCC ivdep
    for (int64_t c = 0; c < channels; c++) {
      const float deviation = x_row[c] - mean[c];
      const float g = Activation::Gradient(dy_row[c], deviation * factor[c] + offset[c]);
      dx_row[c] = g_factor[c] * g + (x_factor[c] * deviation + constant[c]);
    }
  }
}

// Target clones of the loops for one activation; the compiler makes no clones of templates.
#define WSBAN_BATCH_NORM_LOOPS(Activation)                                                                             \
  WSBAN_TARGET_CLONES                                                                                                  \
  void Normalise##Activation(const float* x, int64_t rows, int64_t channels, const Normalisation& by, float* y) {     \
    NormaliseRows<Activation>(x, rows, channels, by, y);                                                               \
  }                                                                                                                    \
  WSBAN_TARGET_CLONES                                                                                                  \
  void Sum##Activation(const float* dy, const float* x, int64_t rows, int64_t channels, const Normalisation& by,      \
                       float* sums, float* products, float* kept) {                                                    \
    SumGradients<Activation>(dy, x, rows, channels, by, sums, products, kept);                                         \
  }                                                                                                                    \
  WSBAN_TARGET_CLONES                                                                                                  \
  void Write##Activation(const float* dy, const float* x, int64_t rows, int64_t channels, const Normalisation& by,    \
                         const InputGradient& gradient, float* dx) {                                                   \
    WriteInputGradient<Activation>(dy, x, rows, channels, by, gradient, dx);                                           \
  }

WSBAN_BATCH_NORM_LOOPS(NoActivation)
WSBAN_BATCH_NORM_LOOPS(ReluActivation)
WSBAN_BATCH_NORM_LOOPS(Relu6Activation)
WSBAN_BATCH_NORM_LOOPS(SiluActivation)
WSBAN_BATCH_NORM_LOOPS(HardSwishActivation)
#undef WSBAN_BATCH_NORM_LOOPS

struct Loops {
  decltype(&NormaliseNoActivation) normalise;
  decltype(&SumNoActivation) sum_gradients;
  // From g where it is kept, and otherwise from dy.
  decltype(&WriteNoActivation) write_input_gradient;
  bool keeps_gradient;
};

Loops LoopsWith(FusedActivation activation) {
#define WSBAN_LOOPS(Activation)                                                                       \
  Loops{Normalise##Activation, Sum##Activation,                                                       \
        Activation::kKeepsGradient ? WriteNoActivation : Write##Activation, Activation::kKeepsGradient}
  switch (activation) {
    case FusedActivation::kNone: return WSBAN_LOOPS(NoActivation);
    case FusedActivation::kRelu: return WSBAN_LOOPS(ReluActivation);
    case FusedActivation::kRelu6: return WSBAN_LOOPS(Relu6Activation);
    case FusedActivation::kSilu: return WSBAN_LOOPS(SiluActivation);
    case FusedActivation::kHardSwish: return WSBAN_LOOPS(HardSwishActivation);
  }
#undef WSBAN_LOOPS
  throw std::invalid_argument("unknown activation");
}

}  // namespace

FusedActivation FusedActivationNamed(const std::string& name) {
  if (name == "none") return FusedActivation::kNone;
  if (name == "relu") return FusedActivation::kRelu;
  if (name == "relu6") return FusedActivation::kRelu6;
  if (name == "silu") return FusedActivation::kSilu;
  if (name == "hard_swish") return FusedActivation::kHardSwish;
  throw std::invalid_argument("no batch norm with the activation " + name);
}

void BatchNorm::Compute(const KernelContext& context) const {
  const TensorPointer x = context.Input(0), scale = context.Input(1), offset = context.Input(2),
                      running_mean = context.Input(3), running_variance = context.Input(4);
  const std::vector<int64_t> shape = ShapeOf(x.get());
  const RowBlocks blocks = BlocksOfMaps(shape, {&scale, &offset, &running_mean, &running_variance});
  const int64_t channels = blocks.channels;
  const TensorPointer y = context.Output(0, shape), new_running_mean = context.Output(1, {channels}),
                      new_running_variance = context.Output(2, {channels}), mean = context.Output(3, {channels}),
                      inverse_std = context.Output(4, {channels});

  std::vector<float> moments(blocks.Count() * channels * 2);
  const auto moments_of = [&](int64_t block) { return moments.data() + block * channels * 2; };
  ParallelFor(blocks.Count(), [&](int64_t block) {
    Moments(Floats(x) + blocks.Offset(block), blocks.RowsOf(block), channels, moments_of(block), moments_of(block) + channels);
  });

  std::vector<float> factor(channels);
  for (int64_t c = 0; c < channels; c++) {
    // Combines the moments of the blocks (Chan, Golub and LeVeque 1979).
    double rows = 0, total_mean = 0, m2 = 0;
    for (int64_t block = 0; block < blocks.Count(); block++) {
      const double added = static_cast<double>(blocks.RowsOf(block)), delta = moments_of(block)[c] - total_mean;
      m2 += moments_of(block)[channels + c] + delta * delta * rows * added / (rows + added);
      total_mean += delta * added / (rows + added);
      rows += added;
    }
    const double variance = m2 / std::max(rows, 1.0), unbiased = m2 / std::max(rows - 1, 1.0);
    Floats(mean)[c] = static_cast<float>(total_mean);
    Floats(inverse_std)[c] = static_cast<float>(1 / std::sqrt(variance + eps_));
    factor[c] = Floats(scale)[c] * Floats(inverse_std)[c];
    Floats(new_running_mean)[c] = static_cast<float>((1.0 - momentum_) * Floats(running_mean)[c] + momentum_ * total_mean);
    Floats(new_running_variance)[c] = static_cast<float>((1.0 - momentum_) * Floats(running_variance)[c] + momentum_ * unbiased);
  }
  const Normalisation by = {Floats(mean), factor.data(), Floats(offset)};
  const Loops loops = LoopsWith(activation_);
  ParallelFor(blocks.Count(), [&](int64_t block) {
    loops.normalise(Floats(x) + blocks.Offset(block), blocks.RowsOf(block), channels, by, Floats(y) + blocks.Offset(block));
  });
}

void BatchNormGradient::Compute(const KernelContext& context) const {
  const TensorPointer dx = context.ForwardInputOrAllocate(0, 0);
  const TensorPointer dy = context.Input(0), x = context.Input(1), scale = context.Input(2), offset = context.Input(3),
                      mean = context.Input(4), inverse_std = context.Input(5);
  if (ShapeOf(dy.get()) != ShapeOf(x.get())) throw std::invalid_argument("dy and x have different shapes");
  const RowBlocks blocks = BlocksOfMaps(ShapeOf(x.get()), {&scale, &offset, &mean, &inverse_std});
  const int64_t channels = blocks.channels;
  const TensorPointer dscale = context.Output(1, {channels}), doffset = context.Output(2, {channels});

  std::vector<float> normalising(channels);
  for (int64_t c = 0; c < channels; c++) normalising[c] = Floats(scale)[c] * Floats(inverse_std)[c];
  const Normalisation by = {Floats(mean), normalising.data(), Floats(offset)};
  const Loops loops = LoopsWith(activation_);

  std::vector<float> partial(blocks.Count() * channels * 2);
  const auto sums_of = [&](int64_t block) { return partial.data() + block * channels * 2; };
  ParallelFor(blocks.Count(), [&](int64_t block) {
    loops.sum_gradients(Floats(dy) + blocks.Offset(block), Floats(x) + blocks.Offset(block), blocks.RowsOf(block), channels, by,
                        sums_of(block), sums_of(block) + channels, Floats(dx) + blocks.Offset(block));
  });

  std::vector<float> g_factor(channels), x_factor(channels), constant(channels);
  for (int64_t c = 0; c < channels; c++) {
    double sum = 0, product = 0;
    for (int64_t block = 0; block < blocks.Count(); block++) {
      sum += sums_of(block)[c];
      product += sums_of(block)[channels + c];
    }
    const double inverse = Floats(inverse_std)[c], factor = Floats(scale)[c] * inverse, rows = blocks.rows;
    Floats(dscale)[c] = static_cast<float>(product * inverse);
    Floats(doffset)[c] = static_cast<float>(sum);
    g_factor[c] = static_cast<float>(factor);
    x_factor[c] = static_cast<float>(-factor * inverse * inverse * product / rows);
    constant[c] = static_cast<float>(-factor * sum / rows);
  }
  const float* const upstream = loops.keeps_gradient ? Floats(dx) : Floats(dy);
  const InputGradient gradient = {g_factor.data(), x_factor.data(), constant.data()};
  ParallelFor(blocks.Count(), [&](int64_t block) {
    loops.write_input_gradient(upstream + blocks.Offset(block), Floats(x) + blocks.Offset(block), blocks.RowsOf(block), channels,
                               by, gradient, Floats(dx) + blocks.Offset(block));
  });
}

}  // namespace wsban
