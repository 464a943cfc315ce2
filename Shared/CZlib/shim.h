// zlib's public header: raw inflate for the members of a zip file, and crc32 to check them.
#include <zlib.h>
