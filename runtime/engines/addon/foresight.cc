#include "foresight.h"

#include <utility>

namespace wsban {

namespace {

constexpr int kLast = -1;

// Operations whose outputs have shapes that follow from the attributes, the inputs' shapes, and the values of the inputs that are named
// here by their place. An operation that is not here is right all the same: it is waited for. So `Where` and `UniqueV2` must not be here,
// whose outputs' sizes are found by computing.
const std::unordered_map<std::string, std::vector<int>>& InputsThatShape() {
  static const auto* const table = new std::unordered_map<std::string, std::vector<int>>{
      // Cell by cell, broadcast or not.
      {"Abs", {}}, {"Add", {}}, {"AddN", {}}, {"AddV2", {}}, {"Cast", {}}, {"Ceil", {}}, {"ClipByValue", {}}, {"Cos", {}},
      {"Div", {}}, {"DivNoNan", {}}, {"Elu", {}}, {"EluGrad", {}}, {"Equal", {}}, {"Erf", {}}, {"Exp", {}}, {"Expm1", {}},
      {"Floor", {}}, {"FloorDiv", {}}, {"FloorMod", {}}, {"Greater", {}}, {"GreaterEqual", {}}, {"Identity", {}},
      {"IsFinite", {}}, {"IsInf", {}}, {"IsNan", {}}, {"LeakyRelu", {}}, {"Less", {}}, {"LessEqual", {}}, {"Log", {}},
      {"Log1p", {}}, {"LogicalAnd", {}}, {"LogicalNot", {}}, {"LogicalOr", {}}, {"Maximum", {}},
      {"Minimum", {}}, {"Mod", {}}, {"Mul", {}}, {"Neg", {}}, {"NotEqual", {}}, {"OnesLike", {}}, {"Pow", {}},
      {"RealDiv", {}}, {"Reciprocal", {}}, {"Relu", {}}, {"Relu6", {}}, {"Relu6Grad", {}}, {"ReluGrad", {}}, {"Round", {}},
      {"Rsqrt", {}}, {"Select", {}}, {"SelectV2", {}}, {"Selu", {}}, {"Sigmoid", {}}, {"Sign", {}}, {"Sin", {}},
      {"Softplus", {}}, {"Sqrt", {}}, {"Square", {}}, {"SquaredDifference", {}}, {"Sub", {}}, {"Tanh", {}}, {"ZerosLike", {}},
      // Layers and their gradients.
      {"AvgPool", {}}, {"AvgPoolGrad", {0}}, {"BatchMatMulV2", {}}, {"BiasAdd", {}}, {"Conv2D", {}},
      {"Conv2DBackpropFilter", {1}}, {"Conv2DBackpropInput", {0}}, {"CropAndResize", {3}}, {"DepthwiseConv2dNative", {}},
      {"DepthwiseConv2dNativeBackpropFilter", {1}}, {"DepthwiseConv2dNativeBackpropInput", {0}}, {"FusedBatchNormGradV3", {}},
      {"FusedBatchNormV3", {}}, {"L2Loss", {}}, {"LogSoftmax", {}}, {"MatMul", {}}, {"MaxPool", {}}, {"MaxPoolGrad", {}},
      {"ResizeBilinear", {1}}, {"ResizeBilinearGrad", {}}, {"ResizeNearestNeighbor", {1}},
      {"ResizeNearestNeighborGrad", {1}}, {"Softmax", {}},
      // Sums and choices over axes.
      {"All", {1}}, {"Any", {1}}, {"ArgMax", {1}}, {"ArgMin", {1}}, {"Cumsum", {}}, {"Max", {1}}, {"Mean", {1}}, {"Min", {1}},
      {"Prod", {1}}, {"Sum", {1}}, {"TopKV2", {1}}, {"UnsortedSegmentSum", {2}},
      // What only moves cells.
      {"BroadcastTo", {1}}, {"ConcatV2", {kLast}}, {"ExpandDims", {1}}, {"Fill", {0}}, {"GatherNd", {}}, {"GatherV2", {2}},
      {"MirrorPad", {1}}, {"OneHot", {1}}, {"Pack", {}}, {"Pad", {1}}, {"PadV2", {1}}, {"Range", {0, 1, 2}},
      {"Reshape", {1}}, {"ReverseV2", {}}, {"ScatterNd", {2}}, {"Slice", {1, 2}}, {"Split", {0}}, {"SplitV", {1, 2}},
      {"Squeeze", {}}, {"StridedSlice", {1, 2, 3}}, {"TensorScatterUpdate", {}}, {"Tile", {1}}, {"Transpose", {1}},
      {"Unpack", {}},
      // Our own.
      {"WsbanAdamStep", {}}, {"WsbanBatchNorm", {}}, {"WsbanBatchNormGrad", {}}, {"WsbanMaxPoolGrad", {}}, {"WsbanMomentumStep", {}},
  };
  return *table;
}

template <typename Number>
void Append(std::string& signature, Number number) {
  signature.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

// With its length before it, so that two lists after each other cannot be taken for two others.
template <typename List>
void AppendList(std::string& signature, const List& list) {
  Append(signature, list.size());
  signature.append(reinterpret_cast<const char*>(list.data()), list.size() * sizeof(*list.data()));
}

void AppendValue(std::string& signature, const AttributeValue& value) {
  Append(signature, static_cast<char>(value.index()));
  struct {
    std::string& signature;
    void operator()(const Shape& shape) { AppendList(signature, shape.sizes); }
    void operator()(const std::string& text) { AppendList(signature, text); }
    void operator()(const std::vector<int64_t>& list) { AppendList(signature, list); }
    void operator()(const std::vector<float>& list) { AppendList(signature, list); }
    void operator()(const std::vector<unsigned char>& list) { AppendList(signature, list); }
    void operator()(int64_t number) { Append(signature, number); }
    void operator()(float number) { Append(signature, number); }
    void operator()(bool flag) { Append(signature, flag); }
    void operator()(TF_DataType type) { Append(signature, type); }
  } append{signature};
  std::visit(append, value);
}

// Far more than a training program has; a program whose shapes never repeat begins anew.
constexpr size_t kMostSignatures = 50'000;

}  // namespace

std::optional<std::string> Foresight::SignatureOf(const Call& call, const std::vector<const Facts*>& inputs) {
  const auto entry = InputsThatShape().find(call.operation);
  if (entry == InputsThatShape().end()) return std::nullopt;
  std::string signature;
  signature.reserve(256);
  AppendList(signature, call.operation);
  Append(signature, call.outputs);
  Append(signature, inputs.size());
  for (const Facts* input : inputs) {
    Append(signature, input->type);
    AppendList(signature, input->shape);
  }
  for (const int place : entry->second) {
    const size_t index = place == kLast ? inputs.size() - 1 : static_cast<size_t>(place);
    if (index >= inputs.size()) return std::nullopt;
    const Facts& shaping = *inputs[index];
    // An empty one has no values to know: a reduction over no axes, for example.
    const bool empty = shaping.shape.size() == 1 && shaping.shape[0] == 0;
    if (shaping.values.empty() && !empty) return std::nullopt;
    AppendList(signature, shaping.values);
  }
  for (const Attribute& attribute : call.attributes) {
    AppendList(signature, attribute.name);
    AppendValue(signature, attribute.value);
  }
  return signature;
}

const std::vector<Facts>* Foresight::Find(const std::string& signature) const {
  const auto found = seen_.find(signature);
  return found == seen_.end() ? nullptr : &found->second;
}

void Foresight::Remember(const std::string& signature, std::vector<Facts> outputs) {
  if (seen_.size() >= kMostSignatures) seen_.clear();
  seen_.insert_or_assign(signature, std::move(outputs));
}

}  // namespace wsban
