// Run when the addon is loaded, on the thread that loads it.
//
// oneDNN's generated matrix products let the stack pointer point into the heap for a while (uxlfoundation/oneDNN, issue 4845; mended in
// 2026, after TensorFlow 2.16). A signal's handler that runs on such a thread writes there, and the process ends with "corrupted size vs.
// prev_size": about once in two thousand signals, a Ctrl-C or a window that changes its size. So the thread that loads this, and those that
// TensorFlow starts from it, do not take signals. The system hands them to another of Node's threads; libuv's handler is the same on each.

#include <csignal>
#include <initializer_list>

namespace {

__attribute__((constructor)) void LeaveSignalsToOtherThreads() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCHLD, SIGCONT, SIGUSR1, SIGUSR2}) {
    sigaddset(&signals, number);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace
