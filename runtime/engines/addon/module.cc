// The addon's JavaScript interface: the functions and constants of the binding that TensorFlow.js's Node backend uses, and additional functions.

#include <napi.h>

#include <cstring>
#include <stdexcept>
#include <utility>

#include "engine.h"
#include "signals.h"
#include "tensorflow/c/c_api.h"

namespace wsban {

namespace {

std::vector<int64_t> IntList(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<int64_t> values(array.Length());
  for (uint32_t index = 0; index < values.size(); index++) {
    values[index] = array.Get(index).ToNumber().Int64Value();
  }
  return values;
}

AttributeValue ValueOf(int type, const Napi::Value& value) {
  const bool list = value.IsArray();
  const uint32_t length = list ? value.As<Napi::Array>().Length() : 0;
  switch (type) {
    case TF_ATTR_STRING:
      return value.ToString().Utf8Value();
    case TF_ATTR_INT:
      if (list) return IntList(value);
      return value.ToNumber().Int64Value();
    case TF_ATTR_FLOAT: {
      if (!list) return value.ToNumber().FloatValue();
      std::vector<float> values;
      for (uint32_t index = 0; index < length; index++) {
        values.push_back(value.As<Napi::Array>().Get(index).ToNumber().FloatValue());
      }
      return values;
    }
    case TF_ATTR_BOOL: {
      if (!list) return value.ToBoolean().Value();
      std::vector<unsigned char> flags;
      for (uint32_t index = 0; index < length; index++) {
        flags.push_back(value.As<Napi::Array>().Get(index).ToBoolean().Value() ? 1 : 0);
      }
      return flags;
    }
    case TF_ATTR_TYPE:
      return static_cast<TF_DataType>(value.ToNumber().Int32Value());
    case TF_ATTR_SHAPE:
      return Shape{IntList(value)};
    default:
      throw std::runtime_error("unsupported attribute type " + std::to_string(type));
  }
}

// Returns the kind of typed array that the values of a tensor are read into.
napi_typedarray_type ArrayKind(TF_DataType type) {
  switch (type) {
    case TF_FLOAT:
    case TF_COMPLEX64:
      return napi_float32_array;
    case TF_INT32:
      return napi_int32_array;
    case TF_INT64:
      return napi_bigint64_array;
    case TF_BOOL:
    case TF_UINT8:
      return napi_uint8_array;
    default:
      throw std::runtime_error("reading tensors of TensorFlow data type " + std::to_string(type) + " is not supported");
  }
}

}  // namespace

class Module : public Napi::Addon<Module> {
 public:
  Module(Napi::Env env, Napi::Object exports) {
    const auto number = [&](int value) { return Napi::Number::New(env, value); };
    DefineAddon(exports, {
                             InstanceMethod("createTensor", &Module::CreateTensor),
                             InstanceMethod("deleteTensor", &Module::DeleteTensor),
                             InstanceMethod("tensorDataSync", &Module::TensorData),
                             InstanceMethod("executeOp", &Module::ExecuteOp),
                             InstanceMethod("isUsingGpuDevice", &Module::IsUsingGpuDevice),
                             InstanceMethod("getNumOfTensors", &Module::TensorCount),
                             InstanceMethod("setSideStream", &Module::SetSideStream),
                             InstanceMethod("donateInputs", &Module::DonateInputs),
                             InstanceMethod("setBlocking", &Module::SetBlocking),
                             InstanceMethod("exitOnRepeatedSignal", &Module::ExitOnRepeated),
                             InstanceValue("TF_Version", Napi::String::New(env, TF_Version()), napi_enumerable),
                             InstanceValue("TF_FLOAT", number(TF_FLOAT), napi_enumerable),
                             InstanceValue("TF_INT32", number(TF_INT32), napi_enumerable),
                             InstanceValue("TF_INT64", number(TF_INT64), napi_enumerable),
                             InstanceValue("TF_BOOL", number(TF_BOOL), napi_enumerable),
                             InstanceValue("TF_COMPLEX64", number(TF_COMPLEX64), napi_enumerable),
                             InstanceValue("TF_STRING", number(TF_STRING), napi_enumerable),
                             InstanceValue("TF_RESOURCE", number(TF_RESOURCE), napi_enumerable),
                             InstanceValue("TF_UINT8", number(TF_UINT8), napi_enumerable),
                             InstanceValue("TF_ATTR_STRING", number(TF_ATTR_STRING), napi_enumerable),
                             InstanceValue("TF_ATTR_INT", number(TF_ATTR_INT), napi_enumerable),
                             InstanceValue("TF_ATTR_FLOAT", number(TF_ATTR_FLOAT), napi_enumerable),
                             InstanceValue("TF_ATTR_BOOL", number(TF_ATTR_BOOL), napi_enumerable),
                             InstanceValue("TF_ATTR_TYPE", number(TF_ATTR_TYPE), napi_enumerable),
                             InstanceValue("TF_ATTR_SHAPE", number(TF_ATTR_SHAPE), napi_enumerable),
                         });
  }

