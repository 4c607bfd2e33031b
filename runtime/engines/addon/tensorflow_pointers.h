#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tensorflow/c/eager/c_api.h"
#include "tensorflow/c/eager/c_api_experimental.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace wsban {

template <auto Delete>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    Delete(pointer);
  }
};

using TensorPointer = std::unique_ptr<TF_Tensor, Deleter<TF_DeleteTensor>>;
using HandlePointer = std::unique_ptr<TFE_TensorHandle, Deleter<TFE_DeleteTensorHandle>>;
using ContextPointer = std::unique_ptr<TFE_Context, Deleter<TFE_DeleteContext>>;
using ExecutorPointer = std::unique_ptr<TFE_Executor, Deleter<TFE_DeleteExecutor>>;

inline std::vector<int64_t> ShapeOf(const TF_Tensor* tensor) {
  std::vector<int64_t> shape;
  for (int dimension = 0; dimension < TF_NumDims(tensor); dimension++) shape.push_back(TF_Dim(tensor, dimension));
  return shape;
}

// Owns a TF_Status, and converts an error in it into an exception.
class Status {
 public:
  operator TF_Status*() { return status_.get(); }
  bool Ok() const { return TF_GetCode(status_.get()) == TF_OK; }
  // Throws std::runtime_error with `prefix` and TensorFlow's message if the status is an error.
  void Check(const std::string& prefix = "") const {
    if (Ok()) return;
    const std::string message = TF_Message(status_.get());
    // Asynchronous executors append the list of failed nodes to the message.
    throw std::runtime_error(prefix + message.substr(0, message.find("\n\tEncountered when executing")));
  }

 private:
  std::unique_ptr<TF_Status, Deleter<TF_DeleteStatus>> status_{TF_NewStatus()};
};

}  // namespace wsban
