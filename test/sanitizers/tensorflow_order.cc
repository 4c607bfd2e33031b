// Declares TensorFlow's synchronization to ThreadSanitizer, which sees neither its locks nor its atomics, as TensorFlow is not instrumented. The linker
// redirects the addon's calls to these wrappers (--wrap). They state TensorFlow's guarantee: writes before an operation is executed, or before a
// kernel releases a tensor, happen before reads by the receiver of the tensor. They order nothing within a kernel, where the addon's threads run.

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
