#pragma once

namespace wsban {

// Adds all operations of our own to TensorFlow's. Once a process, before the first call.
void RegisterOwnOperations();

}  // namespace wsban
