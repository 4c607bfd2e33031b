#pragma once

namespace wsban {

// While on, the second SIGINT or SIGTERM ends the process at once with exit code 130, though JavaScript, which is in the middle of a long
// computation, cannot be told. The first goes on to the handlers that were there when this was turned on. It is turned off before they change.
void ExitOnRepeatedSignal(bool on);

}  // namespace wsban
