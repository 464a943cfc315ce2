#include "CCrashPoint.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[CRASH_POINT_COUNT] = {
    "journal-waits", "journalled", "published",      "inserted",          "booked",
    "ordered",       "claimed",    "snapshot-begun", "snapshot-finished",
};

// Written once before main, read by every thread after that.
unsigned char crash_point_is_armed = 0;
static enum crash_point_name armed;
// Visits that are still to be survived, plus one.
static long left;

__attribute__((constructor)) static void arm(void) {
    const char *wish = getenv("CRASH_POINT");
    if (wish == NULL || *wish == '\0') return;
    const char *colon = strchr(wish, ':');
    char *end = NULL;
    long nth = colon == NULL ? 0 : strtol(colon + 1, &end, 10);
    if (nth > 0 && *end == '\0') {
        for (int point = 0; point < CRASH_POINT_COUNT; point++) {
            size_t length = strlen(names[point]);
            if (length != (size_t)(colon - wish) || strncmp(wish, names[point], length) != 0) continue;
            armed = (enum crash_point_name)point;
            left = nth;
            crash_point_is_armed = 1;
            return;
        }
    }
    fprintf(stderr, "CRASH_POINT=%s is not name:nth with a name of CCrashPoint.h\n", wish);
    _exit(2);
}

void crash_point_visit(enum crash_point_name point) {
    if (point != armed || __atomic_sub_fetch(&left, 1, __ATOMIC_RELAXED) != 0) return;
    kill(getpid(), SIGKILL);
    // The signal may reach another thread first: nothing more happens on this one.
    for (;;) pause();
}
