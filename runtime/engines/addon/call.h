#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "tensorflow/c/tf_attrtype.h"
#include "tensorflow/c/tf_datatype.h"

namespace wsban {

// The type and shape of a tensor, which are known before its values are computed.
struct TensorMetadata {
  TF_DataType type = TF_FLOAT;
  std::vector<int64_t> shape;
  // The bytes of a small tensor that JavaScript created, such as sizes, axes or indices; empty for all other tensors.
  std::string values;
};

// A separate type, because TensorFlow sets a shape attribute with another function than a list of integers.
struct Shape {
  std::vector<int64_t> sizes;
};

using AttributeValue = std::variant<std::string, int64_t, std::vector<int64_t>, float, std::vector<float>, bool,
                                    std::vector<unsigned char>, TF_DataType, Shape>;

struct Attribute {
  std::string name;
  AttributeValue value;
};

// A request from JavaScript to execute one TensorFlow operation.
struct Call {
  std::string operation;
  std::vector<Attribute> attributes;
  // Tensor ids.
  std::vector<int32_t> inputs;
  // The number of leading inputs whose last use is this call: their buffers may be reused, and they cannot be read afterwards.
  int donated_inputs = 0;
  int num_outputs = 0;
};

}  // namespace wsban
