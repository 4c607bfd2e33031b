#pragma once

#include <algorithm>
#include <thread>
#include <vector>

namespace wsban {

// Calls `part(first, end)` for parts of 0 to `count`, on as many threads as there are cores and as the work is worth.
template <typename Part>
void InParallel(int64_t count, int64_t work, const Part& part) {
  // Starting a thread takes about as long as so many steps.
  constexpr int64_t kWorth = 200'000;
  const int64_t cores = std::max(1U, std::thread::hardware_concurrency());
  const int64_t threads = std::max<int64_t>(1, std::min({count, cores, work / kWorth}));
  std::vector<std::thread> others;
  for (int64_t index = 1; index < threads; index++) {
    others.emplace_back([&, index] { part(count * index / threads, count * (index + 1) / threads); });
  }
  part(0, count / threads);
  for (std::thread& other : others) other.join();
}

}  // namespace wsban
