// Run when the addon is loaded, on the thread that loads it.
//
// oneDNN's generated matrix products let the stack pointer point into the heap for a while (uxlfoundation/oneDNN, issue 4845; mended in
// 2026, after TensorFlow 2.16). A signal's handler that runs on such a thread writes there, and the process ends with "corrupted size vs.
// prev_size": about once in two thousand signals, a Ctrl-C or a window that changes its size. So the thread that loads this, and those that
// TensorFlow starts from it, do not take signals. The system hands them to another of Node's threads; libuv's handler is the same on each.

#include "signals.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <initializer_list>
#include <iterator>

namespace {

__attribute__((constructor)) void LeaveSignalsToOtherThreads() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCHLD, SIGCONT, SIGUSR1, SIGUSR2}) {
    sigaddset(&signals, number);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

constexpr int kStopSignals[] = {SIGINT, SIGTERM};
// npm passes on the Ctrl-C that the terminal has sent to everybody already: what comes this soon is the same request.
constexpr int64_t kSameRequestNanoseconds = 100'000'000;
constexpr int kInterrupted = 130;

struct sigaction previous[std::size(kStopSignals)];
std::atomic<int64_t> asked_at{0};
static_assert(std::atomic<int64_t>::is_always_lock_free, "a signal's handler may not wait");

// Calls nothing but what POSIX allows in a handler.
void OnStopSignal(int number, siginfo_t* info, void* context) {
  const int error = errno;
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  const int64_t now = int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  int64_t first = 0;
  if (!asked_at.compare_exchange_strong(first, now) && now - first > kSameRequestNanoseconds) _exit(kInterrupted);
  for (size_t index = 0; index < std::size(kStopSignals); index++) {
    if (kStopSignals[index] != number) continue;
    const struct sigaction& before = previous[index];
    if ((before.sa_flags & SA_SIGINFO) != 0) {
      before.sa_sigaction(number, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
      before.sa_handler(number);
    }
  }
  errno = error;
}

}  // namespace

namespace wsban {

void ExitOnRepeatedSignal(bool on) {
  static bool installed = false;
  if (on == installed) return;
  installed = on;
  asked_at = 0;
  for (size_t index = 0; index < std::size(kStopSignals); index++) {
    if (!on) {
      sigaction(kStopSignals[index], &previous[index], nullptr);
      continue;
    }
    struct sigaction own = {};
    own.sa_sigaction = OnStopSignal;
    own.sa_flags = SA_SIGINFO | SA_RESTART;
    sigfillset(&own.sa_mask);
    sigaction(kStopSignals[index], &own, &previous[index]);
  }
}

}  // namespace wsban
