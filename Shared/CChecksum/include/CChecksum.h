// CRC-32C (Castagnoli, reflected, as in RFC 3720 and ext4): the checksum of the journal's lines.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The checksum of `count` bytes. `seed` is 0, or the checksum of the bytes before these to go on from there.
// Uses the processor's instruction where it has one (SSE 4.2, ARMv8 CRC), else eight tables; same result.
uint32_t checksum_crc32c(uint32_t seed, const void *bytes, size_t count);

// The same by tables alone. For tests, and what runs on a processor without the instruction.
uint32_t checksum_crc32c_portable(uint32_t seed, const void *bytes, size_t count);

// 1 if checksum_crc32c uses the processor's instruction here.
int checksum_crc32c_is_hardware(void);
