#include "attention.h"

#include <algorithm>
#include <limits>
#include <map>

#include "matrix_product.h"
#include "parallel.h"
#include "vector_math.h"

namespace wsban {

namespace {

struct Sizes {
  // The axes before the tokens, such as images and windows, and their product.
  std::vector<int64_t> outer;
  int64_t count, heads, queries, keys, features, values;

  // Throws unless the shapes of q, k and v match and the heads divide their features.
  Sizes(const std::vector<int64_t>& q, const std::vector<int64_t>& k, const std::vector<int64_t>& v, int64_t heads)
      : count(1), heads(heads) {
    const size_t rank = q.size();
    const auto mismatch = [] { throw std::invalid_argument("the shapes of q, k and v do not match"); };
    if (rank < 2 || k.size() != rank || v.size() != rank || heads < 1) mismatch();
    outer.assign(q.begin(), q.end() - 2);
    for (size_t axis = 0; axis < outer.size(); axis++) {
      if (k[axis] != outer[axis] || v[axis] != outer[axis]) mismatch();
      count *= outer[axis];
    }
    queries = q[rank - 2];
    keys = k[rank - 2];
    if (v[rank - 2] != keys || k[rank - 1] != q[rank - 1]) mismatch();
    if (q[rank - 1] % heads != 0 || v[rank - 1] % heads != 0) mismatch();
    features = q[rank - 1] / heads;
    values = v[rank - 1] / heads;
  }

  int64_t Tasks() const { return count * heads; }
  int64_t PaddedKeys() const { return PaddedToPanels(keys); }
  // The first element of a task's part of a tensor with `tokens` tokens of `width` elements a head.
  int64_t Offset(int64_t task, int64_t tokens, int64_t width) const {
    return (task / heads * tokens * heads + task % heads) * width;
  }
  MatrixView Part(const TensorPointer& tensor, int64_t task, int64_t tokens, int64_t width) const {
    return {Floats(tensor) + Offset(task, tokens, width), heads * width, 1};
  }
};

// Blocks of about equal numbers of queries, whose scores fit into a core's cache.
struct QueryBlocks {
  int64_t queries, rows;
  explicit QueryBlocks(int64_t queries) : queries(queries) {
    constexpr int64_t kMaxRows = 128;
    const int64_t blocks = std::max<int64_t>((queries + kMaxRows - 1) / kMaxRows, 1);
    rows = (queries + blocks - 1) / blocks;
  }
  int64_t RowsFrom(int64_t first) const { return std::min(rows, queries - first); }
};

// Where the bias of a task begins, and its strides over queries and keys; 0 for axes that broadcast.
struct Bias {
  bool given;
  std::vector<int64_t> offsets;
  int64_t query_stride = 0, key_stride = 0;

  // Throws unless the shape broadcasts to that of the scores.
  Bias(const std::vector<int64_t>& shape, const Sizes& sizes) : given(shape != std::vector<int64_t>{0}) {
    if (!given) return;
    std::vector<int64_t> scores = sizes.outer;
    scores.insert(scores.end(), {sizes.heads, sizes.queries, sizes.keys});
    bool fits = shape.size() == scores.size();
    for (size_t axis = 0; fits && axis < shape.size(); axis++) fits = shape[axis] == 1 || shape[axis] == scores[axis];
    if (!fits) throw std::invalid_argument("the bias does not broadcast to the scores");
    std::vector<int64_t> strides(shape.size());
    int64_t elements = 1;
    for (size_t axis = shape.size(); axis-- > 0; elements *= shape[axis]) strides[axis] = shape[axis] == 1 ? 0 : elements;
    query_stride = strides[strides.size() - 2];
    key_stride = strides.back();
    for (int64_t task = 0; task < sizes.Tasks(); task++) {
      int64_t offset = 0, rest = task;
      for (size_t axis = shape.size() - 2; axis-- > 0; rest /= scores[axis]) offset += rest % scores[axis] * strides[axis];
      offsets.push_back(offset);
    }
  }

