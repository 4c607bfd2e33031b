#pragma once

#include <algorithm>
#include <string>

#include "custom_op.h"

namespace wsban {

// A tensor viewed as a matrix with a row for each vector along its last axis, the channels, split into blocks of rows that fit into a core's cache.
struct RowBlocks {
  int64_t rows = 1, channels, block_rows;

  // Throws unless `shape` has an axis and each of `vectors` has a value for each channel.
  RowBlocks(const std::vector<int64_t>& shape, const std::vector<const TensorPointer*>& vectors) {
    if (shape.empty()) throw std::invalid_argument("expected a tensor with at least one axis");
    for (size_t axis = 0; axis + 1 < shape.size(); axis++) rows *= shape[axis];
    channels = shape.back();
    for (const TensorPointer* vector : vectors) {
      const int64_t count = TF_TensorElementCount(vector->get());
      if (count == channels) continue;
      throw std::invalid_argument("expected " + std::to_string(channels) + " values per channel vector, got " +
                                  std::to_string(count));
    }
    constexpr int64_t kElementsPerBlock = 32'768;
    // At most 512 rows, which limits the rounding error of sums in single precision.
    block_rows = std::clamp<int64_t>(kElementsPerBlock / std::max<int64_t>(channels, 1), 8, 512);
  }

  int64_t Count() const { return (rows + block_rows - 1) / block_rows; }
  int64_t FirstRow(int64_t block) const { return block * block_rows; }
  int64_t RowsOf(int64_t block) const { return std::min(block_rows, rows - FirstRow(block)); }
  int64_t Offset(int64_t block) const { return FirstRow(block) * channels; }
};

}  // namespace wsban
