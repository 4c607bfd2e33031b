#pragma once

#include <cstdint>

namespace wsban {

// A matrix in memory: element (i, j) is values[i * row_stride + j * column_stride].
struct MatrixView {
  const float* values;
  int64_t row_stride, column_stride;

  MatrixView Transposed() const { return {values, column_stride, row_stride}; }
  MatrixView FromRow(int64_t row) const { return {values + row * row_stride, row_stride, column_stride}; }
};

// The right factor of products is packed into panels of this many columns, the last one filled with zeros: first all rows of the first panel.
constexpr int64_t kPanel = 32;

// Returns the least multiple of kPanel that is at least `columns`.
inline int64_t PaddedToPanels(int64_t columns) { return (columns + kPanel - 1) / kPanel * kPanel; }

// Packs a matrix of rows x columns into rows * PaddedToPanels(columns) values.
void Pack(const MatrixView& matrix, int64_t rows, int64_t columns, float* packed);

// c = factor a b, or c += factor a b. a: rows x inner; b: inner x columns, packed; c: rows x columns, row i at c + i * stride. Runs on the caller's
// thread only. An element is summed in the same order whatever the other sizes.
void Multiply(const MatrixView& a, const float* packed, int64_t rows, int64_t inner, int64_t columns, float factor,
              bool accumulate, float* c, int64_t stride);

}  // namespace wsban
