#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow_pointers.h"

// Operations of our own, beside TensorFlow's: a class with a name, its inputs, attributes and outputs (in TensorFlow's notation), a constructor
// that reads the attributes, and `Compute`. They compute on processors.

namespace wsban {

// The loops that are worth it are compiled for each kind of processor, and the right one is taken when the addon is loaded.
#if defined(__x86_64__) && defined(__GNUC__)
#define WSBAN_FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WSBAN_FOR_EACH_PROCESSOR
#endif

inline float* Floats(const TensorPointer& tensor) { return static_cast<float*>(TF_TensorData(tensor.get())); }

class Attributes {
 public:
  explicit Attributes(TF_OpKernelConstruction* construction) : construction_(construction) {}
  // A list of so many whole numbers.
  std::vector<int64_t> Wholes(const char* name, int count) const;
  float Number(const char* name) const;

 private:
  TF_OpKernelConstruction* const construction_;
};

class Computation {
 public:
  explicit Computation(TF_OpKernelContext* context) : context_(context) {}
  TensorPointer Input(int index) const;
  TensorPointer Output(int index, const std::vector<int64_t>& shape) const;
  // In the input's place where nobody else needs that any more, else beside it; of the same shape, and not yet written.
  TensorPointer OutputInPlaceOf(int input, int index) const;

 private:
  TF_OpKernelContext* const context_;
};

// Once a process, before the first call. Throws where TensorFlow does not take it.
template <typename Operation>
void Register() {
  TF_OpDefinitionBuilder* const definition = TF_NewOpDefinitionBuilder(Operation::kName);
  for (const char* input : Operation::kInputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* attribute : Operation::kAttributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  for (const char* output : Operation::kOutputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  Status status;
  TF_RegisterOpDefinition(definition, status);
  status.Check();
  const auto make = [](TF_OpKernelConstruction* construction) -> void* {
    try {
      return new Operation(Attributes(construction));
    } catch (const std::exception& error) {
      Status failed;
      TF_SetStatus(failed, TF_INVALID_ARGUMENT, error.what());
      TF_OpKernelConstruction_Failure(construction, failed);
      return nullptr;
    }
  };
  const auto compute = [](void* operation, TF_OpKernelContext* context) {
    try {
      static_cast<const Operation*>(operation)->Compute(Computation(context));
    } catch (const std::exception& error) {
      Status failed;
      TF_SetStatus(failed, TF_INVALID_ARGUMENT, error.what());
      TF_OpKernelContext_Failure(context, failed);
    }
  };
  const auto destroy = [](void* operation) { delete static_cast<Operation*>(operation); };
  TF_RegisterKernelBuilder(Operation::kName, TF_NewKernelBuilder(Operation::kName, "CPU", make, compute, destroy),
                           status);
  status.Check();
}

}  // namespace wsban
