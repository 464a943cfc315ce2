// CRC-32C three ways: SSE 4.2, ARMv8 CRC, and slicing by eight. The choice is made once, when the library is
// loaded.
#include "CChecksum.h"

#include <pthread.h>
#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define HAS_INSTRUCTION 1
#define WITH_INSTRUCTION __attribute__((target("sse4.2")))
#define STEP8(crc, value) ((uint32_t)_mm_crc32_u64((crc), (value)))
#define STEP1(crc, value) _mm_crc32_u8((crc), (value))
#elif defined(__aarch64__)
#include <arm_acle.h>
#define HAS_INSTRUCTION 1
#define WITH_INSTRUCTION __attribute__((target("crc")))
#define STEP8(crc, value) __crc32cd((crc), (value))
#define STEP1(crc, value) __crc32cb((crc), (value))
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#else
#define HAS_INSTRUCTION 0
#endif

#define POLYNOMIAL 0x82f63b78u  // 0x1edc6f41 with its bits reversed

static uint32_t tables[8][256];
static pthread_once_t tables_made = PTHREAD_ONCE_INIT;

static void make_tables(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? POLYNOMIAL : 0);
        tables[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++) {
        for (int k = 1; k < 8; k++) {
            uint32_t before = tables[k - 1][i];
            tables[k][i] = (before >> 8) ^ tables[0][before & 255];
        }
    }
}

uint32_t checksum_crc32c_portable(uint32_t seed, const void *bytes, size_t count) {
    pthread_once(&tables_made, make_tables);
    const unsigned char *p = bytes;
    uint32_t crc = ~seed;
    while (count >= 8) {
        // Bytes are put together by shifts, so that the result does not depend on the byte order of the
        // machine.
        crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        crc = tables[7][crc & 255] ^ tables[6][crc >> 8 & 255]
            ^ tables[5][crc >> 16 & 255] ^ tables[4][crc >> 24]
            ^ tables[3][p[4]] ^ tables[2][p[5]] ^ tables[1][p[6]] ^ tables[0][p[7]];
        p += 8;
        count -= 8;
    }
    while (count--) crc = (crc >> 8) ^ tables[0][(crc ^ *p++) & 255];
    return ~crc;
}

#if HAS_INSTRUCTION
WITH_INSTRUCTION
static uint32_t crc32c_by_instruction(uint32_t seed, const void *bytes, size_t count) {
    const unsigned char *p = bytes;
    uint32_t crc = ~seed;
    uint64_t word;
    while (count >= 8) {
        memcpy(&word, p, 8);
        crc = STEP8(crc, word);
        p += 8;
        count -= 8;
    }
    while (count--) crc = STEP1(crc, *p++);
    return ~crc;
}

static int has_instruction(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("sse4.2") ? 1 : 0;
#elif defined(__linux__)
    return (getauxval(AT_HWCAP) & (1 << 7)) ? 1 : 0;  // HWCAP_CRC32
#else
    return 1;  // every 64-bit ARM processor of Apple has it
#endif
}
#endif

static int hardware = 0;

// Before main, so that no call pays for the decision and no lock guards it.
__attribute__((constructor)) static void choose(void) {
#if HAS_INSTRUCTION
#if defined(__x86_64__)
    __builtin_cpu_init();
#endif
    hardware = has_instruction();
#endif
}

int checksum_crc32c_is_hardware(void) { return hardware; }

uint32_t checksum_crc32c(uint32_t seed, const void *bytes, size_t count) {
#if HAS_INSTRUCTION
    if (hardware) return crc32c_by_instruction(seed, bytes, count);
#endif
    return checksum_crc32c_portable(seed, bytes, count);
}
