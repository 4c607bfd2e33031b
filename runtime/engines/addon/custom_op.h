#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow_pointers.h"

// Support for custom ops. An op is a class with a name, its inputs, attributes and outputs (as in TensorFlow's op definitions), a constructor
// that reads the attributes, and `Compute`. Its kernel runs on CPUs only.

namespace wsban {

// Function multiversioning: the compiler emits a clone of the function for each instruction set, and the loader picks the best one that the
// processor supports.
#if defined(__x86_64__) && defined(__GNUC__)
#define WSBAN_TARGET_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WSBAN_TARGET_CLONES
#endif

inline float* Floats(const TensorPointer& tensor) { return static_cast<float*>(TF_TensorData(tensor.get())); }

class Attributes {
 public:
  explicit Attributes(TF_OpKernelConstruction* construction) : construction_(construction) {}
  // Returns the first `count` values of a list(int) attribute. Throws if there is no such attribute.
  std::vector<int64_t> IntList(const char* name, int count) const;
  float Float(const char* name) const;
  int64_t Int(const char* name) const;
  bool Bool(const char* name) const;
  std::string Text(const char* name) const;

 private:
  TF_OpKernelConstruction* const construction_;
};

class KernelContext {
 public:
  explicit KernelContext(TF_OpKernelContext* context) : context_(context) {}
  TensorPointer Input(int index) const;
  TensorPointer Output(int index, const std::vector<int64_t>& shape) const;
  // Allocates an output of the input's shape, uninitialized. Reuses the input's buffer if the kernel holds the last reference to it.
  TensorPointer ForwardInputOrAllocate(int input, int index) const;

 private:
  TF_OpKernelContext* const context_;
};

// Registers a custom op and its CPU kernel with TensorFlow. Must run once per process, before the first call. Throws TensorFlow's message if
// the definition is rejected.
template <typename Op>
void RegisterOp() {
  TF_OpDefinitionBuilder* const definition = TF_NewOpDefinitionBuilder(Op::kName);
  for (const char* input : Op::kInputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* attribute : Op::kAttributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  for (const char* output : Op::kOutputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  Status status;
  TF_RegisterOpDefinition(definition, status);
  status.Check();
  const auto make = [](TF_OpKernelConstruction* construction) -> void* {
    try {
      return new Op(Attributes(construction));
    } catch (const std::exception& error) {
      Status failed;
      TF_SetStatus(failed, TF_INVALID_ARGUMENT, error.what());
      TF_OpKernelConstruction_Failure(construction, failed);
      return nullptr;
    }
  };
  const auto compute = [](void* op, TF_OpKernelContext* context) {
    try {
      static_cast<const Op*>(op)->Compute(KernelContext(context));
    } catch (const std::exception& error) {
      Status failed;
      TF_SetStatus(failed, TF_INVALID_ARGUMENT, error.what());
      TF_OpKernelContext_Failure(context, failed);
    }
  };
  const auto destroy = [](void* op) { delete static_cast<Op*>(op); };
  TF_RegisterKernelBuilder(Op::kName, TF_NewKernelBuilder(Op::kName, "CPU", make, compute, destroy),
                           status);
  status.Check();
}

}  // namespace wsban
