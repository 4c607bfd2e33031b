#include "batch_norm.h"

#include <algorithm>
#include <cmath>
#include <string>

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

WSBAN_TARGET_CLONES
void Normalise(const float* __restrict x, int64_t rows, int64_t channels, const float* __restrict mean,
               const float* __restrict factor, const float* __restrict offset, float* __restrict y) {
  for (int64_t row = 0; row < rows; row++) {
    const float* x_row = x + row * channels;
    float* y_row = y + row * channels;
    for (int64_t c = 0; c < channels; c++) y_row[c] = (x_row[c] - mean[c]) * factor[c] + offset[c];
  }
}

// Writes, for each channel of one block, the sum of dy and the sum of dy * (x - mean).
WSBAN_TARGET_CLONES
void GradientSums(const float* __restrict dy, const float* __restrict x, int64_t rows, int64_t channels,
                  const float* __restrict mean, float* __restrict sums, float* __restrict products) {
  for (int64_t c = 0; c < channels; c++) sums[c] = products[c] = 0.0f;
  int64_t row = 0;
  for (; row + 2 <= rows; row += 2) {
    const float *a = dy + row * channels, *b = a + channels, *p = x + row * channels, *q = p + channels;
    for (int64_t c = 0; c < channels; c++) {
      sums[c] += a[c] + b[c];
      products[c] += a[c] * (p[c] - mean[c]) + b[c] * (q[c] - mean[c]);
    }
  }
  for (; row < rows; row++) {
    for (int64_t c = 0; c < channels; c++) {
      sums[c] += dy[row * channels + c];
      products[c] += dy[row * channels + c] * (x[row * channels + c] - mean[c]);
    }
  }
}

// dx = dy_factor * dy + x_factor * (x - mean) + constant. dx and dy may be the same buffer.
WSBAN_TARGET_CLONES
void InputGradient(const float* dy, const float* x, int64_t rows, int64_t channels, const float* mean,
                   const float* dy_factor, const float* x_factor, const float* constant, float* dx) {
  for (int64_t row = 0; row < rows; row++) {
    const float *dy_row = dy + row * channels, *x_row = x + row * channels;
    float* dx_row = dx + row * channels;
#pragma GCC ivdep
    for (int64_t c = 0; c < channels; c++) {
      dx_row[c] = dy_factor[c] * dy_row[c] + (x_factor[c] * (x_row[c] - mean[c]) + constant[c]);
    }
  }
}

}  // namespace

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
  ParallelFor(blocks.Count(), [&](int64_t block) {
    Normalise(Floats(x) + blocks.Offset(block), blocks.RowsOf(block), channels, Floats(mean), factor.data(), Floats(offset),
              Floats(y) + blocks.Offset(block));
  });
}

void BatchNormGradient::Compute(const KernelContext& context) const {
  const TensorPointer dx = context.ForwardInputOrAllocate(0, 0);
  const TensorPointer dy = context.Input(0), x = context.Input(1), scale = context.Input(2),
                      mean = context.Input(3), inverse_std = context.Input(4);
  if (ShapeOf(dy.get()) != ShapeOf(x.get())) throw std::invalid_argument("dy and x have different shapes");
  const RowBlocks blocks = BlocksOfMaps(ShapeOf(x.get()), {&scale, &mean, &inverse_std});
  const int64_t channels = blocks.channels;
  const TensorPointer dscale = context.Output(1, {channels}), doffset = context.Output(2, {channels});

  std::vector<float> partial(blocks.Count() * channels * 2);
  const auto sums_of = [&](int64_t block) { return partial.data() + block * channels * 2; };
  ParallelFor(blocks.Count(), [&](int64_t block) {
    GradientSums(Floats(dy) + blocks.Offset(block), Floats(x) + blocks.Offset(block), blocks.RowsOf(block), channels,
                 Floats(mean), sums_of(block), sums_of(block) + channels);
  });

  std::vector<float> dy_factor(channels), x_factor(channels), constant(channels);
  for (int64_t c = 0; c < channels; c++) {
    double sum = 0, product = 0;
    for (int64_t block = 0; block < blocks.Count(); block++) {
      sum += sums_of(block)[c];
      product += sums_of(block)[channels + c];
    }
    const double inverse = Floats(inverse_std)[c], factor = Floats(scale)[c] * inverse, rows = blocks.rows;
    Floats(dscale)[c] = static_cast<float>(product * inverse);
    Floats(doffset)[c] = static_cast<float>(sum);
    dy_factor[c] = static_cast<float>(factor);
    x_factor[c] = static_cast<float>(-factor * inverse * inverse * product / rows);
    constant[c] = static_cast<float>(-factor * sum / rows);
  }
  ParallelFor(blocks.Count(), [&](int64_t block) {
    InputGradient(Floats(dy) + blocks.Offset(block), Floats(x) + blocks.Offset(block), blocks.RowsOf(block), channels,
                  Floats(mean), dy_factor.data(), x_factor.data(), constant.data(), Floats(dx) + blocks.Offset(block));
  });
}

}  // namespace wsban
