#include "batch_norm.h"

#include <algorithm>
#include <cmath>

#include "parallel.h"

namespace wsban {

namespace {

// Maps are taken as rows (all places of all images) of channels, and in blocks of rows that stay in a core's cache. Sums are made block by block
// in single precision, and put together in double, always in the same order.
struct Blocks {
  int64_t rows, channels, height;

  Blocks(const std::vector<int64_t>& shape, const std::vector<const TensorPointer*>& of_channels) {
    if (shape.size() != 4) throw std::invalid_argument("batch norm takes maps of four dimensions");
    rows = shape[0] * shape[1] * shape[2];
    channels = shape[3];
    for (const TensorPointer* one : of_channels) {
      if (TF_TensorElementCount(one->get()) != channels) throw std::invalid_argument("a channel without its number");
    }
    constexpr int64_t kCells = 32'768;
    // Not so high that a sum in single precision would lose what it adds.
    height = std::clamp<int64_t>(kCells / std::max<int64_t>(channels, 1), 8, 512);
  }

  int64_t Count() const { return (rows + height - 1) / height; }
  int64_t First(int64_t block) const { return block * height; }
  int64_t RowsOf(int64_t block) const { return std::min(height, rows - First(block)); }
  int64_t Cell(int64_t block) const { return First(block) * channels; }
};

// mean and squares (the sum of squared differences from it) of one block.
WSBAN_FOR_EACH_PROCESSOR
void Moments(const float* __restrict x, int64_t rows, int64_t channels, float* __restrict mean,
             float* __restrict squares) {
  for (int64_t c = 0; c < channels; c++) mean[c] = squares[c] = 0.0f;
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    const float *a = x + row * channels, *b = a + channels, *d = b + channels, *e = d + channels;
    for (int64_t c = 0; c < channels; c++) mean[c] += (a[c] + b[c]) + (d[c] + e[c]);
  }
  for (; row < rows; row++) {
    for (int64_t c = 0; c < channels; c++) mean[c] += x[row * channels + c];
  }
  const float share = 1.0f / static_cast<float>(rows);
  for (int64_t c = 0; c < channels; c++) mean[c] *= share;
  for (row = 0; row + 4 <= rows; row += 4) {
    const float *a = x + row * channels, *b = a + channels, *d = b + channels, *e = d + channels;
    for (int64_t c = 0; c < channels; c++) {
      const float m = mean[c], p = a[c] - m, q = b[c] - m, r = d[c] - m, s = e[c] - m;
      squares[c] += (p * p + q * q) + (r * r + s * s);
    }
  }
  for (; row < rows; row++) {
    for (int64_t c = 0; c < channels; c++) {
      const float difference = x[row * channels + c] - mean[c];
      squares[c] += difference * difference;
    }
  }
}

WSBAN_FOR_EACH_PROCESSOR
void Normalise(const float* __restrict x, int64_t rows, int64_t channels, const float* __restrict mean,
               const float* __restrict factor, const float* __restrict offset, float* __restrict y) {
  for (int64_t row = 0; row < rows; row++) {
    const float* from = x + row * channels;
    float* to = y + row * channels;
    for (int64_t c = 0; c < channels; c++) to[c] = (from[c] - mean[c]) * factor[c] + offset[c];
  }
}

// Sums of dy, and of dy times x's distance from the mean, of one block.
WSBAN_FOR_EACH_PROCESSOR
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

// dx = of_dy * dy + of_x * (x - mean) + constant; dx may lie where dy does.
WSBAN_FOR_EACH_PROCESSOR
void InputGradient(const float* dy, const float* x, int64_t rows, int64_t channels, const float* mean,
                   const float* of_dy, const float* of_x, const float* constant, float* dx) {
  for (int64_t row = 0; row < rows; row++) {
    const float *from = dy + row * channels, *at = x + row * channels;
    float* to = dx + row * channels;
#pragma GCC ivdep
    for (int64_t c = 0; c < channels; c++) to[c] = of_dy[c] * from[c] + (of_x[c] * (at[c] - mean[c]) + constant[c]);
  }
}

}  // namespace

