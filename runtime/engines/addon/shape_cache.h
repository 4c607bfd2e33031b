#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "call.h"

namespace wsban {

// Predicts the types and shapes of a call's outputs before it is computed: a call with the same operation, attributes, and input types and
// shapes as an earlier one has outputs of the same types and shapes. Covers the operations listed in shape_cache.cc, for which this is known
// to hold; all others have to be computed first.
class ShapeCache {
 public:
  // Returns a key that determines the types and shapes of the call's outputs; nullopt if they may depend on more than the key can hold.
  static std::optional<std::string> SignatureOf(const Call& call, const std::vector<const TensorMetadata*>& inputs);

  // Returns the outputs of the last call with this signature; null if there was none.
  const std::vector<TensorMetadata>* Find(const std::string& signature) const;

  void Insert(const std::string& signature, std::vector<TensorMetadata> outputs);

 private:
  std::unordered_map<std::string, std::vector<TensorMetadata>> entries_;
};

}  // namespace wsban
