#include "matrix_product.h"

#include <algorithm>

#include "vector_math.h"

// With fused multiply-add a product takes 0.7 times as long. TensorFlow's matrix products use it as well, so results depend on whether the
// processor has it anyway.
#if defined(__clang__)
#pragma clang fp contract(fast)
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=fast")
#endif
#if defined(__x86_64__) && defined(__GNUC__)
#define WSBAN_FMA_TARGET_CLONES __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define WSBAN_FMA_TARGET_CLONES
#endif

namespace wsban {

namespace {

// Rows of c that are computed together. With two vectors a row, their sums fill half of the registers of AVX-512, and all of AVX2.
constexpr int64_t kRows = 4;

// Computes kRows rows (or, at the end of the matrix, fewer) of one panel. `a` has the address of each row's first element.
template <int64_t Rows>
WSBAN_INLINE void MultiplyTile(const float* const* a, int64_t column_stride, const float* __restrict panel, int64_t inner,
                               float factor, bool accumulate, float* __restrict c, int64_t stride, int64_t columns) {
  Lanes left[Rows] = {}, right[Rows] = {};
  for (int64_t k = 0; k < inner; k++) {
    Lanes b0, b1;
    Load(panel + k * kPanel, b0);
    Load(panel + k * kPanel + kLanes, b1);
    for (int64_t row = 0; row < Rows; row++) {
      const float value = a[row][k * column_stride];
      left[row] += b0 * value;
      right[row] += b1 * value;
    }
  }
  for (int64_t row = 0; row < Rows; row++) {
    float products[kPanel];
    Store(left[row] * factor, products);
    Store(right[row] * factor, products + kLanes);
    float* const to = c + row * stride;
    if (columns == kPanel) {
      for (int64_t j = 0; j < kPanel; j++) to[j] = accumulate ? to[j] + products[j] : products[j];
    } else {
      for (int64_t j = 0; j < columns; j++) to[j] = accumulate ? to[j] + products[j] : products[j];
    }
  }
}

WSBAN_FMA_TARGET_CLONES
void MultiplyPanel(const float* a, int64_t row_stride, int64_t column_stride, const float* panel, int64_t rows, int64_t inner,
                   float factor, bool accumulate, float* c, int64_t stride, int64_t columns) {
  int64_t row = 0;
  for (; row + kRows <= rows; row += kRows) {
    const float* const first = a + row * row_stride;
    const float* const addresses[kRows] = {first, first + row_stride, first + 2 * row_stride, first + 3 * row_stride};
    MultiplyTile<kRows>(addresses, column_stride, panel, inner, factor, accumulate, c + row * stride, stride, columns);
  }
  for (; row < rows; row++) {
    const float* const address = a + row * row_stride;
    MultiplyTile<1>(&address, column_stride, panel, inner, factor, accumulate, c + row * stride, stride, columns);
  }
}

}  // namespace

void Pack(const MatrixView& matrix, int64_t rows, int64_t columns, float* packed) {
  for (int64_t first = 0; first < columns; first += kPanel, packed += rows * kPanel) {
    const int64_t width = std::min(kPanel, columns - first);
    const float* const from = matrix.values + first * matrix.column_stride;
    if (width < kPanel) std::fill_n(packed, rows * kPanel, 0.0f);
    if (matrix.column_stride == 1) {
      for (int64_t row = 0; row < rows; row++) std::copy_n(from + row * matrix.row_stride, width, packed + row * kPanel);
    } else {
      for (int64_t column = 0; column < width; column++) {
        const float* const values = from + column * matrix.column_stride;
        for (int64_t row = 0; row < rows; row++) packed[row * kPanel + column] = values[row * matrix.row_stride];
      }
    }
  }
}

void Multiply(const MatrixView& a, const float* packed, int64_t rows, int64_t inner, int64_t columns, float factor,
              bool accumulate, float* c, int64_t stride) {
  for (int64_t first = 0; first < columns; first += kPanel, packed += inner * kPanel) {
    MultiplyPanel(a.values, a.row_stride, a.column_stride, packed, rows, inner, factor, accumulate, c + first, stride,
                  std::min(kPanel, columns - first));
  }
}

}  // namespace wsban
