#include "custom_op.h"

namespace wsban {

std::vector<int64_t> Attributes::IntList(const char* name, int count) const {
  std::vector<int64_t> values(count);
  Status status;
  TF_OpKernelConstruction_GetAttrInt64List(construction_, name, values.data(), count, status);
  status.Check();
  return values;
}

float Attributes::Float(const char* name) const {
  float value = 0;
  Status status;
  TF_OpKernelConstruction_GetAttrFloat(construction_, name, &value, status);
  status.Check();
  return value;
}

int64_t Attributes::Int(const char* name) const {
  int64_t value = 0;
  Status status;
  TF_OpKernelConstruction_GetAttrInt64(construction_, name, &value, status);
  status.Check();
  return value;
}

bool Attributes::Bool(const char* name) const {
  TF_Bool value = 0;
  Status status;
  TF_OpKernelConstruction_GetAttrBool(construction_, name, &value, status);
  status.Check();
  return value != 0;
}

std::string Attributes::Text(const char* name) const {
  Status status;
  int32_t list_size = 0, bytes = 0;
  TF_OpKernelConstruction_GetAttrSize(construction_, name, &list_size, &bytes, status);
  status.Check();
  std::string value(bytes, '\0');
  TF_OpKernelConstruction_GetAttrString(construction_, name, value.data(), value.size(), status);
  status.Check();
  return value;
}

TensorPointer KernelContext::Input(int index) const {
  TF_Tensor* input = nullptr;
  Status status;
  TF_GetInput(context_, index, &input, status);
  status.Check();
  return TensorPointer(input);
}

TensorPointer KernelContext::Output(int index, const std::vector<int64_t>& shape) const {
  size_t bytes = sizeof(float);
  for (const int64_t size : shape) bytes *= static_cast<size_t>(size);
  Status status;
  TensorPointer output(
      TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), static_cast<int>(shape.size()), bytes, status));
  status.Check();
  return output;
}

TensorPointer KernelContext::ForwardInputOrAllocate(int input, int index) const {
  const std::vector<int64_t> shape = ShapeOf(Input(input).get());
  int forwarded = -1;
  Status status;
  TensorPointer output(TF_ForwardInputOrAllocateOutput(context_, &input, 1, index, shape.data(),
                                                       static_cast<int>(shape.size()), &forwarded, status));
  status.Check();
  return output;
}

}  // namespace wsban
