// Blocks signals on the thread that loads the addon, and on the threads that TensorFlow starts from it, which inherit its signal mask.
//
// oneDNN's generated matrix multiplications temporarily point the stack pointer into the heap (uxlfoundation/oneDNN, issue 4845; fixed in
// 2026, after TensorFlow 2.16). A signal handler on such a thread overwrites the heap, and the process aborts with "corrupted size vs.
// prev_size". This happens for about one signal in two thousand, such as a Ctrl-C or a resized terminal window. The kernel delivers blocked
// signals to another thread of Node, where libuv's handler works as well.

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

__attribute__((constructor)) void BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCHLD, SIGCONT, SIGUSR1, SIGUSR2}) {
    sigaddset(&signals, number);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

constexpr int kStopSignals[] = {SIGINT, SIGTERM};
// The terminal sends Ctrl-C to the whole process group, and npm forwards it as well. A signal within this time belongs to the same request.
constexpr int64_t kSameRequestNanoseconds = 100'000'000;
constexpr int kInterruptedExitCode = 130;

struct sigaction previous_actions[std::size(kStopSignals)];
std::atomic<int64_t> first_signal_at{0};
static_assert(std::atomic<int64_t>::is_always_lock_free, "a signal handler must not take a lock");

// Calls only async-signal-safe functions.
void OnStopSignal(int number, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  const int64_t now = int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  int64_t first = 0;
  if (!first_signal_at.compare_exchange_strong(first, now) && now - first > kSameRequestNanoseconds) _exit(kInterruptedExitCode);
  for (size_t index = 0; index < std::size(kStopSignals); index++) {
    if (kStopSignals[index] != number) continue;
    const struct sigaction& before = previous_actions[index];
    if ((before.sa_flags & SA_SIGINFO) != 0) {
      before.sa_sigaction(number, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
      before.sa_handler(number);
    }
  }
  errno = saved_errno;
}

}  // namespace

namespace wsban {

void ExitOnRepeatedSignal(bool enabled) {
  static bool installed = false;
  if (enabled == installed) return;
  installed = enabled;
  first_signal_at = 0;
  for (size_t index = 0; index < std::size(kStopSignals); index++) {
    if (!enabled) {
      sigaction(kStopSignals[index], &previous_actions[index], nullptr);
      continue;
    }
    struct sigaction action = {};
    action.sa_sigaction = OnStopSignal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigfillset(&action.sa_mask);
    sigaction(kStopSignals[index], &action, &previous_actions[index]);
  }
}

}  // namespace wsban
