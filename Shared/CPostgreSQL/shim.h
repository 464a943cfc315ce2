// libpq's public header, and nothing else: every call goes through it one to one. Debian keeps it in a folder
// of its own; pkg-config names that folder, together with flags that the package manager refuses.
#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#else
#include <postgresql/libpq-fe.h>
#endif
