// What posix_spawn can do and the C library shows only to those that ask for its extensions.

#ifndef CSPAWN_H
#define CSPAWN_H

#include <spawn.h>

/// The child closes every file from this number on. Does nothing where the C library cannot.
int spawn_close_from(posix_spawn_file_actions_t *actions, int first);

#endif
