#include "engine.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "register_custom_ops.h"

namespace wsban {

namespace {

void SetAttribute(TFE_Op* op, const Attribute& attribute) {
  struct {
    TFE_Op* op;
    const char* name;
    void operator()(const std::string& text) { TFE_OpSetAttrString(op, name, text.data(), text.size()); }
    void operator()(int64_t value) { TFE_OpSetAttrInt(op, name, value); }
    void operator()(const std::vector<int64_t>& list) { TFE_OpSetAttrIntList(op, name, list.data(), list.size()); }
    void operator()(float value) { TFE_OpSetAttrFloat(op, name, value); }
    void operator()(const std::vector<float>& list) { TFE_OpSetAttrFloatList(op, name, list.data(), list.size()); }
    void operator()(bool flag) { TFE_OpSetAttrBool(op, name, flag ? 1 : 0); }
    void operator()(const std::vector<unsigned char>& list) { TFE_OpSetAttrBoolList(op, name, list.data(), list.size()); }
    void operator()(TF_DataType type) { TFE_OpSetAttrType(op, name, type); }
    void operator()(const Shape& shape) {
      Status status;
      TFE_OpSetAttrShape(op, name, shape.sizes.data(), static_cast<int>(shape.sizes.size()), status);
      status.Check();
    }
  } set{op, attribute.name.c_str()};
  std::visit(set, attribute.value);
}

// Waits for the tensor if it is still pending.
TensorMetadata QueryMetadata(TFE_TensorHandle* handle) {
  Status status;
  TensorMetadata metadata;
  metadata.type = TFE_TensorHandleDataType(handle);
  const int dimensions = TFE_TensorHandleNumDims(handle, status);
  status.Check();
  for (int dimension = 0; dimension < dimensions; dimension++) {
    metadata.shape.push_back(TFE_TensorHandleDim(handle, dimension, status));
    status.Check();
  }
  return metadata;
}

std::string Describe(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (const int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

// Sizes and indices that determine shapes fit into this; larger tensors hold values to compute with.
constexpr size_t kMaxConstantBytes = 256;

// JavaScript waits while this many calls are pending on a stream. A training step has fewer, and the inputs of this many fit into memory.
constexpr int kMaxPendingNodes = 5000;

}  // namespace

Engine::Engine() {
  static std::once_flag registered;
  std::call_once(registered, RegisterCustomOps);
  Status status;
  std::unique_ptr<TFE_ContextOptions, Deleter<TFE_DeleteContextOptions>> options(TFE_NewContextOptions());
  context_.reset(TFE_NewContext(options.get(), status));
  status.Check();
  std::unique_ptr<TF_DeviceList, Deleter<TF_DeleteDeviceList>> devices(TFE_ContextListDevices(context_.get(), status));
  status.Check();
  for (int index = 0; index < TF_DeviceListCount(devices.get()); index++) {
    const std::string type = TF_DeviceListType(devices.get(), index, status);
    status.Check();
    if (type != "GPU" && !(type == "CPU" && device_.empty())) continue;
    device_ = TF_DeviceListName(devices.get(), index, status);
    status.Check();
    uses_gpu_ = uses_gpu_ || type == "GPU";
  }
  blocking_executor_.reset(TFE_NewExecutor(false, false, 0));
  main_stream_.reset(TFE_NewExecutor(true, true, kMaxPendingNodes));
  side_stream_.reset(TFE_NewExecutor(true, true, kMaxPendingNodes));
}

Engine::~Engine() {
  try {
    Synchronize();
  } catch (const std::exception&) {
    // No caller is left to receive the error of a pending call.
  }
  tensors_.clear();
}

int32_t Engine::Create(TF_DataType type, std::vector<int64_t> shape, const void* data, size_t bytes) {
  TensorPointer tensor(TF_AllocateTensor(type, shape.data(), static_cast<int>(shape.size()), bytes));
  // TensorFlow returns a tensor without data when the allocation fails.
  if (tensor == nullptr || (bytes > 0 && TF_TensorData(tensor.get()) == nullptr)) {
    throw std::runtime_error("OOM when allocating a tensor of " + std::to_string(bytes) + " bytes");
  }
  if (bytes > 0) std::memcpy(TF_TensorData(tensor.get()), data, bytes);
  Status status;
  HandlePointer handle(TFE_NewTensorHandle(tensor.get(), status));
  status.Check();
  // Most GPU kernels expect int32 inputs, which hold sizes and indices, in host memory.
  if (uses_gpu_ && type != TF_INT32) {
    handle.reset(TFE_TensorHandleCopyToDevice(handle.get(), context_.get(), device_.c_str(), status));
    status.Check();
  }
  TensorMetadata metadata{type, std::move(shape), {}};
  if (bytes <= kMaxConstantBytes) metadata.values.assign(static_cast<const char*>(data), bytes);
  return Insert(std::move(handle), std::move(metadata));
}

void Engine::Delete(int32_t id) {
  Lookup(id);
  tensors_.erase(id);
}

TensorPointer Engine::Read(int32_t id) {
  const Entry& entry = Lookup(id);
  Status status;
  TensorPointer tensor(TFE_TensorHandleResolve(HandleOf(id), status));
  if (!status.Ok()) ClearErrors();
  status.Check();
  const std::vector<int64_t> shape = ShapeOf(tensor.get());
  if (shape != entry.metadata.shape) {
    throw std::logic_error("shape cache mismatch: expected " + Describe(entry.metadata.shape) + ", got " + Describe(shape));
  }
  return tensor;
}

std::vector<int32_t> Engine::Execute(const Call& call) {
  std::vector<const TensorMetadata*> inputs;
  for (const int32_t id : call.inputs) inputs.push_back(&Lookup(id).metadata);
  const std::optional<std::string> signature = ShapeCache::SignatureOf(call, inputs);
  const std::vector<TensorMetadata>* cached = signature ? shape_cache_.Find(*signature) : nullptr;

  const bool enqueued = cached != nullptr && !blocking_ && !uses_gpu_;
  if (!enqueued) Synchronize();
  TFE_Executor* const stream = use_side_stream_ ? side_stream_.get() : main_stream_.get();
  std::vector<HandlePointer> handles = Run(call, enqueued ? stream : blocking_executor_.get());

  std::vector<TensorMetadata> metadata;
  if (enqueued) {
    metadata = *cached;
  } else {
    for (const HandlePointer& handle : handles) metadata.push_back(QueryMetadata(handle.get()));
    if (signature) shape_cache_.Insert(*signature, metadata);
  }
  std::vector<int32_t> ids;
  ids.reserve(handles.size());
  try {
    for (size_t index = 0; index < handles.size(); index++) {
      ids.push_back(Insert(std::move(handles[index]), std::move(metadata[index])));
    }
  } catch (...) {
    for (const int32_t id : ids) tensors_.erase(id);
    throw;
  }
  return ids;
}

void Engine::SetBlocking(bool blocking) {
  blocking_ = blocking;
  Synchronize();
}

const Engine::Entry& Engine::Lookup(int32_t id) const {
  const auto entry = tensors_.find(id);
  if (entry == tensors_.end()) throw std::runtime_error("unknown tensor id " + std::to_string(id));
  return entry->second;
}

TFE_TensorHandle* Engine::HandleOf(int32_t id) const {
  TFE_TensorHandle* const handle = Lookup(id).handle.get();
  if (handle == nullptr) throw std::runtime_error("tensor id " + std::to_string(id) + " was donated to an earlier call");
  return handle;
}

int32_t Engine::Insert(HandlePointer handle, TensorMetadata metadata) {
  // A day of small steps exhausts the ids; by then most of them are free again.
  do {
    last_id_ = last_id_ == std::numeric_limits<int32_t>::max() ? 0 : last_id_ + 1;
  } while (tensors_.count(last_id_) > 0);
  tensors_.emplace(last_id_, Entry{std::move(handle), std::move(metadata)});
  return last_id_;
}

std::vector<HandlePointer> Engine::Run(const Call& call, TFE_Executor* executor) {
  const int donated_inputs = std::min<int>(call.donated_inputs, call.inputs.size());
  // TFE_NewOp binds the operation to the thread's current executor.
  TFE_ContextSetExecutorForThread(context_.get(), executor);
  Status status;
  std::unique_ptr<TFE_Op, Deleter<TFE_DeleteOp>> op(TFE_NewOp(context_.get(), call.operation.c_str(), status));
  status.Check();
  for (const int32_t id : call.inputs) {
    TFE_OpAddInput(op.get(), HandleOf(id), status);
    status.Check();
  }
  // A kernel writes into an input's buffer only if the operation holds the last reference to it. So donated handles are released before
  // TFE_Execute, which may compute immediately.
  for (int index = 0; index < donated_inputs; index++) tensors_.at(call.inputs[index]).handle.reset();
  for (const Attribute& attribute : call.attributes) SetAttribute(op.get(), attribute);
  std::vector<TFE_TensorHandle*> outputs(call.num_outputs, nullptr);
  std::vector<HandlePointer> handles(call.num_outputs);
  int num_outputs = call.num_outputs;
  TFE_Execute(op.get(), outputs.data(), &num_outputs, status);
  if (!status.Ok()) ClearErrors();
  // On a stream the error may be that of an earlier call.
  status.Check(executor == blocking_executor_.get() ? call.operation + ": " : "");
  handles.resize(num_outputs);
  for (int index = 0; index < num_outputs; index++) handles[index].reset(outputs[index]);
  return handles;
}

void Engine::Synchronize() {
  for (TFE_Executor* stream : {main_stream_.get(), side_stream_.get()}) {
    Status status;
    TFE_ExecutorWaitForAllPendingNodes(stream, status);
    if (!status.Ok()) ClearErrors();
    status.Check();
  }
}

void Engine::ClearErrors() {
  for (TFE_Executor* stream : {main_stream_.get(), side_stream_.get()}) {
    Status ignored;
    TFE_ExecutorWaitForAllPendingNodes(stream, ignored);
    TFE_ExecutorClearError(stream);
  }
}

}  // namespace wsban
