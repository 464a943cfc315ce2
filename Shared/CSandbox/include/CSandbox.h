// What a plugin's process may not do, enforced by the kernel for root too. Each step is its own function, so
// that the caller can say which one this kernel does not have. Nothing here allocates or keeps state.
//
// Order: sandbox_privileges, sandbox_limits, sandbox_files, sandbox_calls, then the plugin's first byte.
// Linux only; elsewhere every step answers SANDBOX_UNSUPPORTED.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Results: 0 when it holds from now on, SANDBOX_UNSUPPORTED where the kernel has none of it, else an errno.
#define SANDBOX_UNSUPPORTED (-1)

// Ends this process when the thread of the parent that started it ends; `parent` is who that should be.
// ESRCH when it is gone already.
int sandbox_follow(int64_t parent);

// Drops every capability for good, so that a plugin of root cannot raise its limits again.
int sandbox_privileges(void);

// Bytes of address space, seconds of processor time, open files; no core dumps, no byte written to a file.
int sandbox_limits(uint64_t memory, uint64_t processor_seconds, uint64_t files);

// Files (Landlock): only what lies below `readable` can be read and executed, nothing written, but /dev/null;
// no TCP. Paths that do not exist are left out.
int sandbox_files(const char *const *readable, size_t count);

// System calls (seccomp): no new processes, no sockets, no signals to others, no tracing, no mounting, no
// raising of limits. Threads are allowed. A forbidden call answers EPERM.
int sandbox_calls(void);

// The version of Landlock here; 0 for none.
int sandbox_landlock_version(void);

// What can be tried with sandbox_holds.
#define SANDBOX_MEMORY 0
#define SANDBOX_PROCESSOR 1
#define SANDBOX_DESCRIPTORS 2
#define SANDBOX_READING 3
#define SANDBOX_WRITING 4
#define SANDBOX_PROCESSES 5
#define SANDBOX_NETWORK 6
#define SANDBOX_SIGNALS 7

// 1 when a process that has gone through all steps is refused this, 0 when it is not. It is tried in a child;
// the processor time takes a second. For a process with one thread.
int sandbox_holds(int what);

// What C code of this process prints is there line by line, should it end in the next moment.
void sandbox_print_lines(void);

// Closes every descriptor above 2.
void sandbox_close_descriptors(void);

#ifdef __cplusplus
}
#endif
