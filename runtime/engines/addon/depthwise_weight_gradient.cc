#include "depthwise_weight_gradient.h"

#include <algorithm>
#include <string>

#include "parallel.h"
#include "vector_math.h"

namespace wsban {

namespace {

// The positions along one axis at which a window's element lies in the input, and not in the padding.
struct Span {
  int64_t first, end;
};

// The element at `offset` of the window at output position i lies at input position i * stride + offset - padding.
Span Inside(int64_t offset, int64_t stride, int64_t padding, int64_t input_size, int64_t output_size) {
  const int64_t before = padding - offset;
  const int64_t first = before > 0 ? (before + stride - 1) / stride : 0;
  const int64_t last = input_size - 1 + before;
  return {first, last < 0 ? 0 : std::min(output_size, last / stride + 1)};
}

// Adds the sum of x * dy over the positions of one row to each channel's sum. Both steps are the distance of neighbouring positions in memory.
WSBAN_TARGET_CLONES
void AddRowProducts(const float* x, int64_t x_step, const float* dy, int64_t dy_step, int64_t positions, int64_t channels, float* sums) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    Lanes total = {}, factor, other;
    for (int64_t position = 0; position < positions; position++) {
      Load(x + position * x_step + c, factor);
      Load(dy + position * dy_step + c, other);
      total += factor * other;
    }
    Load(sums + c, other);
    Store(other + total, sums + c);
  }
  for (; c < channels; c++) {
    float total = 0.0f;
    for (int64_t position = 0; position < positions; position++) total += x[position * x_step + c] * dy[position * dy_step + c];
    sums[c] += total;
  }
}

}  // namespace

void DepthwiseWeightGradient::Compute(const KernelContext& context) const {
  const TensorPointer x = context.Input(0), dy = context.Input(1);
  const std::vector<int64_t> shape = ShapeOf(x.get()), output_shape = ShapeOf(dy.get());
  if (shape.size() != 4 || output_shape.size() != 4 || shape[0] != output_shape[0] || shape[3] != output_shape[3]) {
    throw std::invalid_argument("the shapes of x and dy do not match");
  }
  if (std::min({kernel_[0], kernel_[1], stride_[0], stride_[1]}) < 1 || std::min(padding_[0], padding_[1]) < 0) {
    throw std::invalid_argument("kernel and stride have to be at least 1, and padding at least 0");
  }
  const int64_t images = shape[0], width = shape[2], channels = shape[3], rows = output_shape[1], columns = output_shape[2];
  const int64_t elements = kernel_[0] * kernel_[1] * channels;
  const TensorPointer dweight = context.Output(0, {kernel_[0], kernel_[1], channels, 1});

  // Sums are in single precision within some rows of an image, and in double precision over these, always in the same order.
  constexpr int64_t kRowsOfSum = 28;
  const int64_t sums_of_image = (rows + kRowsOfSum - 1) / kRowsOfSum;
  std::vector<float> partial(images * sums_of_image * elements);
  ParallelFor(images * sums_of_image, [&](int64_t task) {
    const int64_t image = task / sums_of_image, first_row = task % sums_of_image * kRowsOfSum;
    const int64_t end_row = std::min(first_row + kRowsOfSum, rows);
    const float* const x_image = Floats(x) + image * shape[1] * width * channels;
    const float* const dy_image = Floats(dy) + image * rows * columns * channels;
    float* const sums = partial.data() + task * elements;
    for (int64_t row = first_row; row < end_row; row++) {
      for (int64_t i = 0; i < kernel_[0]; i++) {
        const int64_t x_row = row * stride_[0] + i - padding_[0];
        if (x_row < 0 || x_row >= shape[1]) continue;
        for (int64_t j = 0; j < kernel_[1]; j++) {
          const Span span = Inside(j, stride_[1], padding_[1], width, columns);
          if (span.first >= span.end) continue;
          const int64_t x_column = span.first * stride_[1] + j - padding_[1];
          AddRowProducts(x_image + (x_row * width + x_column) * channels, stride_[1] * channels,
                         dy_image + (row * columns + span.first) * channels, channels, span.end - span.first, channels,
                         sums + (i * kernel_[1] + j) * channels);
        }
      }
    }
  });
  for (int64_t element = 0; element < elements; element++) {
    double total = 0;
    for (int64_t task = 0; task < images * sums_of_image; task++) total += partial[task * elements + element];
    Floats(dweight)[element] = static_cast<float>(total);
  }
}

}  // namespace wsban