 private:
  // (shape, type, typed array) -> tensor id
  Napi::Value CreateTensor(const Napi::CallbackInfo& info) {
    if (!info[2].IsTypedArray()) throw std::runtime_error("the values of a tensor must be a typed array; strings are not supported");
    std::vector<int64_t> shape = IntList(info[0]);
    const auto type = static_cast<TF_DataType>(info[1].ToNumber().Int32Value());
    const auto array = info[2].As<Napi::TypedArray>();
    size_t bytes = TF_DataTypeSize(type);
    for (const int64_t size : shape) bytes *= static_cast<size_t>(size);
    if (array.ByteLength() != bytes) {
      throw std::runtime_error("expected " + std::to_string(bytes) + " bytes of values for the shape, got " +
                               std::to_string(array.ByteLength()));
    }
    const auto* data = static_cast<const char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
    return Napi::Number::New(info.Env(), engine_.Create(type, std::move(shape), data, bytes));
  }

  // (tensor id)
  void DeleteTensor(const Napi::CallbackInfo& info) { engine_.Delete(info[0].ToNumber().Int32Value()); }

  // (tensor id) -> typed array
  Napi::Value TensorData(const Napi::CallbackInfo& info) {
    const TensorPointer tensor = engine_.Read(info[0].ToNumber().Int32Value());
    const napi_typedarray_type kind = ArrayKind(TF_TensorType(tensor.get()));
    const size_t bytes = TF_TensorByteSize(tensor.get());
    auto buffer = Napi::ArrayBuffer::New(info.Env(), bytes);
    if (bytes > 0) std::memcpy(buffer.Data(), TF_TensorData(tensor.get()), bytes);
    const size_t width = kind == napi_uint8_array ? 1 : kind == napi_bigint64_array ? 8 : 4;
    napi_value array = nullptr;
    if (napi_create_typedarray(info.Env(), kind, bytes / width, buffer, 0, &array) != napi_ok) {
      throw Napi::Error::New(info.Env());
    }
    return Napi::Value(info.Env(), array);
  }

  // (operation, attributes as { name, type, value }, input ids, number of outputs) -> outputs as { id, shape, dtype }
  Napi::Value ExecuteOp(const Napi::CallbackInfo& info) {
    Call call;
    // Reset before anything that can fail, so that a donation never applies to the next call.
    call.donated_inputs = std::exchange(donated_inputs_, 0);
    call.operation = info[0].ToString().Utf8Value();
    const auto attributes = info[1].As<Napi::Array>();
    for (uint32_t index = 0; index < attributes.Length(); index++) {
      const auto attribute = attributes.Get(index).As<Napi::Object>();
      const int type = attribute.Get("type").ToNumber().Int32Value();
      call.attributes.push_back({attribute.Get("name").ToString().Utf8Value(), ValueOf(type, attribute.Get("value"))});
    }
    for (const int64_t id : IntList(info[2])) call.inputs.push_back(static_cast<int32_t>(id));
    call.num_outputs = info[3].ToNumber().Int32Value();

    const std::vector<int32_t> ids = engine_.Execute(call);
    auto outputs = Napi::Array::New(info.Env(), ids.size());
    for (uint32_t index = 0; index < ids.size(); index++) {
      const TensorMetadata& metadata = engine_.MetadataOf(ids[index]);
      auto shape = Napi::Array::New(info.Env(), metadata.shape.size());
      for (uint32_t dimension = 0; dimension < metadata.shape.size(); dimension++) {
        shape.Set(dimension, static_cast<double>(metadata.shape[dimension]));
      }
      auto output = Napi::Object::New(info.Env());
      output.Set("id", ids[index]);
      output.Set("shape", shape);
      output.Set("dtype", static_cast<int>(metadata.type));
      outputs.Set(index, output);
    }
    return outputs;
  }

  Napi::Value IsUsingGpuDevice(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), engine_.UsesGpu());
  }

  Napi::Value TensorCount(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(engine_.TensorCount()));
  }

  // (boolean)
  void SetSideStream(const Napi::CallbackInfo& info) { engine_.SetSideStream(info[0].ToBoolean().Value()); }

  // (number of inputs)
  void DonateInputs(const Napi::CallbackInfo& info) { donated_inputs_ = info[0].ToNumber().Int32Value(); }

  // (boolean)
  void SetBlocking(const Napi::CallbackInfo& info) { engine_.SetBlocking(info[0].ToBoolean().Value()); }

  // (boolean)
  void ExitOnRepeated(const Napi::CallbackInfo& info) { ExitOnRepeatedSignal(info[0].ToBoolean().Value()); }

  Engine engine_;
  int donated_inputs_ = 0;
};

NODE_API_ADDON(Module)

}  // namespace wsban
