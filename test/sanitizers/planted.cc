// Faults that a sanitizer must report, done while the addon is loaded where WSBAN_PLANTED_FAULT names one: a sanitizer that is not at work
// would otherwise look like an addon without faults.

#include <climits>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

volatile int shared = 0;

__attribute__((constructor)) void Plant() {
  const char* const fault = std::getenv("WSBAN_PLANTED_FAULT");
  if (fault == nullptr) return;
  if (std::strcmp(fault, "address") == 0) {
    std::vector<int> numbers(10);
    volatile int* const first = numbers.data();
    shared = first[10];
  } else if (std::strcmp(fault, "undefined") == 0) {
    shared = INT_MAX;
    shared = shared + 1;
  } else if (std::strcmp(fault, "thread") == 0) {
    // Two threads: ThreadSanitizer ignores the loading one, as it is within a function of the C library that Node has called.
    const auto race = [] { shared = shared + 1; };
    std::thread one(race), other(race);
    one.join();
    other.join();
  }
}

}  // namespace
