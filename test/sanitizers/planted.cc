// Commits the fault named by WSBAN_PLANTED_FAULT while the addon is loaded, which shows that the sanitizer is active: one that is not would report
// nothing.

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
    // Two new threads, as ThreadSanitizer ignores the loading thread, which is inside dlopen.
    const auto race = [] { shared = shared + 1; };
    std::thread one(race), other(race);
    one.join();
    other.join();
  }
}

}  // namespace