  // The tasks in groups that can be computed in parallel: those with the same bias are in one group, as they add to the same gradient.
  std::vector<std::vector<int64_t>> Groups(int64_t tasks) const {
    std::vector<std::vector<int64_t>> groups;
    std::map<int64_t, size_t> group_of;
    for (int64_t task = 0; task < tasks; task++) {
      const size_t group = given ? group_of.emplace(offsets[task], groups.size()).first->second : groups.size();
      if (group == groups.size()) groups.emplace_back();
      groups[group].push_back(task);
    }
    return groups;
  }
};

WSBAN_TARGET_CLONES
void AddBias(float* scores, int64_t rows, int64_t keys, int64_t stride, const float* bias, int64_t query_stride,
             int64_t key_stride) {
  for (int64_t row = 0; row < rows; row++, scores += stride, bias += query_stride) {
    if (key_stride == 1) {
#pragma GCC ivdep
      for (int64_t key = 0; key < keys; key++) scores[key] += bias[key];
    } else {
      const float value = bias[0];
      for (int64_t key = 0; key < keys; key++) scores[key] += value;
    }
  }
}

// Replaces the scores of each row by e^(score - max) * inverse_sum, and writes the row's max and inverse_sum.
WSBAN_TARGET_CLONES
void Softmax(float* scores, int64_t rows, int64_t keys, int64_t stride, float* max, float* inverse_sum) {
  for (int64_t row = 0; row < rows; row++, scores += stride) {
    float largest = -std::numeric_limits<float>::infinity();
    Lanes largest_lanes = Lanes{} + largest;
    int64_t key = 0;
    for (; key + kLanes <= keys; key += kLanes) {
      Lanes values;
      Load(scores + key, values);
      largest_lanes = values > largest_lanes ? values : largest_lanes;
    }
    for (int64_t lane = 0; lane < kLanes; lane++) largest = std::max(largest, largest_lanes[lane]);
    for (; key < keys; key++) largest = std::max(largest, scores[key]);
    for (key = 0; key < keys; key++) scores[key] = Exp(scores[key] - largest);
    Lanes sums = {};
    for (key = 0; key + kLanes <= keys; key += kLanes) {
      Lanes values;
      Load(scores + key, values);
      sums += values;
    }
    float sum = SumOf(sums);
    for (; key < keys; key++) sum += scores[key];
    max[row] = largest;
    inverse_sum[row] = 1.0f / sum;
    for (key = 0; key < keys; key++) scores[key] *= inverse_sum[row];
  }
}

// As Softmax, with the maxima and sums of the forward pass.
WSBAN_TARGET_CLONES
void Probabilities(float* scores, int64_t rows, int64_t keys, int64_t stride, const float* max, const float* inverse_sum) {
  for (int64_t row = 0; row < rows; row++, scores += stride) {
    const float largest = max[row], factor = inverse_sum[row];
    for (int64_t key = 0; key < keys; key++) scores[key] = Exp(scores[key] - largest) * factor;
  }
}

// Replaces the gradients of the probabilities p by those of the scores: p * (gradient - sum of p * gradient).
WSBAN_TARGET_CLONES
void ScoreGradients(const float* p, float* gradients, int64_t rows, int64_t keys, int64_t stride) {
  for (int64_t row = 0; row < rows; row++, p += stride, gradients += stride) {
    Lanes sums = {};
    int64_t key = 0;
    for (; key + kLanes <= keys; key += kLanes) {
      Lanes probabilities, values;
      Load(p + key, probabilities);
      Load(gradients + key, values);
      sums += probabilities * values;
    }
    float sum = SumOf(sums);
    for (; key < keys; key++) sum += p[key] * gradients[key];
#pragma GCC ivdep
    for (key = 0; key < keys; key++) gradients[key] = p[key] * (gradients[key] - sum);
  }
}

// Adds the gradients of a block of scores to those of the bias.
WSBAN_TARGET_CLONES
void AddBiasGradients(const float* gradients, int64_t rows, int64_t keys, int64_t stride, float* dbias, int64_t query_stride,
                      int64_t key_stride) {
  for (int64_t row = 0; row < rows; row++, gradients += stride, dbias += query_stride) {
    if (key_stride == 1) {
#pragma GCC ivdep
      for (int64_t key = 0; key < keys; key++) dbias[key] += gradients[key];
    } else {
      float sum = 0.0f;
      for (int64_t key = 0; key < keys; key++) sum += gradients[key];
      dbias[0] += sum;
    }
  }
}

// Memory that is not initialized.
std::unique_ptr<float[]> Buffer(int64_t elements) { return std::unique_ptr<float[]>(new float[elements]); }

}  // namespace

void Attention::Compute(const KernelContext& context) const {
  const TensorPointer q = context.Input(0), k = context.Input(1), v = context.Input(2), bias = context.Input(3);
  std::vector<int64_t> shape = ShapeOf(q.get());
  const Sizes sizes(shape, ShapeOf(k.get()), ShapeOf(v.get()), heads_);
  const Bias bias_view(ShapeOf(bias.get()), sizes);
  shape.back() = heads_ * sizes.values;
  const TensorPointer out = context.Output(0, shape), max = context.Output(1, {sizes.Tasks() * sizes.queries}),
                      inverse_sum = context.Output(2, {sizes.Tasks() * sizes.queries});
  const QueryBlocks blocks(sizes.queries);
  const int64_t keys = sizes.keys, padded = sizes.PaddedKeys(), stride = heads_ * sizes.values;
  ParallelFor(sizes.Tasks(), [&](int64_t task) {
    const auto packed_k = Buffer(sizes.features * padded), packed_v = Buffer(keys * PaddedToPanels(sizes.values)),
               scores = Buffer(blocks.rows * padded);
    Pack(sizes.Part(k, task, keys, sizes.features).Transposed(), sizes.features, keys, packed_k.get());
    Pack(sizes.Part(v, task, keys, sizes.values), keys, sizes.values, packed_v.get());
    const MatrixView queries = sizes.Part(q, task, sizes.queries, sizes.features);
    float* const part = Floats(out) + sizes.Offset(task, sizes.queries, sizes.values);
    for (int64_t first = 0; first < sizes.queries; first += blocks.rows) {
      const int64_t rows = blocks.RowsFrom(first), query = task * sizes.queries + first;
      Multiply(queries.FromRow(first), packed_k.get(), rows, sizes.features, keys, scale_, false, scores.get(), padded);
      if (bias_view.given) {
        AddBias(scores.get(), rows, keys, padded, Floats(bias) + bias_view.offsets[task] + first * bias_view.query_stride,
                bias_view.query_stride, bias_view.key_stride);
      }
      Softmax(scores.get(), rows, keys, padded, Floats(max) + query, Floats(inverse_sum) + query);
      Multiply({scores.get(), padded, 1}, packed_v.get(), rows, keys, sizes.values, 1.0f, false, part + first * stride, stride);
    }
  });
}

void AttentionGradient::Compute(const KernelContext& context) const {
  const TensorPointer dout = context.Input(0), q = context.Input(1), k = context.Input(2), v = context.Input(3),
                      bias = context.Input(4), max = context.Input(5), inverse_sum = context.Input(6);
  std::vector<int64_t> shape = ShapeOf(q.get());
  const Sizes sizes(shape, ShapeOf(k.get()), ShapeOf(v.get()), heads_);
  const Bias bias_view(ShapeOf(bias.get()), sizes);
  shape.back() = heads_ * sizes.values;
  const int64_t all_queries = sizes.Tasks() * sizes.queries;
  if (ShapeOf(dout.get()) != shape || TF_TensorElementCount(max.get()) != all_queries ||
      TF_TensorElementCount(inverse_sum.get()) != all_queries) {
    throw std::invalid_argument("the shapes of dout, max and inverse_sum do not match those of q, k and v");
  }
  const TensorPointer dq = context.Output(0, ShapeOf(q.get())), dk = context.Output(1, ShapeOf(k.get())),
                      dv = context.Output(2, ShapeOf(v.get())), dbias = context.Output(3, ShapeOf(bias.get()));
  std::fill_n(Floats(dbias), TF_TensorElementCount(dbias.get()), 0.0f);
  const QueryBlocks blocks(sizes.queries);
  const int64_t keys = sizes.keys, features = sizes.features, values = sizes.values, padded = sizes.PaddedKeys();
  const int64_t feature_stride = heads_ * features, value_stride = heads_ * values;
  const std::vector<std::vector<int64_t>> groups = bias_view.Groups(sizes.Tasks());
  ParallelFor(static_cast<int64_t>(groups.size()), [&](int64_t group) {
    const auto transposed_k = Buffer(features * padded), packed_k = Buffer(keys * PaddedToPanels(features)),
               transposed_v = Buffer(values * padded), packed_q = Buffer(blocks.rows * PaddedToPanels(features)),
               packed_dout = Buffer(blocks.rows * PaddedToPanels(values)), p = Buffer(blocks.rows * padded),
               gradients = Buffer(blocks.rows * padded);
    for (const int64_t task : groups[group]) {
      const MatrixView key_part = sizes.Part(k, task, keys, features), query_part = sizes.Part(q, task, sizes.queries, features),
                       dout_part = sizes.Part(dout, task, sizes.queries, values);
      Pack(key_part.Transposed(), features, keys, transposed_k.get());
      Pack(key_part, keys, features, packed_k.get());
      Pack(sizes.Part(v, task, keys, values).Transposed(), values, keys, transposed_v.get());
      float* const dq_part = Floats(dq) + sizes.Offset(task, sizes.queries, features);
      float* const dk_part = Floats(dk) + sizes.Offset(task, keys, features);
      float* const dv_part = Floats(dv) + sizes.Offset(task, keys, values);
      for (int64_t first = 0; first < sizes.queries; first += blocks.rows) {
        const int64_t rows = blocks.RowsFrom(first), query = task * sizes.queries + first;
        const bool accumulate = first > 0;
        const MatrixView q_rows = query_part.FromRow(first), dout_rows = dout_part.FromRow(first);
        const int64_t bias_offset = bias_view.given ? bias_view.offsets[task] + first * bias_view.query_stride : 0;
        Multiply(q_rows, transposed_k.get(), rows, features, keys, scale_, false, p.get(), padded);
        if (bias_view.given) {
          AddBias(p.get(), rows, keys, padded, Floats(bias) + bias_offset, bias_view.query_stride, bias_view.key_stride);
        }
        Probabilities(p.get(), rows, keys, padded, Floats(max) + query, Floats(inverse_sum) + query);
        Pack(dout_rows, rows, values, packed_dout.get());
        Multiply(MatrixView{p.get(), padded, 1}.Transposed(), packed_dout.get(), keys, rows, values, 1.0f, accumulate, dv_part,
                 value_stride);
        Multiply(dout_rows, transposed_v.get(), rows, values, keys, 1.0f, false, gradients.get(), padded);
        ScoreGradients(p.get(), gradients.get(), rows, keys, padded);
        if (bias_view.given) {
          AddBiasGradients(gradients.get(), rows, keys, padded, Floats(dbias) + bias_offset, bias_view.query_stride,
                           bias_view.key_stride);
        }
        const MatrixView dscores{gradients.get(), padded, 1};
        Multiply(dscores, packed_k.get(), rows, keys, features, scale_, false, dq_part + first * feature_stride, feature_stride);
        Pack(q_rows, rows, features, packed_q.get());
        Multiply(dscores.Transposed(), packed_q.get(), keys, rows, features, scale_, accumulate, dk_part, feature_stride);
      }
    }
  });
}

}  // namespace wsban
