#pragma once

#include "custom_op.h"

namespace wsban {

// Dot-product attention in several heads (Vaswani et al. 2017, equation 1): softmax(scale q k^T + bias) v, with the heads in equal parts of the
// last axis. A thread computes one head of one image, in blocks of queries whose probabilities stay in the cache; TensorFlow's kernels would
// transpose q, k and v, and keep the probabilities of all heads for the gradient, which computes them again here.
//
// q: [..., queries, heads * features]; k: [..., keys, heads * features]; v: [..., keys, heads * values]; out: [..., queries, heads * values]. The
// bias has the rank of the scores, [..., heads, queries, keys], and broadcasts to them, or is empty.
class Attention {
 public:
  static constexpr const char* kName = "WsbanAttention";
  static constexpr const char* kInputs[] = {"q: float", "k: float", "v: float", "bias: float"};
  static constexpr const char* kAttributes[] = {"heads: int", "scale: float"};
  // The maximum of the scores of each query, and 1 / the sum of e^(score - maximum): [..., heads, queries] as one axis.
  static constexpr const char* kOutputs[] = {"out: float", "max: float", "inverse_sum: float"};

  explicit Attention(const Attributes& attributes) : heads_(attributes.Int("heads")), scale_(attributes.Float("scale")) {}
  void Compute(const KernelContext& context) const;

 private:
  const int64_t heads_;
  const float scale_;
};

// The gradient of Attention. Each gradient has the shape of its input.
class AttentionGradient {
 public:
  static constexpr const char* kName = "WsbanAttentionGrad";
  static constexpr const char* kInputs[] = {"dout: float", "q: float",   "k: float",          "v: float",
                                            "bias: float", "max: float", "inverse_sum: float"};
  static constexpr const char* kAttributes[] = {"heads: int", "scale: float"};
  static constexpr const char* kOutputs[] = {"dq: float", "dk: float", "dv: float", "dbias: float"};

  explicit AttentionGradient(const Attributes& attributes)
      : heads_(attributes.Int("heads")), scale_(attributes.Float("scale")) {}
  void Compute(const KernelContext& context) const;

 private:
  const int64_t heads_;
  const float scale_;
};

}  // namespace wsban
