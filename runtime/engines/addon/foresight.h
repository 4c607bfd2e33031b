#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "call.h"

namespace wsban {

// Knows what an operation will give before it is computed: an operation that was seen before with the same attributes and with inputs of
// the same types and shapes gives the same types and shapes again. Only for operations of which that is known to be true (see
// foresight.cc); every other one has to be computed for its outputs' shapes.
class Foresight {
 public:
  // What distinguishes a call from others as far as its outputs' types and shapes go; nothing where they may depend on more.
  static std::optional<std::string> SignatureOf(const Call& call, const std::vector<const Facts*>& inputs);

  // What the outputs were the last time; null at the first.
  const std::vector<Facts>* Find(const std::string& signature) const;

  void Remember(const std::string& signature, std::vector<Facts> outputs);

 private:
  std::unordered_map<std::string, std::vector<Facts>> seen_;
};

}  // namespace wsban
