#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "call.h"
#include "shape_cache.h"
#include "tensorflow_pointers.h"

namespace wsban {

// TensorFlow's eager runtime and the tensors that JavaScript refers to by id.
//
// Execution is asynchronous where the output shapes are known in advance: the call is enqueued on a stream, and JavaScript continues while
// TensorFlow computes it. Each of the two streams executes its calls in order; the side stream uses the cores that the main stream leaves
// idle. A call waits for its inputs, on whichever stream they are computed, so results are bit for bit those of blocking execution.
// Reading a tensor waits for its value.
//
// All functions throw std::exception with TensorFlow's message. The first call with a given signature is blocking, so shape errors are
// thrown by the call itself. Errors that depend on values, and out-of-memory errors, of an enqueued call are thrown by the read of a tensor
// or by a later call.
class Engine {
 public:
  Engine();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  bool UsesGpu() const { return uses_gpu_; }
  size_t TensorCount() const { return tensors_.size(); }

  // Copies `bytes` bytes of `data`, in row-major order. Returns the id of the new tensor.
  int32_t Create(TF_DataType type, std::vector<int64_t> shape, const void* data, size_t bytes);
  void Delete(int32_t id);
  // Waits for the tensor's value and returns it. Throws if the tensor was donated.
  TensorPointer Read(int32_t id);
  const TensorMetadata& MetadataOf(int32_t id) const { return Lookup(id).metadata; }

  // Executes or enqueues a call. Returns the ids of its outputs.
  std::vector<int32_t> Execute(const Call& call);

  // Selects the stream of subsequent calls: the side stream or the main stream.
  void SetSideStream(bool use_side_stream) { use_side_stream_ = use_side_stream; }
  // Waits for all pending calls, and selects whether subsequent calls are computed before they return.
  void SetBlocking(bool blocking);

 private:
  struct Entry {
    // Null after the tensor was donated.
    HandlePointer handle;
    TensorMetadata metadata;
  };

  const Entry& Lookup(int32_t id) const;
  TFE_TensorHandle* HandleOf(int32_t id) const;
  int32_t Insert(HandlePointer handle, TensorMetadata metadata);
  std::vector<HandlePointer> Run(const Call& call, TFE_Executor* executor);
  // Waits until both streams are idle.
  void Synchronize();
  // TensorFlow rejects every call on a stream after an error; this lets calls that do not depend on the failed one run.
  void ClearErrors();

  ContextPointer context_;
  std::string device_;
  bool uses_gpu_ = false;
  ExecutorPointer blocking_executor_;
  ExecutorPointer main_stream_;
  ExecutorPointer side_stream_;
  bool use_side_stream_ = false;
  bool blocking_ = false;
  ShapeCache shape_cache_;
  std::unordered_map<int32_t, Entry> tensors_;
  int32_t last_id_ = 0;
};

}  // namespace wsban
