#pragma once

#include <cstdint>
#include <functional>

namespace wsban {

// Calls `task(0)` to `task(count - 1)`, each once, on all cores, and returns when all have finished. Tasks run on any thread and in any order, so
// they must be independent. Throws the first exception that a task threw, after all have finished.
void ParallelFor(int64_t count, const std::function<void(int64_t)>& task);

// Calls `task(begin, end)` for consecutive ranges that cover 0 to `count`, on all cores. Each range has enough elements of an elementwise
// operation to outweigh the cost of waking a thread.
void ParallelForRange(int64_t count, const std::function<void(int64_t, int64_t)>& task);

}  // namespace wsban
