#include "shape_cache.h"

#include <utility>

namespace wsban {

namespace {

constexpr int kLast = -1;

// The operations whose output shapes follow from the attributes, the input shapes, and the values of the inputs with the indices listed
// here. An operation that is missing is blocking, and its results are still right. `Where` and `UniqueV2` must not be added: the sizes of
// their outputs depend on all values.
const std::unordered_map<std::string, std::vector<int>>& ShapeInputs() {
  static const auto* const table = new std::unordered_map<std::string, std::vector<int>>{
      // Elementwise, with or without broadcasting.
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
      // Reductions over axes.
      {"All", {1}}, {"Any", {1}}, {"ArgMax", {1}}, {"ArgMin", {1}}, {"Cumsum", {}}, {"Max", {1}}, {"Mean", {1}}, {"Min", {1}},
      {"Prod", {1}}, {"Sum", {1}}, {"TopKV2", {1}}, {"UnsortedSegmentSum", {2}},
      // Data movement.
      {"BroadcastTo", {1}}, {"ConcatV2", {kLast}}, {"ExpandDims", {1}}, {"Fill", {0}}, {"GatherNd", {}}, {"GatherV2", {2}},
      {"MirrorPad", {1}}, {"OneHot", {1}}, {"Pack", {}}, {"Pad", {1}}, {"PadV2", {1}}, {"Range", {0, 1, 2}},
      {"Reshape", {1}}, {"ReverseV2", {}}, {"ScatterNd", {2}}, {"Slice", {1, 2}}, {"Split", {0}}, {"SplitV", {1, 2}},
      {"Squeeze", {}}, {"StridedSlice", {1, 2, 3}}, {"TensorScatterAdd", {}}, {"TensorScatterUpdate", {}}, {"Tile", {1}}, {"Transpose", {1}},
      {"Unpack", {}},
      // Custom ops.
      {"WsbanAdamStep", {}}, {"WsbanAttention", {}}, {"WsbanAttentionGrad", {}}, {"WsbanBatchNorm", {}}, {"WsbanBatchNormGrad", {}},
      {"WsbanDepthwiseWeightGrad", {}}, {"WsbanGelu", {}}, {"WsbanGeluGrad", {}}, {"WsbanLayerNorm", {}}, {"WsbanLayerNormGrad", {}}, {"WsbanMaxPoolGrad", {}},
      {"WsbanMomentumStep", {}}, {"WsbanSilu", {}}, {"WsbanSiluGrad", {}},
  };
  return *table;
}

template <typename T>
void Append(std::string& signature, T value) {
  signature.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// The length comes first, so that different pairs of consecutive lists have different encodings.
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
    void operator()(int64_t value) { Append(signature, value); }
    void operator()(float value) { Append(signature, value); }
    void operator()(bool flag) { Append(signature, flag); }
    void operator()(TF_DataType type) { Append(signature, type); }
  } append{signature};
  std::visit(append, value);
}

// Far more than a training program has. A program whose shapes never repeat clears the cache at this size.
constexpr size_t kMaxSignatures = 50'000;

}  // namespace

std::optional<std::string> ShapeCache::SignatureOf(const Call& call, const std::vector<const TensorMetadata*>& inputs) {
  const auto entry = ShapeInputs().find(call.operation);
  if (entry == ShapeInputs().end()) return std::nullopt;
  std::string signature;
  signature.reserve(256);
  AppendList(signature, call.operation);
  Append(signature, call.num_outputs);
  Append(signature, inputs.size());
  for (const TensorMetadata* input : inputs) {
    Append(signature, input->type);
    AppendList(signature, input->shape);
  }
  for (const int shape_input : entry->second) {
    const size_t index = shape_input == kLast ? inputs.size() - 1 : static_cast<size_t>(shape_input);
    if (index >= inputs.size()) return std::nullopt;
    const TensorMetadata& input = *inputs[index];
    // An empty tensor has no values to compare, such as the axes of a reduction over none.
    const bool empty = input.shape.size() == 1 && input.shape[0] == 0;
    if (input.values.empty() && !empty) return std::nullopt;
    AppendList(signature, input.values);
  }
  for (const Attribute& attribute : call.attributes) {
    AppendList(signature, attribute.name);
    AppendValue(signature, attribute.value);
  }
  return signature;
}

const std::vector<TensorMetadata>* ShapeCache::Find(const std::string& signature) const {
  const auto entry = entries_.find(signature);
  return entry == entries_.end() ? nullptr : &entry->second;
}

void ShapeCache::Insert(const std::string& signature, std::vector<TensorMetadata> outputs) {
  if (entries_.size() >= kMaxSignatures) entries_.clear();
  entries_.insert_or_assign(signature, std::move(outputs));
}

}  // namespace wsban
