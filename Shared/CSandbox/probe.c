// Tries what a plugin may not do, in a process that has given it up: whether this kernel holds a restriction
// is seen, not derived from a version.

#define _GNU_SOURCE
#include "CSandbox.h"

#ifdef __linux__

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEMORY (1ULL << 30)
#define FILES 16
#define SECONDS 1
#define PATIENCE 60

// 1 when the attempt was refused.
static int is_refused(int what) {
    switch (what) {
    case SANDBOX_MEMORY:
        return mmap(NULL, 2 * MEMORY, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
    case SANDBOX_PROCESSOR:
        alarm(PATIENCE);
        for (volatile unsigned turn = 0;; turn++) {}
    case SANDBOX_DESCRIPTORS:
        for (int count = 0; count <= FILES; count++)
            if (open("/dev/null", O_RDONLY) < 0) return 1;
        return 0;
    case SANDBOX_READING: return open("/etc/passwd", O_RDONLY) < 0;
    case SANDBOX_WRITING:
        return open("/tmp", O_TMPFILE | O_WRONLY, 0600) < 0 && open("/dev/zero", O_WRONLY) < 0;
    case SANDBOX_PROCESSES: {
        pid_t child = fork();
        if (child == 0) _exit(0);
        return child < 0;
    }
    case SANDBOX_NETWORK: return socket(AF_INET, SOCK_STREAM, 0) < 0 && socket(AF_UNIX, SOCK_STREAM, 0) < 0;
    case SANDBOX_SIGNALS: return kill(getppid(), 0) < 0;
    default: return 0;
    }
}

static int restrict_self(void) {
    const char *readable[] = {"/usr", "/lib", "/lib64"};
    int result = sandbox_limits(MEMORY, SECONDS, FILES);
    if (result == 0) result = sandbox_privileges();
    // A kernel without these is what the attempt shows.
    (void)sandbox_files(readable, 3);
    (void)sandbox_calls();
    return result;
}

int sandbox_holds(int what) {
    pid_t child = fork();
    if (child < 0) return 0;
    if (child == 0) _exit(restrict_self() == 0 && is_refused(what) ? 0 : 1);
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {}
    if (what == SANDBOX_PROCESSOR)
        return WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#else

int sandbox_holds(int what) {
    (void)what;
    return 0;
}

#endif
