/*
 * An allocator for finding kernels that write outside their buffers, to be loaded before everything else (LD_PRELOAD). Aligned allocations,
 * which are TensorFlow's tensors and oneDNN's workspaces, end near a page that must not be touched; what lies between the end of the buffer and
 * that page, and before the buffer, is filled with a pattern that `free` checks. Freed memory must not be touched again.
 *
 * Build: cc -O2 -shared -fPIC -o guard_malloc.so guard_malloc.c
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

extern void __libc_free(void *);
extern void *__libc_realloc(void *, size_t);

/* Vector loads may read a register's length behind a buffer; writes there are found when it is freed. */
enum { kPage = 4096, kSlack = 64, kPattern = 0xCB, kMagic = 0x57534231 };
/* Addresses, not memory: each allocation takes new ones. */
static const size_t kRegion = (size_t)1 << 43;

struct Header {
  uint32_t magic;
  size_t size;
  size_t span;
  unsigned char *data;
};

static unsigned char *region;
static _Atomic size_t used;
static _Atomic int started;

/* The functions on the stack, then the end. Names are mangled: c++filt reads them. */
static void end(const char *text) {
  void *frames[40];
  ssize_t written = write(2, text, strlen(text));
  (void)written;
  backtrace_symbols_fd(frames, backtrace(frames, 40), 2);
  _exit(86);
}

static int ours(const void *pointer) {
  const unsigned char *at = pointer;
  return region != NULL && at >= region && at < region + kRegion;
}

/* Vector loads may reach behind a buffer, and what they read there is not used: the page is made readable. A write is the end. */
static void onFault(int signal, siginfo_t *info, void *context) {
  (void)signal;
  const ucontext_t *machine = context;
  const int writes = (machine->uc_mcontext.gregs[REG_ERR] & 2) != 0;
  unsigned char *page = (unsigned char *)((uintptr_t)info->si_addr / kPage * kPage);
  if (ours(info->si_addr) && !writes && mprotect(page, kPage, PROT_READ) == 0) return;
  end(writes ? "guard_malloc: a write outside of every buffer\n" : "guard_malloc: a read outside of every buffer\n");
}

/* oneDNN's matrix products point the stack pointer elsewhere while they run: the handler needs a stack of its own in each thread. */
static void giveSignalStack(void) {
  const size_t size = 1 << 16;
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  const stack_t stack = {.ss_sp = memory, .ss_size = size};
  sigaltstack(&stack, NULL);
}

struct Start {
  void *(*routine)(void *);
  void *argument;
};

static void *startWithStack(void *given) {
  const struct Start start = *(struct Start *)given;
  free(given);
  giveSignalStack();
  return start.routine(start.argument);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument) {
  static int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  if (create == NULL) create = dlsym(RTLD_NEXT, "pthread_create");
  struct Start *start = malloc(sizeof *start);
  if (start == NULL) return EAGAIN;
  *start = (struct Start){routine, argument};
  return create(thread, attributes, startWithStack, start);
}

/* The addon's computing thread leaves signals to another one: faults are its own. */
int pthread_sigmask(int how, const sigset_t *set, sigset_t *before) {
  static int (*change)(int, const sigset_t *, sigset_t *);
  if (change == NULL) change = dlsym(RTLD_NEXT, "pthread_sigmask");
  if (set == NULL || how == SIG_UNBLOCK) return change(how, set, before);
  sigset_t without = *set;
  sigdelset(&without, SIGSEGV);
  sigdelset(&without, SIGBUS);
  return change(how, &without, before);
}

__attribute__((constructor)) static void watch(void) {
  const struct sigaction action = {.sa_sigaction = onFault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  giveSignalStack();
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
}

static void start(void) {
  int expected = 0;
  if (atomic_compare_exchange_strong(&started, &expected, 1)) {
    void *found = mmap(NULL, kRegion, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (found == MAP_FAILED) end("guard_malloc: no address space\n");
    region = found;
    atomic_store(&started, 2);
  }
  while (atomic_load(&started) != 2) usleep(10);
}

static size_t rounded(size_t size, size_t to) { return (size + to - 1) / to * to; }

static void *allocate(size_t alignment, size_t size) {
  if (atomic_load(&started) != 2) start();
  if (alignment < 16) alignment = 16;
  const size_t body = rounded(size + kSlack, alignment);
  const size_t pages = rounded(body + (alignment > kPage ? alignment : 0), kPage);
  /* One page for the header, one that is never readable behind the buffer. */
  const size_t span = kPage + pages + kPage;
  const size_t at = atomic_fetch_add(&used, span);
  if (at + span > kRegion) end("guard_malloc: the address space is used up\n");
  unsigned char *base = region + at;
  if (mprotect(base, kPage + pages, PROT_READ | PROT_WRITE) != 0) end("guard_malloc: no more mappings\n");
  unsigned char *end = base + kPage + pages;
  unsigned char *data = (unsigned char *)((uintptr_t)(end - body) / alignment * alignment);
  struct Header *header = (struct Header *)base;
  *header = (struct Header){kMagic, size, span, data};
  memset(base + sizeof *header, kPattern, (size_t)(data - base) - sizeof *header);
  memset(data + size, kPattern, (size_t)(end - data) - size);
  return data;
}

static struct Header *headerOf(unsigned char *data) {
  unsigned char *base = (unsigned char *)((uintptr_t)data / kPage * kPage) - kPage;
  while (((struct Header *)base)->magic != kMagic || ((struct Header *)base)->data != data) {
    base -= kPage;
    if (base < region) end("guard_malloc: free of what was not allocated\n");
  }
  return (struct Header *)base;
}

static void check(const unsigned char *from, const unsigned char *to, const char *text) {
  for (; from < to; from++)
    if (*from != kPattern) end(text);
}

int posix_memalign(void **pointer, size_t alignment, size_t size) {
  void *made = allocate(alignment, size);
  if (made == NULL) return ENOMEM;
  *pointer = made;
  return 0;
}

void *aligned_alloc(size_t alignment, size_t size) { return allocate(alignment, size); }

void *memalign(size_t alignment, size_t size) { return allocate(alignment, size); }

void free(void *pointer) {
  if (!ours(pointer)) {
    __libc_free(pointer);
    return;
  }
  struct Header *header = headerOf(pointer);
  unsigned char *base = (unsigned char *)header;
  const size_t span = header->span;
  check(base + sizeof *header, header->data, "guard_malloc: a write before the buffer\n");
  check(header->data + header->size, base + span - kPage, "guard_malloc: a write behind the buffer\n");
  /* A fresh mapping joins its neighbours: the kernel counts mappings. */
  mmap(base, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

void *realloc(void *pointer, size_t size) {
  if (!ours(pointer)) return __libc_realloc(pointer, size);
  const size_t before = headerOf(pointer)->size;
  void *moved = malloc(size);
  if (moved != NULL) memcpy(moved, pointer, before < size ? before : size);
  free(pointer);
  return moved;
}
