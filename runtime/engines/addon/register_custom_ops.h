#pragma once

namespace wsban {

// Registers all custom ops with TensorFlow. Must run once per process, before the first call.
void RegisterCustomOps();

}  // namespace wsban
