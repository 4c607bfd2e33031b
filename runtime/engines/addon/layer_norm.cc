#include "layer_norm.h"

#include <algorithm>
#include <cmath>

#include "parallel.h"
#include "row_blocks.h"
#include "vector_math.h"

namespace wsban {

namespace {

// Sums over a row are accumulated in single precision over this many elements, and in double precision beyond.
constexpr int64_t kElementsPerSum = 1024;

WSBAN_TARGET_CLONES
void Normalise(const float* __restrict x, int64_t rows, int64_t channels, const float* __restrict scale,
               const float* __restrict offset, float eps, float* __restrict y, float* __restrict means,
               float* __restrict inverse_stds) {
  for (int64_t row = 0; row < rows; row++, x += channels, y += channels) {
    double sum = 0, squares = 0;
    for (int64_t begin = 0; begin < channels; begin += kElementsPerSum) {
      const int64_t end = std::min(begin + kElementsPerSum, channels);
      Lanes sums = {};
      int64_t c = begin;
      for (; c + kLanes <= end; c += kLanes) {
        Lanes values;
        Load(x + c, values);
        sums += values;
      }
      float rest = SumOf(sums);
      for (; c < end; c++) rest += x[c];
      sum += rest;
    }
    const float mean = static_cast<float>(sum / static_cast<double>(channels));
    for (int64_t begin = 0; begin < channels; begin += kElementsPerSum) {
      const int64_t end = std::min(begin + kElementsPerSum, channels);
      Lanes sums = {};
      int64_t c = begin;
      for (; c + kLanes <= end; c += kLanes) {
        Lanes values;
        Load(x + c, values);
        values -= mean;
        sums += values * values;
      }
      float rest = SumOf(sums);
      for (; c < end; c++) rest += (x[c] - mean) * (x[c] - mean);
      squares += rest;
    }
    const float inverse_std = static_cast<float>(1 / std::sqrt(squares / static_cast<double>(channels) + eps));
    means[row] = mean;
    inverse_stds[row] = inverse_std;
    for (int64_t c = 0; c < channels; c++) y[c] = (x[c] - mean) * inverse_std * scale[c] + offset[c];
  }
}

// Writes dx, and for each channel of one block the sum of dy * normalised x and the sum of dy. dx and dy may be the same buffer.
WSBAN_TARGET_CLONES
void Gradient(const float* dy, const float* x, int64_t rows, int64_t channels, const float* scale, const float* means,
              const float* inverse_stds, float* dx, float* dscale, float* doffset) {
  for (int64_t c = 0; c < channels; c++) dscale[c] = doffset[c] = 0.0f;
  for (int64_t row = 0; row < rows; row++, dy += channels, x += channels, dx += channels) {
    const float mean = means[row], inverse_std = inverse_stds[row];
    double sum = 0, product = 0;
    for (int64_t begin = 0; begin < channels; begin += kElementsPerSum) {
      const int64_t end = std::min(begin + kElementsPerSum, channels);
      Lanes sums = {}, products = {};
      int64_t c = begin;
      for (; c + kLanes <= end; c += kLanes) {
        Lanes gradients, normalised, weights, scale_sums, offset_sums;
        Load(dy + c, gradients);
        Load(x + c, normalised);
        Load(scale + c, weights);
        Load(dscale + c, scale_sums);
        Load(doffset + c, offset_sums);
        normalised = (normalised - mean) * inverse_std;
        Store(scale_sums + gradients * normalised, dscale + c);
        Store(offset_sums + gradients, doffset + c);
        gradients *= weights;
        sums += gradients;
        products += gradients * normalised;
      }
      float rest = SumOf(sums), product_rest = SumOf(products);
      for (; c < end; c++) {
        const float normalised = (x[c] - mean) * inverse_std, gradient = dy[c] * scale[c];
        dscale[c] += dy[c] * normalised;
        doffset[c] += dy[c];
        rest += gradient;
        product_rest += gradient * normalised;
      }
      sum += rest;
      product += product_rest;
    }
    const float common = static_cast<float>(sum / static_cast<double>(channels)),
                parallel = static_cast<float>(product / static_cast<double>(channels));
#pragma GCC ivdep
    for (int64_t c = 0; c < channels; c++) {
      const float normalised = (x[c] - mean) * inverse_std;
      dx[c] = inverse_std * ((dy[c] * scale[c] - common) - normalised * parallel);
    }
  }
}

}  // namespace

void LayerNorm::Compute(const KernelContext& context) const {
  const TensorPointer x = context.Input(0), scale = context.Input(1), offset = context.Input(2);
  const std::vector<int64_t> shape = ShapeOf(x.get());
  const RowBlocks blocks(shape, {&scale, &offset});
  const TensorPointer y = context.Output(0, shape), mean = context.Output(1, {blocks.rows}),
                      inverse_std = context.Output(2, {blocks.rows});
  ParallelFor(blocks.Count(), [&](int64_t block) {
    const int64_t row = blocks.FirstRow(block);
    Normalise(Floats(x) + blocks.Offset(block), blocks.RowsOf(block), blocks.channels, Floats(scale), Floats(offset), eps_,
              Floats(y) + blocks.Offset(block), Floats(mean) + row, Floats(inverse_std) + row);
  });
}

void LayerNormGradient::Compute(const KernelContext& context) const {
  const TensorPointer dx = context.ForwardInputOrAllocate(0, 0);
  const TensorPointer dy = context.Input(0), x = context.Input(1), scale = context.Input(2), mean = context.Input(3),
                      inverse_std = context.Input(4);
  if (ShapeOf(dy.get()) != ShapeOf(x.get())) throw std::invalid_argument("dy and x have different shapes");
  const RowBlocks blocks(ShapeOf(x.get()), {&scale});
  for (const TensorPointer* statistic : {&mean, &inverse_std}) {
    if (TF_TensorElementCount(statistic->get()) != blocks.rows) throw std::invalid_argument("expected one statistic per row");
  }
  const int64_t channels = blocks.channels;
  const TensorPointer dscale = context.Output(1, {channels}), doffset = context.Output(2, {channels});

  std::vector<float> partial(blocks.Count() * channels * 2);
  const auto sums_of = [&](int64_t block) { return partial.data() + block * channels * 2; };
  ParallelFor(blocks.Count(), [&](int64_t block) {
    const int64_t row = blocks.FirstRow(block);
    Gradient(Floats(dy) + blocks.Offset(block), Floats(x) + blocks.Offset(block), blocks.RowsOf(block), channels, Floats(scale),
             Floats(mean) + row, Floats(inverse_std) + row, Floats(dx) + blocks.Offset(block), sums_of(block),
             sums_of(block) + channels);
  });
  for (int64_t c = 0; c < channels; c++) {
    double scale_sum = 0, offset_sum = 0;
    for (int64_t block = 0; block < blocks.Count(); block++) {
      scale_sum += sums_of(block)[c];
      offset_sum += sums_of(block)[channels + c];
    }
    Floats(dscale)[c] = static_cast<float>(scale_sum);
    Floats(doffset)[c] = static_cast<float>(offset_sum);
  }
}

}  // namespace wsban
