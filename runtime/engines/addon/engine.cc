#include "engine.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "own_operations.h"

namespace wsban {

namespace {

void SetAttribute(TFE_Op* op, const Attribute& attribute) {
  struct {
    TFE_Op* op;
    const char* name;
    void operator()(const std::string& text) { TFE_OpSetAttrString(op, name, text.data(), text.size()); }
    void operator()(int64_t number) { TFE_OpSetAttrInt(op, name, number); }
    void operator()(const std::vector<int64_t>& list) { TFE_OpSetAttrIntList(op, name, list.data(), list.size()); }
    void operator()(float number) { TFE_OpSetAttrFloat(op, name, number); }
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

// Waits for the tensor where it is still to be computed.
Facts FoundOut(TFE_TensorHandle* handle) {
  Status status;
  Facts facts;
  facts.type = TFE_TensorHandleDataType(handle);
  const int dimensions = TFE_TensorHandleNumDims(handle, status);
  status.Check();
  for (int dimension = 0; dimension < dimensions; dimension++) {
    facts.shape.push_back(TFE_TensorHandleDim(handle, dimension, status));
    status.Check();
  }
  return facts;
}

// Sizes and places are shorter; longer tensors are values to compute with.
constexpr size_t kMostBytesToKnow = 256;

// JavaScript waits once so many calls are before it. More than a training step has, few enough for their inputs' memory.
constexpr int kMostWaiting = 5000;

}  // namespace

Engine::Engine() {
  static std::once_flag registered;
  std::call_once(registered, RegisterOwnOperations);
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
  at_once_executor_.reset(TFE_NewExecutor(false, false, 0));
  main_queue_.reset(TFE_NewExecutor(true, true, kMostWaiting));
  side_queue_.reset(TFE_NewExecutor(true, true, kMostWaiting));
}

Engine::~Engine() {
  try {
    Settle();
  } catch (const std::exception&) {
    // Nobody is left who would read what could not be computed.
  }
  tensors_.clear();
}

int32_t Engine::Create(TF_DataType type, std::vector<int64_t> shape, const void* data, size_t bytes) {
  TensorPointer tensor(TF_AllocateTensor(type, shape.data(), static_cast<int>(shape.size()), bytes));
  // TensorFlow makes a tensor without data where there is no memory for it.
  if (tensor == nullptr || (bytes > 0 && TF_TensorData(tensor.get()) == nullptr)) {
    throw std::runtime_error("OOM when allocating a tensor of " + std::to_string(bytes) + " bytes");
  }
  if (bytes > 0) std::memcpy(TF_TensorData(tensor.get()), data, bytes);
  Status status;
  HandlePointer handle(TFE_NewTensorHandle(tensor.get(), status));
  status.Check();
  // Most kernels of a card take whole numbers, which tell sizes and places, from the processor's memory.
  if (uses_gpu_ && type != TF_INT32) {
    handle.reset(TFE_TensorHandleCopyToDevice(handle.get(), context_.get(), device_.c_str(), status));
    status.Check();
  }
  Facts facts{type, std::move(shape), {}};
  if (bytes <= kMostBytesToKnow) facts.values.assign(static_cast<const char*>(data), bytes);
  return Insert(std::move(handle), std::move(facts));
}

void Engine::Delete(int32_t number) {
  Held(number);
  tensors_.erase(number);
}

TensorPointer Engine::Read(int32_t number) {
  const Entry& entry = Held(number);
  Status status;
  TensorPointer tensor(TFE_TensorHandleResolve(HandleOf(number), status));
  if (!status.Ok()) ForgetErrors();
  status.Check();
  if (ShapeOf(tensor.get()) != entry.facts.shape) throw std::logic_error("a tensor has another shape than was foreseen");
  return tensor;
}

std::vector<int32_t> Engine::Execute(const Call& call) {
  std::vector<const Facts*> inputs;
  for (const int32_t number : call.inputs) inputs.push_back(&Held(number).facts);
  const std::optional<std::string> signature = Foresight::SignatureOf(call, inputs);
  const std::vector<Facts>* foreseen = signature ? foresight_.Find(*signature) : nullptr;

  const bool queued = foreseen != nullptr && !at_once_ && !uses_gpu_;
  if (!queued) Settle();
  TFE_Executor* const queue = aside_ ? side_queue_.get() : main_queue_.get();
  std::vector<HandlePointer> handles = Run(call, queued ? queue : at_once_executor_.get());

  std::vector<Facts> facts;
  if (queued) {
    facts = *foreseen;
  } else {
    for (const HandlePointer& handle : handles) facts.push_back(FoundOut(handle.get()));
    if (signature) foresight_.Remember(*signature, facts);
  }
  std::vector<int32_t> numbers;
  numbers.reserve(handles.size());
  try {
    for (size_t index = 0; index < handles.size(); index++) {
      numbers.push_back(Insert(std::move(handles[index]), std::move(facts[index])));
    }
  } catch (...) {
    for (const int32_t number : numbers) tensors_.erase(number);
    throw;
  }
  return numbers;
}

void Engine::SetAtOnce(bool at_once) {
  at_once_ = at_once;
  Settle();
}

const Engine::Entry& Engine::Held(int32_t number) const {
  const auto found = tensors_.find(number);
  if (found == tensors_.end()) throw std::runtime_error("there is no tensor of number " + std::to_string(number));
  return found->second;
}

TFE_TensorHandle* Engine::HandleOf(int32_t number) const {
  TFE_TensorHandle* const handle = Held(number).handle.get();
  if (handle == nullptr) throw std::runtime_error("the tensor of number " + std::to_string(number) + " was given up");
  return handle;
}

int32_t Engine::Insert(HandlePointer handle, Facts facts) {
  // A day of small steps comes to the end of the numbers; by then most are free again.
  do {
    last_number_ = last_number_ == std::numeric_limits<int32_t>::max() ? 0 : last_number_ + 1;
  } while (tensors_.count(last_number_) > 0);
  tensors_.emplace(last_number_, Entry{std::move(handle), std::move(facts)});
  return last_number_;
}

std::vector<HandlePointer> Engine::Run(const Call& call, TFE_Executor* executor) {
  const int given_up = std::min<int>(call.given_up, call.inputs.size());
  // An operation belongs to the executor that is the thread's when it is made.
  TFE_ContextSetExecutorForThread(context_.get(), executor);
  Status status;
  std::unique_ptr<TFE_Op, Deleter<TFE_DeleteOp>> op(TFE_NewOp(context_.get(), call.operation.c_str(), status));
  status.Check();
  for (const int32_t number : call.inputs) {
    TFE_OpAddInput(op.get(), HandleOf(number), status);
    status.Check();
  }
  // What only the operation holds is written over; that must be so before it is computed, which may be at once.
  for (int index = 0; index < given_up; index++) tensors_.at(call.inputs[index]).handle.reset();
  for (const Attribute& attribute : call.attributes) SetAttribute(op.get(), attribute);
  std::vector<TFE_TensorHandle*> outputs(call.outputs, nullptr);
  std::vector<HandlePointer> handles(call.outputs);
  int given = call.outputs;
  TFE_Execute(op.get(), outputs.data(), &given, status);
  if (!status.Ok()) ForgetErrors();
  // A queue may be telling of an earlier call.
  status.Check(executor == at_once_executor_.get() ? call.operation + ": " : "");
  handles.resize(given);
  for (int index = 0; index < given; index++) handles[index].reset(outputs[index]);
  return handles;
}

void Engine::Settle() {
  for (TFE_Executor* queue : {main_queue_.get(), side_queue_.get()}) {
    Status status;
    TFE_ExecutorWaitForAllPendingNodes(queue, status);
    if (!status.Ok()) ForgetErrors();
    status.Check();
  }
}

void Engine::ForgetErrors() {
  for (TFE_Executor* queue : {main_queue_.get(), side_queue_.get()}) {
    Status ignored;
    TFE_ExecutorWaitForAllPendingNodes(queue, ignored);
    TFE_ExecutorClearError(queue);
  }
}

}  // namespace wsban
