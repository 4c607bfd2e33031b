#include "parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <thread>

namespace wsban {

namespace {

struct Job {
  Job(const std::function<void(int64_t)>& part, int64_t parts) : part(part), parts(parts) {}

  // The caller's, who waits for all parts; whoever comes later finds none left.
  const std::function<void(int64_t)>& part;
  const int64_t parts;
  std::atomic<int64_t> next{0};
  std::atomic<int64_t> done{0};
  std::mutex mutex;
  std::condition_variable finished;
  // Of the first part that failed.
  std::exception_ptr error;

  // Takes parts until none is left. A part that throws counts as done: the others still use what the caller owns, who must wait for them, and
  // an exception that leaves a helper's thread would end the process.
  void Work() noexcept {
    for (int64_t index = next++; index < parts; index = next++) {
      try {
        part(index);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (error == nullptr) error = std::current_exception();
      }
      if (++done < parts) continue;
      const std::lock_guard<std::mutex> lock(mutex);
      finished.notify_all();
    }
  }

  // Throws what the first failed part threw.
  void Wait() {
    std::unique_lock<std::mutex> lock(mutex);
    finished.wait(lock, [this] { return done == parts; });
    if (error != nullptr) std::rethrow_exception(error);
  }
};

// One thread for each core but the caller's. They live as long as the process.
class Helpers {
 public:
  static Helpers& All() {
    static Helpers* const helpers = new Helpers;
    return *helpers;
  }

  int64_t Count() const { return count_; }

  void Call(const std::shared_ptr<Job>& job, int64_t helpers) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      try {
        for (int64_t index = 0; index < helpers; index++) jobs_.push_back(job);
      } catch (const std::bad_alloc&) {
        // The caller takes the parts that no helper does.
      }
    }
    for (int64_t index = 0; index < helpers; index++) called_.notify_one();
  }

 private:
  Helpers() {
    const int64_t wanted = std::max(1U, std::thread::hardware_concurrency()) - 1;
    try {
      for (; count_ < wanted; count_++) std::thread([this] { Help(); }).detach();
    } catch (const std::exception&) {
      // No memory, or no more threads for this user: those that are running must keep `this`, and are enough.
    }
  }

  [[noreturn]] void Help() {
    for (;;) {
      std::shared_ptr<Job> job;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        called_.wait(lock, [this] { return !jobs_.empty(); });
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      job->Work();
    }
  }

  int64_t count_ = 0;
  std::mutex mutex_;
  std::condition_variable called_;
  std::deque<std::shared_ptr<Job>> jobs_;
};

}  // namespace

void InParallel(int64_t parts, const std::function<void(int64_t)>& part) {
  const int64_t helpers = std::min(Helpers::All().Count(), parts - 1);
  const auto job = std::make_shared<Job>(part, parts);
  if (helpers > 0) Helpers::All().Call(job, helpers);
  job->Work();
  if (parts > 0) job->Wait();
}

void OverCells(int64_t count, const std::function<void(int64_t, int64_t)>& range) {
  constexpr int64_t kWorth = 100'000;
  const int64_t ranges = std::clamp<int64_t>(count / kWorth, 1, 2 * (Helpers::All().Count() + 1));
  InParallel(ranges, [&](int64_t index) { range(count * index / ranges, count * (index + 1) / ranges); });
}

}  // namespace wsban
