// Runs TensorFlow's shape function for each operation that the addon executes. The linker redirects the addon's calls to these wrappers (--wrap).
// A shape function sees the values of only those inputs that the addon's shape cache compares (WSBAN_SHAPE_INPUTS, such as "Sum:1;Range:0,1,2"), so
// the shapes that it infers are determined by the cache's key. Writes a line of JSON for each shape that differs or is unknown.

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tensorflow/c/c_api_experimental.h"
#include "tensorflow/c/eager/c_api.h"

namespace {

struct Call {
  std::string operation;
  std::vector<TFE_TensorHandle*> inputs;
};

std::map<TFE_Op*, Call> calls;

const std::map<std::string, std::vector<int>>& ShapeInputs() {
  static const auto* const table = [] {
    auto* const parsed = new std::map<std::string, std::vector<int>>;
    std::istringstream entries(std::getenv("WSBAN_SHAPE_INPUTS"));
    for (std::string entry; std::getline(entries, entry, ';');) {
      const size_t colon = entry.find(':');
      std::istringstream indices(entry.substr(colon + 1));
      std::vector<int>& list = (*parsed)[entry.substr(0, colon)];
      for (std::string index; std::getline(indices, index, ',');) list.push_back(std::stoi(index));
    }
    return parsed;
  }();
  return *table;
}

std::vector<int64_t> ShapeOf(TFE_TensorHandle* handle) {
  TF_Status* const status = TF_NewStatus();
  std::vector<int64_t> shape(TFE_TensorHandleNumDims(handle, status));
  for (size_t index = 0; index < shape.size(); index++) shape[index] = TFE_TensorHandleDim(handle, index, status);
  TF_DeleteStatus(status);
  return shape;
}

std::string TextOf(const int64_t* sizes, int count) {
  std::string text = "[";
  for (int index = 0; index < count; index++) text += (index ? "," : "") + std::to_string(sizes[index]);
  return text + "]";
}

TF_ShapeAndTypeList* InferShapes(TFE_Op* op, const Call& call, const std::vector<int>& shape_inputs) {
  const int count = static_cast<int>(call.inputs.size());
  TF_Status* const status = TF_NewStatus();
  TF_ShapeAndTypeList* const shapes = TF_NewShapeAndTypeList(count);
  std::vector<TF_Tensor*> values(count, nullptr);
  for (int index = 0; index < count; index++) {
    const std::vector<int64_t> shape = ShapeOf(call.inputs[index]);
    TF_ShapeAndTypeListSetShape(shapes, index, shape.data(), static_cast<int>(shape.size()));
  }
  for (const int shape_input : shape_inputs) {
    const int index = shape_input < 0 ? count + shape_input : shape_input;
    values.at(index) = TFE_TensorHandleResolve(call.inputs[index], status);
  }
  TF_ShapeAndTypeList* outputs = nullptr;
  TFE_InferShapes(op, shapes, values.data(), nullptr, nullptr, &outputs, nullptr, status);
  if (TF_GetCode(status) != TF_OK) outputs = nullptr;
  for (TF_Tensor* value : values) if (value != nullptr) TF_DeleteTensor(value);
  TF_DeleteShapeAndTypeList(shapes);
  TF_DeleteStatus(status);
  return outputs;
}

void Compare(const std::string& operation, const TF_ShapeAndTypeList* inferred, TFE_TensorHandle** outputs, int count) {
  for (int index = 0; index < count; index++) {
    const std::vector<int64_t> found = ShapeOf(outputs[index]);
    const TF_ShapeAndType* const one = inferred != nullptr && index < inferred->num_items ? &inferred->items[index] : nullptr;
    bool known = one != nullptr && one->num_dims >= 0, same = known && one->num_dims == static_cast<int>(found.size());
    for (size_t side = 0; same && side < found.size(); side++) {
      known = known && one->dims[side] >= 0;
      same = one->dims[side] < 0 || one->dims[side] == found[side];
    }
    if (known && same) continue;
    const bool differs = one != nullptr && one->num_dims >= 0 && !same;
    const std::string expected = differs ? TextOf(one->dims, one->num_dims) : "";
    if (!differs) {
      std::printf("{\"unproved\": \"%s output %d\"}\n", operation.c_str(), index);
      continue;
    }
    std::printf("{\"finding\": \"%s output %d: the shape function infers %s, the kernel computed %s\"}\n", operation.c_str(), index,
                expected.c_str(), TextOf(found.data(), static_cast<int>(found.size())).c_str());
  }
}

}  // namespace

extern "C" {

TFE_Op* __real_TFE_NewOp(TFE_Context* context, const char* name, TF_Status* status);
TFE_Op* __wrap_TFE_NewOp(TFE_Context* context, const char* name, TF_Status* status) {
  TFE_Op* const op = __real_TFE_NewOp(context, name, status);
  calls[op] = Call{name, {}};
  return op;
}

void __real_TFE_OpAddInput(TFE_Op* op, TFE_TensorHandle* input, TF_Status* status);
void __wrap_TFE_OpAddInput(TFE_Op* op, TFE_TensorHandle* input, TF_Status* status) {
  calls[op].inputs.push_back(input);
  __real_TFE_OpAddInput(op, input, status);
}

void __real_TFE_Execute(TFE_Op* op, TFE_TensorHandle** outputs, int* count, TF_Status* status);
void __wrap_TFE_Execute(TFE_Op* op, TFE_TensorHandle** outputs, int* count, TF_Status* status) {
  const Call call = calls[op];
  calls.erase(op);
  const auto entry = ShapeInputs().find(call.operation);
  if (entry == ShapeInputs().end()) return __real_TFE_Execute(op, outputs, count, status);
  TF_ShapeAndTypeList* const inferred = InferShapes(op, call, entry->second);
  __real_TFE_Execute(op, outputs, count, status);
  if (TF_GetCode(status) == TF_OK) Compare(call.operation, inferred, outputs, *count);
  if (inferred != nullptr) TF_DeleteShapeAndTypeList(inferred);
}
}
