#include "max_pool_gradient.h"

#include <algorithm>

#include "parallel.h"

namespace wsban {

namespace {

// One cell of a window, all channels: where it is the largest, it takes what is left of the window's gradient.
WSBAN_FOR_EACH_PROCESSOR
void TakeGradient(const float* __restrict x, const float* __restrict y, float* __restrict left, float* __restrict dx,
                  int64_t channels) {
  for (int64_t channel = 0; channel < channels; channel++) {
    const bool largest = x[channel] == y[channel];
    dx[channel] += largest ? left[channel] : 0.0f;
    left[channel] = largest ? 0.0f : left[channel];
  }
}

}  // namespace

MaxPoolGradient::MaxPoolGradient(const Attributes& attributes)
    : kernel_(attributes.Wholes("kernel", 2)),
      stride_(attributes.Wholes("stride", 2)),
      border_(attributes.Wholes("border", 2)) {}

void MaxPoolGradient::Compute(const Computation& computation) const {
  const TensorPointer x = computation.Input(0), y = computation.Input(1), dy = computation.Input(2);
  const std::vector<int64_t> shape = ShapeOf(x.get()), pooled_shape = ShapeOf(y.get());
  if (shape.size() != 4 || pooled_shape.size() != 4 || pooled_shape != ShapeOf(dy.get()) ||
      shape[0] != pooled_shape[0] || shape[3] != pooled_shape[3]) {
    throw std::invalid_argument("x, y and dy do not belong together");
  }
  const TensorPointer dx = computation.Output(0, shape);
  const Sizes full{shape[1], shape[2], shape[3]}, pooled{pooled_shape[1], pooled_shape[2], pooled_shape[3]};
  InParallel(shape[0], [&](int64_t image) {
    const int64_t in_full = image * full.Cells(), in_pooled = image * pooled.Cells();
    OfOneImage(full, pooled, Floats(x) + in_full, Floats(y) + in_pooled, Floats(dy) + in_pooled, Floats(dx) + in_full);
  });
}

void MaxPoolGradient::OfOneImage(const Sizes& full, const Sizes& pooled, const float* x, const float* y,
                                   const float* dy, float* dx) const {
  const int64_t channels = full.channels;
  std::fill_n(dx, full.Cells(), 0.0f);
  std::vector<float> left(channels);
  for (int64_t row = 0; row < pooled.height; row++) {
    const int64_t top = row * stride_[0] - border_[0], bottom = std::min(top + kernel_[0], full.height);
    for (int64_t column = 0; column < pooled.width; column++) {
      const int64_t start = column * stride_[1] - border_[1], end = std::min(start + kernel_[1], full.width);
      const int64_t place = (row * pooled.width + column) * channels;
      std::copy_n(dy + place, channels, left.begin());
      for (int64_t h = std::max<int64_t>(top, 0); h < bottom; h++) {
        for (int64_t w = std::max<int64_t>(start, 0); w < end; w++) {
          const int64_t cell = (h * full.width + w) * channels;
          TakeGradient(x + cell, y + place, left.data(), dx + cell, channels);
        }
      }
    }
  }
}

}  // namespace wsban
