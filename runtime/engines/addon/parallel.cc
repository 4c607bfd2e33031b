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
  Job(const std::function<void(int64_t)>& task, int64_t tasks) : task(task), tasks(tasks) {}

  // Owned by the caller, who waits for all tasks; a worker thread that arrives later finds none left and does not call it.
  const std::function<void(int64_t)>& task;
  const int64_t tasks;
  std::atomic<int64_t> next{0};
  std::atomic<int64_t> done{0};
  std::mutex mutex;
  std::condition_variable finished;
  // Thrown by the first task that failed.
  std::exception_ptr error;

  // Runs tasks until none is left. A task that throws counts as done: the other tasks still use the caller's data, so the caller must wait for
  // them, and an exception that escapes from a worker thread would terminate the process.
  void Work() noexcept {
    for (int64_t index = next++; index < tasks; index = next++) {
      try {
        task(index);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (error == nullptr) error = std::current_exception();
      }
      if (++done < tasks) continue;
      const std::lock_guard<std::mutex> lock(mutex);
      finished.notify_all();
    }
  }

  // Waits for all tasks, and rethrows the first exception.
  void Wait() {
    std::unique_lock<std::mutex> lock(mutex);
    finished.wait(lock, [this] { return done == tasks; });
    if (error != nullptr) std::rethrow_exception(error);
  }
};

// One thread for each core but the caller's. They run until the process exits.
class WorkerThreads {
 public:
  static WorkerThreads& Instance() {
    static WorkerThreads* const workers = new WorkerThreads;
    return *workers;
  }

  int64_t Count() const { return count_; }

  void Enqueue(const std::shared_ptr<Job>& job, int64_t workers) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      try {
        for (int64_t index = 0; index < workers; index++) jobs_.push_back(job);
      } catch (const std::bad_alloc&) {
        // The caller runs the tasks that no worker takes.
      }
    }
    for (int64_t index = 0; index < workers; index++) available_.notify_one();
  }

 private:
  WorkerThreads() {
    const int64_t wanted = std::max(1U, std::thread::hardware_concurrency()) - 1;
    try {
      for (; count_ < wanted; count_++) std::thread([this] { Run(); }).detach();
    } catch (const std::exception&) {
      // Out of memory, or at the user's limit of threads. The threads that were started use `this`, so the constructor must not throw.
    }
  }

  [[noreturn]] void Run() {
    for (;;) {
      std::shared_ptr<Job> job;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        available_.wait(lock, [this] { return !jobs_.empty(); });
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      job->Work();
    }
  }

  int64_t count_ = 0;
  std::mutex mutex_;
  std::condition_variable available_;
  std::deque<std::shared_ptr<Job>> jobs_;
};

}  // namespace

void ParallelFor(int64_t count, const std::function<void(int64_t)>& task) {
  const int64_t workers = std::min(WorkerThreads::Instance().Count(), count - 1);
  const auto job = std::make_shared<Job>(task, count);
  if (workers > 0) WorkerThreads::Instance().Enqueue(job, workers);
  job->Work();
  if (count > 0) job->Wait();
}

void ParallelForRange(int64_t count, const std::function<void(int64_t, int64_t)>& task) {
  constexpr int64_t kMinElementsPerRange = 100'000;
  const int64_t ranges =
      std::clamp<int64_t>(count / kMinElementsPerRange, 1, 2 * (WorkerThreads::Instance().Count() + 1));
  ParallelFor(ranges, [&](int64_t index) { task(count * index / ranges, count * (index + 1) / ranges); });
}

}  // namespace wsban
