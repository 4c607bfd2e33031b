#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "tensorflow/c/tf_attrtype.h"
#include "tensorflow/c/tf_datatype.h"

namespace wsban {

// What is known of a tensor before it has been computed.
struct Facts {
  TF_DataType type = TF_FLOAT;
  std::vector<int64_t> shape;
  // The bytes of a small tensor that JavaScript made (sizes, axes, places); empty for every other.
  std::string values;
};

// A shape is a list of numbers that TensorFlow is told in another way.
struct Shape {
  std::vector<int64_t> sizes;
};

using AttributeValue = std::variant<std::string, int64_t, std::vector<int64_t>, float, std::vector<float>, bool,
                                    std::vector<unsigned char>, TF_DataType, Shape>;

struct Attribute {
  std::string name;
  AttributeValue value;
};

// One operation of TensorFlow's, as JavaScript asks for it.
struct Call {
  std::string operation;
  std::vector<Attribute> attributes;
  // Numbers of tensors.
  std::vector<int32_t> inputs;
  // The call has the last use of its first so many inputs: they cannot be read afterwards, and may be written over.
  int given_up = 0;
  int outputs = 0;
};

}  // namespace wsban
