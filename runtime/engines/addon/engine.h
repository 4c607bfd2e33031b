#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "call.h"
#include "foresight.h"
#include "tensorflow_pointers.h"

namespace wsban {

// TensorFlow's eager runtime with its tensors, which JavaScript knows by numbers.
//
// A call whose outputs' shapes are known beforehand is only put into a queue: while TensorFlow computes it, JavaScript goes on to the next
// one. There are two queues. In each, calls are computed one after the other; what is computed aside runs beside the main one, wherever
// that leaves a core idle. A call that needs another's result waits for it, whichever queue that is in. So the results are those of
// computing everything at once, bit for bit. Reading a tensor waits for it.
//
// All functions throw std::exception, with TensorFlow's message. The first call of its kind is computed at once, so that one that cannot be
// (shapes that do not fit) fails there; what fails later for its values, or for want of memory, is told where a tensor is read, or by the
// next call.
class Engine {
 public:
  Engine();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  bool UsesGpu() const { return uses_gpu_; }
  size_t Tensors() const { return tensors_.size(); }

  // Copies the data.
  int32_t Create(TF_DataType type, std::vector<int64_t> shape, const void* data, size_t bytes);
  void Delete(int32_t number);
  // Waits until it is computed.
  TensorPointer Read(int32_t number);
  const Facts& FactsOf(int32_t number) const { return Held(number).facts; }

  // Gives the outputs' numbers.
  std::vector<int32_t> Execute(const Call& call);

  // Whether calls from now on belong to the queue beside the main one.
  void SetAside(bool aside) { aside_ = aside; }
  // Whether calls from now on are computed before they return.
  void SetAtOnce(bool at_once);

 private:
  struct Entry {
    // Null where it was given up.
    HandlePointer handle;
    Facts facts;
  };

  const Entry& Held(int32_t number) const;
  TFE_TensorHandle* HandleOf(int32_t number) const;
  int32_t Insert(HandlePointer handle, Facts facts);
  std::vector<HandlePointer> Run(const Call& call, TFE_Executor* executor);
  // Until both queues are empty.
  void Settle();
  // After an error TensorFlow would refuse everything; what comes now has nothing to do with it.
  void ForgetErrors();

  ContextPointer context_;
  std::string device_;
  bool uses_gpu_ = false;
  ExecutorPointer at_once_executor_;
  ExecutorPointer main_queue_;
  ExecutorPointer side_queue_;
  bool aside_ = false;
  bool at_once_ = false;
  Foresight foresight_;
  std::unordered_map<int32_t, Entry> tensors_;
  int32_t last_number_ = 0;
};

}  // namespace wsban
