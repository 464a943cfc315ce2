// The filter of system calls: a list of what is forbidden, because numpy and language runtimes use calls that
// no list of allowed ones would foresee. What makes a process, reaches another process or opens a socket is
// on it; io_uring too, since its requests pass no filter.

#include "CSandbox.h"

#ifdef __linux__

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

static const int forbidden[] = {
#ifdef SYS_fork
    SYS_fork,
#endif
#ifdef SYS_vfork
    SYS_vfork,
#endif
    SYS_socket, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_ptrace,
    SYS_process_vm_readv, SYS_process_vm_writev, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot,
    SYS_setns, SYS_unshare, SYS_bpf, SYS_perf_event_open, SYS_keyctl, SYS_add_key, SYS_request_key,
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_userfaultfd, SYS_setrlimit,
    SYS_tkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_init_module, SYS_finit_module,
    SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_sethostname, SYS_settimeofday,
    SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime, SYS_msgget, SYS_semget, SYS_shmget, SYS_mq_open,
    SYS_setpgid, SYS_setsid, SYS_personality,
#ifdef SYS_pidfd_open
    SYS_pidfd_open, SYS_pidfd_send_signal, SYS_pidfd_getfd,
#endif
#ifdef SYS_kcmp
    SYS_kcmp,
#endif
#ifdef SYS_open_by_handle_at
    SYS_open_by_handle_at,
#endif
};
#define FORBIDDEN (sizeof forbidden / sizeof *forbidden)

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOW_WORD(index) \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (index))
#define HIGH_WORD(index) \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (index) + 4)
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define REFUSE(code) ANSWER(SECCOMP_RET_ERRNO | ((code) & SECCOMP_RET_DATA))
#define ALLOW ANSWER(SECCOMP_RET_ALLOW)
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))

#ifdef ARCHITECTURE

// Appends the rules of calls that are decided by their arguments. Each block answers, or is skipped.
static size_t append_conditional(struct sock_filter *code, size_t used) {
    const uint32_t self = (uint32_t)getpid();
    const struct sock_filter rules[] = {
        // Threads, not processes. clone3's flags cannot be seen: "no such call" makes libc use clone.
        UNLESS(SYS_clone3, 1), REFUSE(ENOSYS),
        UNLESS(SYS_clone, 4), LOW_WORD(0),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1), ALLOW, REFUSE(EPERM),
        // Signals to itself only.
        UNLESS(SYS_kill, 4), LOW_WORD(0), UNLESS(self, 1), ALLOW, REFUSE(EPERM),
        UNLESS(SYS_tgkill, 4), LOW_WORD(0), UNLESS(self, 1), ALLOW, REFUSE(EPERM),
        // Limits may be read: the third argument, the new limit, is null.
        UNLESS(SYS_prlimit64, 6), LOW_WORD(2), UNLESS(0, 3), HIGH_WORD(2), UNLESS(0, 1), ALLOW, REFUSE(EPERM),
    };
    for (size_t index = 0; index < sizeof rules / sizeof *rules; index++) code[used++] = rules[index];
    return used;
}

int sandbox_calls(void) {
    struct sock_filter code[FORBIDDEN * 2 + 64];
    size_t used = 0;
    code[used++] = (struct sock_filter)LOAD(arch);
    code[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    code[used++] = (struct sock_filter)ANSWER(SECCOMP_RET_KILL_PROCESS);
    code[used++] = (struct sock_filter)LOAD(nr);
#if defined(__x86_64__)
    // The 32-bit pointers' numbers of the same calls.
    code[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1);
    code[used++] = (struct sock_filter)REFUSE(ENOSYS);
#endif
    used = append_conditional(code, used);
    for (size_t index = 0; index < FORBIDDEN; index++) {
        code[used++] = (struct sock_filter)UNLESS((uint32_t)forbidden[index], 1);
        code[used++] = (struct sock_filter)REFUSE(EPERM);
    }
    code[used++] = (struct sock_filter)ALLOW;
    struct sock_fprog program = {(unsigned short)used, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? 0 : errno;
}

#else

int sandbox_calls(void) { return SANDBOX_UNSUPPORTED; }

#endif

#else

int sandbox_calls(void) { return SANDBOX_UNSUPPORTED; }

#endif
