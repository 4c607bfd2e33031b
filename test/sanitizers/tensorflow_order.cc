// For ThreadSanitizer, which sees neither the locks nor the atomics of TensorFlow, as that is not compiled for it. The linker lets the addon's
// calls of TensorFlow's functions go through these (--wrap), which tell what TensorFlow promises: what was written before an operation was
// executed or a kernel's tensor was let go is seen by whoever gets the tensor. It orders nothing within a kernel, where the addon's own threads are.

#include "tensorflow/c/eager/c_api.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/tf_tensor.h"

extern "C" {

void __tsan_acquire(void* address);
void __tsan_release(void* address);

static char order;

void __real_TFE_Execute(TFE_Op* op, TFE_TensorHandle** outputs, int* count, TF_Status* status);
void __wrap_TFE_Execute(TFE_Op* op, TFE_TensorHandle** outputs, int* count, TF_Status* status) {
  __tsan_release(&order);
  __real_TFE_Execute(op, outputs, count, status);
  __tsan_acquire(&order);
}

TF_Tensor* __real_TFE_TensorHandleResolve(TFE_TensorHandle* handle, TF_Status* status);
TF_Tensor* __wrap_TFE_TensorHandleResolve(TFE_TensorHandle* handle, TF_Status* status) {
  TF_Tensor* const tensor = __real_TFE_TensorHandleResolve(handle, status);
  __tsan_acquire(&order);
  return tensor;
}

TFE_TensorHandle* __real_TFE_NewTensorHandle(const TF_Tensor* tensor, TF_Status* status);
TFE_TensorHandle* __wrap_TFE_NewTensorHandle(const TF_Tensor* tensor, TF_Status* status) {
  __tsan_release(&order);
  return __real_TFE_NewTensorHandle(tensor, status);
}

void __real_TF_GetInput(TF_OpKernelContext* context, int index, TF_Tensor** tensor, TF_Status* status);
void __wrap_TF_GetInput(TF_OpKernelContext* context, int index, TF_Tensor** tensor, TF_Status* status) {
  __tsan_acquire(&order);
  __real_TF_GetInput(context, index, tensor, status);
}

void __real_TF_DeleteTensor(TF_Tensor* tensor);
void __wrap_TF_DeleteTensor(TF_Tensor* tensor) {
  __tsan_release(&order);
  __real_TF_DeleteTensor(tensor);
}
}
