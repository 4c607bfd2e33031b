#pragma once

#include <cstdint>
#include <functional>

namespace wsban {

// Calls `part(0)` to `part(parts - 1)`, each once, on all cores; returns when all are done. Which thread takes which part is left to chance: a part
// must not depend on others. Throws what a part threw, once all have ended.
void InParallel(int64_t parts, const std::function<void(int64_t)>& part);

// Calls `range(first, end)` for ranges that cover 0 to `count`; a range is worth waking a thread for if its cells are so many.
void OverCells(int64_t count, const std::function<void(int64_t, int64_t)>& range);

}  // namespace wsban
