#pragma once

namespace wsban {

// While enabled, the second SIGINT or SIGTERM ends the process immediately with exit code 130, even if JavaScript is blocked by a long
// computation and cannot handle the signal. The first signal is passed to the handlers that were installed when this was enabled. Disable it
// before those handlers change.
void ExitOnRepeatedSignal(bool enabled);

}  // namespace wsban