void BatchNorm::Compute(const Computation& computation) const {
  const TensorPointer x = computation.Input(0), scale = computation.Input(1), offset = computation.Input(2),
                      running_mean = computation.Input(3), running_variance = computation.Input(4);
  const std::vector<int64_t> shape = ShapeOf(x.get());
  const Blocks blocks(shape, {&scale, &offset, &running_mean, &running_variance});
  const int64_t channels = blocks.channels;
  const TensorPointer y = computation.Output(0, shape), moved_mean = computation.Output(1, {channels}),
                      moved_variance = computation.Output(2, {channels}), mean = computation.Output(3, {channels}),
                      inverse = computation.Output(4, {channels});

  std::vector<float> moments(blocks.Count() * channels * 2);
  const auto means_of = [&](int64_t block) { return moments.data() + block * channels * 2; };
  InParallel(blocks.Count(), [&](int64_t block) {
    Moments(Floats(x) + blocks.Cell(block), blocks.RowsOf(block), channels, means_of(block), means_of(block) + channels);
  });

  std::vector<float> factor(channels);
  for (int64_t c = 0; c < channels; c++) {
    // Chan, Golub and LeVeque 1979: moments of parts give those of the whole.
    double rows = 0, whole_mean = 0, squares = 0;
    for (int64_t block = 0; block < blocks.Count(); block++) {
      const double more = static_cast<double>(blocks.RowsOf(block)), apart = means_of(block)[c] - whole_mean;
      squares += means_of(block)[channels + c] + apart * apart * rows * more / (rows + more);
      whole_mean += apart * more / (rows + more);
      rows += more;
    }
    const double variance = squares / std::max(rows, 1.0), unbiased = squares / std::max(rows - 1, 1.0);
    Floats(mean)[c] = static_cast<float>(whole_mean);
    Floats(inverse)[c] = static_cast<float>(1 / std::sqrt(variance + eps_));
    factor[c] = Floats(scale)[c] * Floats(inverse)[c];
    Floats(moved_mean)[c] = static_cast<float>((1.0 - momentum_) * Floats(running_mean)[c] + momentum_ * whole_mean);
    Floats(moved_variance)[c] = static_cast<float>((1.0 - momentum_) * Floats(running_variance)[c] + momentum_ * unbiased);
  }
  InParallel(blocks.Count(), [&](int64_t block) {
    Normalise(Floats(x) + blocks.Cell(block), blocks.RowsOf(block), channels, Floats(mean), factor.data(), Floats(offset),
              Floats(y) + blocks.Cell(block));
  });
}

void BatchNormGradient::Compute(const Computation& computation) const {
  const TensorPointer dx = computation.OutputInPlaceOf(0, 0);
  const TensorPointer dy = computation.Input(0), x = computation.Input(1), scale = computation.Input(2),
                      mean = computation.Input(3), inverse = computation.Input(4);
  if (ShapeOf(dy.get()) != ShapeOf(x.get())) throw std::invalid_argument("dy and x differ in shape");
  const Blocks blocks(ShapeOf(x.get()), {&scale, &mean, &inverse});
  const int64_t channels = blocks.channels;
  const TensorPointer dscale = computation.Output(1, {channels}), doffset = computation.Output(2, {channels});

  std::vector<float> partial(blocks.Count() * channels * 2);
  const auto sums_of = [&](int64_t block) { return partial.data() + block * channels * 2; };
  InParallel(blocks.Count(), [&](int64_t block) {
    GradientSums(Floats(dy) + blocks.Cell(block), Floats(x) + blocks.Cell(block), blocks.RowsOf(block), channels,
                 Floats(mean), sums_of(block), sums_of(block) + channels);
  });

  std::vector<float> of_dy(channels), of_x(channels), constant(channels);
  for (int64_t c = 0; c < channels; c++) {
    double sum = 0, product = 0;
    for (int64_t block = 0; block < blocks.Count(); block++) {
      sum += sums_of(block)[c];
      product += sums_of(block)[channels + c];
    }
    const double inverted = Floats(inverse)[c], factor = Floats(scale)[c] * inverted, rows = blocks.rows;
    Floats(dscale)[c] = static_cast<float>(product * inverted);
    Floats(doffset)[c] = static_cast<float>(sum);
    of_dy[c] = static_cast<float>(factor);
    of_x[c] = static_cast<float>(-factor * inverted * inverted * product / rows);
    constant[c] = static_cast<float>(-factor * sum / rows);
  }
  InParallel(blocks.Count(), [&](int64_t block) {
    InputGradient(Floats(dy) + blocks.Cell(block), Floats(x) + blocks.Cell(block), blocks.RowsOf(block), channels,
                  Floats(mean), of_dy.data(), of_x.data(), constant.data(), Floats(dx) + blocks.Cell(block));
  });
}

}  // namespace wsban
