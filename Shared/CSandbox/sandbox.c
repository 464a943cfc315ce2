// Limits, privileges and files of a plugin's process. The filter of system calls is in calls.c.

#define _GNU_SOURCE
#include "CSandbox.h"

#include <stdio.h>

void sandbox_print_lines(void) { setvbuf(stdout, NULL, _IOLBF, 0); }

#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int sandbox_follow(int64_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
    // It may have ended before the line above.
    return (int64_t)getppid() == parent ? 0 : ESRCH;
}

int sandbox_privileges(void) {
    // Each of these needs a capability that an ordinary user does not have, and does not need to drop.
    for (unsigned long capability = 0; capability < 64; capability++)
        (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    (void)prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    if (syscall(SYS_capset, &header, none) != 0) return errno;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

static int limit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) return errno;
    if (hard > now.rlim_max) hard = now.rlim_max;
    if (soft > hard) soft = hard;
    struct rlimit wanted = {soft, hard};
    return setrlimit(resource, &wanted) == 0 ? 0 : errno;
}

int sandbox_limits(uint64_t memory, uint64_t processor_seconds, uint64_t files) {
    int result = limit(RLIMIT_AS, memory, memory);
    // The soft limit tells by SIGXCPU why it ended; the hard one ends what ignores that.
    if (result == 0) result = limit(RLIMIT_CPU, processor_seconds, processor_seconds + 1);
    if (result == 0) result = limit(RLIMIT_NOFILE, files, files);
    if (result == 0) result = limit(RLIMIT_CORE, 0, 0);
    if (result == 0) result = limit(RLIMIT_FSIZE, 0, 0);
    return result;
}

int sandbox_landlock_version(void) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

// Everything that the version can forbid.
static uint64_t handled_access(int version) {
    uint64_t access = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
#ifdef LANDLOCK_ACCESS_FS_REFER
    if (version >= 2) access |= LANDLOCK_ACCESS_FS_REFER;
#endif
#ifdef LANDLOCK_ACCESS_FS_TRUNCATE
    if (version >= 3) access |= LANDLOCK_ACCESS_FS_TRUNCATE;
#endif
    return access;
}

static int allow(int rules, const char *path, uint64_t access) {
    struct landlock_path_beneath_attr beneath = {0};
    beneath.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (beneath.parent_fd < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
    struct stat status;
    if (fstat(beneath.parent_fd, &status) == 0 && !S_ISDIR(status.st_mode))
        access &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE;
    beneath.allowed_access = access;
    long result = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    int failed = result == 0 ? 0 : errno;
    close(beneath.parent_fd);
    return failed;
}

int sandbox_files(const char *const *readable, size_t count) {
    int version = sandbox_landlock_version();
    if (version == 0) return SANDBOX_UNSUPPORTED;
    struct landlock_ruleset_attr attributes = {0};
    attributes.handled_access_fs = handled_access(version);
#ifdef LANDLOCK_ACCESS_NET_CONNECT_TCP
    if (version >= 4)
        attributes.handled_access_net = LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP;
#endif
    int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (rules < 0) return errno;
    const uint64_t read =
        LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE;
    int result = 0;
    for (size_t index = 0; index < count && result == 0; index++)
        result = allow(rules, readable[index], read);
    const char *devices[] = {"/dev/zero", "/dev/urandom", "/dev/random"};
    for (size_t index = 0; index < 3 && result == 0; index++)
        result = allow(rules, devices[index], LANDLOCK_ACCESS_FS_READ_FILE);
    if (result == 0)
        result = allow(rules, "/dev/null", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
    if (result == 0 && syscall(SYS_landlock_restrict_self, rules, 0) != 0) result = errno;
    close(rules);
    return result;
}

void sandbox_close_descriptors(void) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3, ~0U, 0) == 0) return;
#endif
    struct rlimit now;
    int highest = getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur < 65536 ? (int)now.rlim_cur : 65536;
    for (int descriptor = 3; descriptor < highest; descriptor++) close(descriptor);
}

#else

#include <unistd.h>

int sandbox_follow(int64_t parent) { (void)parent; return SANDBOX_UNSUPPORTED; }
int sandbox_privileges(void) { return SANDBOX_UNSUPPORTED; }
int sandbox_limits(uint64_t memory, uint64_t processor_seconds, uint64_t files) {
    (void)memory; (void)processor_seconds; (void)files;
    return SANDBOX_UNSUPPORTED;
}
int sandbox_files(const char *const *readable, size_t count) {
    (void)readable; (void)count;
    return SANDBOX_UNSUPPORTED;
}
int sandbox_landlock_version(void) { return 0; }
void sandbox_close_descriptors(void) {
    for (int descriptor = 3; descriptor < 1024; descriptor++) close(descriptor);
}

#endif
