#include "max_pool_gradient.h"

#include <algorithm>

#include "parallel.h"

namespace wsban {

namespace {

// Visits one position of a window, in all channels. Where x equals the window's maximum y, moves the window's gradient to dx. `remaining` is
// the gradient that no earlier position of the window has received.
WSBAN_TARGET_CLONES
void RouteGradient(const float* __restrict x, const float* __restrict y, float* __restrict remaining,
                   float* __restrict dx, int64_t channels) {
  for (int64_t channel = 0; channel < channels; channel++) {
    const bool is_max = x[channel] == y[channel];
    dx[channel] += is_max ? remaining[channel] : 0.0f;
    remaining[channel] = is_max ? 0.0f : remaining[channel];
  }
}

}  // namespace

MaxPoolGradient::MaxPoolGradient(const Attributes& attributes)
    : kernel_(attributes.IntList("kernel", 2)),
      stride_(attributes.IntList("stride", 2)),
      padding_(attributes.IntList("padding", 2)) {}

void MaxPoolGradient::Compute(const KernelContext& context) const {
  const TensorPointer x = context.Input(0), y = context.Input(1), dy = context.Input(2);
  const std::vector<int64_t> shape = ShapeOf(x.get()), pooled_shape = ShapeOf(y.get());
  if (shape.size() != 4 || pooled_shape.size() != 4 || pooled_shape != ShapeOf(dy.get()) ||
      shape[0] != pooled_shape[0] || shape[3] != pooled_shape[3]) {
    throw std::invalid_argument("the shapes of x, y and dy do not match");
  }
  const TensorPointer dx = context.Output(0, shape);
  const Sizes full{shape[1], shape[2], shape[3]}, pooled{pooled_shape[1], pooled_shape[2], pooled_shape[3]};
  ParallelFor(shape[0], [&](int64_t image) {
    const int64_t offset = image * full.Elements(), pooled_offset = image * pooled.Elements();
    ComputeImage(full, pooled, Floats(x) + offset, Floats(y) + pooled_offset, Floats(dy) + pooled_offset,
                 Floats(dx) + offset);
  });
}

void MaxPoolGradient::ComputeImage(const Sizes& full, const Sizes& pooled, const float* x, const float* y,
                                   const float* dy, float* dx) const {
  const int64_t channels = full.channels;
  std::fill_n(dx, full.Elements(), 0.0f);
  std::vector<float> remaining(channels);
  for (int64_t row = 0; row < pooled.height; row++) {
    const int64_t top = row * stride_[0] - padding_[0], bottom = std::min(top + kernel_[0], full.height);
    for (int64_t column = 0; column < pooled.width; column++) {
      const int64_t start = column * stride_[1] - padding_[1], end = std::min(start + kernel_[1], full.width);
      const int64_t window = (row * pooled.width + column) * channels;
      std::copy_n(dy + window, channels, remaining.begin());
      for (int64_t h = std::max<int64_t>(top, 0); h < bottom; h++) {
        for (int64_t w = std::max<int64_t>(start, 0); w < end; w++) {
          const int64_t position = (h * full.width + w) * channels;
          RouteGradient(x + position, y + window, remaining.data(), dx + position, channels);
        }
      }
    }
  }
}

}  // namespace wsban
