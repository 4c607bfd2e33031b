// An allocator that fails on request, for LD_PRELOAD. The file named by WSBAN_FAIL_CONTROL contains a struct Control: the process under test
// writes its requests into it and reads the counts.
//
// Build: g++ -O2 -shared -fPIC -o fail_malloc.so fail_malloc.cc

#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>

extern "C" void* __libc_memalign(size_t alignment, size_t size);

namespace {

enum Kind : int64_t {
  kNone,
  // Allocations of the addon by `new`: its containers and closures.
  kAddon,
  // TensorFlow's aligned memory: its tensors and oneDNN's workspaces.
  kTensors,
};

struct Control {
  std::atomic<int64_t> kind;
  // The number of allocations that succeed before one fails; negative after it failed.
  std::atomic<int64_t> before;
  std::atomic<int64_t> seen;
  std::atomic<int64_t> failed;
  std::atomic<int64_t> least_bytes;
};

Control* control = nullptr;

__attribute__((constructor)) void Open() {
  const char* const name = getenv("WSBAN_FAIL_CONTROL");
  if (name == nullptr) return;
  const int file = open(name, O_RDWR);
  if (file < 0) return;
  void* const mapped = mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) control = static_cast<Control*>(mapped);
  // The first call to backtrace loads a library, which must not happen in a signal handler.
  void* frame = nullptr;
  backtrace(&frame, 1);
}

// Prints the stack, whose frames tell whether the addon or TensorFlow crashed after the failed allocation.
void OnCrash(int) {
  void* frames[30];
  backtrace_symbols_fd(frames, backtrace(frames, 30), 2);
  _exit(86);
}

// Called at the first failure, after Node has installed its own handlers.
void WatchForCrashes() {
  struct sigaction action = {};
  action.sa_handler = OnCrash;
  for (const int number : {SIGSEGV, SIGABRT, SIGILL, SIGTRAP}) sigaction(number, &action, nullptr);
}

bool Fails(size_t size) {
  if (static_cast<int64_t>(size) < control->least_bytes) return false;
  control->seen++;
  if (control->before-- != 0) return false;
  control->failed++;
  WatchForCrashes();
  return true;
}

// The address range of a module's code.
struct Code {
  const char* const name;
  std::atomic<uintptr_t> begin{0}, end{0};

  // Allocations of other modules succeed, as Node and V8 abort when they are out of memory.
  bool Has(void* caller) {
    if (begin == 0) dl_iterate_phdr(Find, this);
    const auto at = reinterpret_cast<uintptr_t>(caller);
    return at >= begin && at < end;
  }

  static int Find(dl_phdr_info* module, size_t, void* code) {
    auto* const self = static_cast<Code*>(code);
    if (strstr(module->dlpi_name, self->name) == nullptr) return 0;
    for (int index = 0; index < module->dlpi_phnum; index++) {
      const ElfW(Phdr)& segment = module->dlpi_phdr[index];
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
      self->end = module->dlpi_addr + segment.p_vaddr + segment.p_memsz;
      self->begin = module->dlpi_addr + segment.p_vaddr;
    }
    return 1;
  }
};

Code addon{"tfjs_binding.node"}, tensorflow{"libtensorflow_cc.so"}, framework{"libtensorflow_framework.so"};

bool TensorFails(size_t size, void* caller) {
  return control != nullptr && control->kind == kTensors && (tensorflow.Has(caller) || framework.Has(caller)) && Fails(size);
}

void* New(size_t size, void* caller) {
  if (control != nullptr && control->kind == kAddon && addon.Has(caller) && Fails(size)) throw std::bad_alloc();
  void* const memory = malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(size_t size) { return New(size, __builtin_return_address(0)); }
void* operator new[](size_t size) { return New(size, __builtin_return_address(0)); }
void operator delete(void* pointer) noexcept { free(pointer); }
void operator delete[](void* pointer) noexcept { free(pointer); }
void operator delete(void* pointer, size_t) noexcept { free(pointer); }
void operator delete[](void* pointer, size_t) noexcept { free(pointer); }

extern "C" {

int posix_memalign(void** pointer, size_t alignment, size_t size) {
  void* const memory = TensorFails(size, __builtin_return_address(0)) ? nullptr : __libc_memalign(alignment, size);
  if (memory == nullptr) return ENOMEM;
  *pointer = memory;
  return 0;
}

void* memalign(size_t alignment, size_t size) {
  if (!TensorFails(size, __builtin_return_address(0))) return __libc_memalign(alignment, size);
  errno = ENOMEM;
  return nullptr;
}

void* aligned_alloc(size_t alignment, size_t size) {
  if (!TensorFails(size, __builtin_return_address(0))) return __libc_memalign(alignment, size);
  errno = ENOMEM;
  return nullptr;
}
}
