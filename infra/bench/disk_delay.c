/* A slow network file system, played by LD_PRELOAD: each lock, sync and read of a file under DISK_DELAY_UNDER takes
 * that much longer, as it would on NFS, where each is a round trip. Compiled by infra/bench/disk.py.
 *
 *   DISK_DELAY_UNDER     a directory's absolute path; files elsewhere, and sockets, are left alone
 *   DISK_DELAY_LOCK_US   microseconds for each fcntl that takes, tests or gives back a lock
 *   DISK_DELAY_SYNC_US   for each fsync and fdatasync
 *   DISK_DELAY_READ_US   for each read and pread (NFS answers most from its cache: 0 is realistic for a warm file)
 *   DISK_DELAY_COUNTS    a file of four 64-bit numbers to count in: locks, syncs, reads, locks of "-shm" files
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { LOCKS, SYNCS, READS, INDEX_LOCKS, KINDS };

static const char *under;
static size_t under_size;
static long lock_us, sync_us, read_us;
static uint64_t unwanted[KINDS];
static uint64_t *counts = unwanted;

static long number(const char *name) {
    const char *value = getenv(name);
    return value ? atol(value) : 0;
}

__attribute__((constructor)) static void begin(void) {
    under = getenv("DISK_DELAY_UNDER");
    under_size = under ? strlen(under) : 0;
    lock_us = number("DISK_DELAY_LOCK_US");
    sync_us = number("DISK_DELAY_SYNC_US");
    read_us = number("DISK_DELAY_READ_US");
    const char *file = getenv("DISK_DELAY_COUNTS");
    int descriptor = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
    if (descriptor < 0) return;
    void *shared = mmap(NULL, sizeof unwanted, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (shared != MAP_FAILED) counts = shared;
    close(descriptor);
}

/* The length of the descriptor's path if it lies under the directory, else 0. */
static ssize_t found(int descriptor, char *path, size_t size) {
    char link[40];
    if (!under_size) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, size);
    if (length < (ssize_t)under_size || memcmp(path, under, under_size) != 0) return 0;
    return length;
}

static void delay(int kind, long microseconds) {
    __atomic_fetch_add(&counts[kind], 1, __ATOMIC_RELAXED);
    struct timespec left = {microseconds / 1000000, microseconds % 1000000 * 1000};
    while (microseconds && nanosleep(&left, &left) != 0) {}
}

static void delay_lock(int descriptor) {
    char path[4096];
    ssize_t length = found(descriptor, path, sizeof path);
    if (!length) return;
    if (length > 4 && memcmp(path + length - 4, "-shm", 4) == 0)
        __atomic_fetch_add(&counts[INDEX_LOCKS], 1, __ATOMIC_RELAXED);
    delay(LOCKS, lock_us);
}

static void delay_other(int descriptor, int kind, long microseconds) {
    char path[4096];
    if (found(descriptor, path, sizeof path)) delay(kind, microseconds);
}

static int is_lock(int command) {
    return command == F_SETLK || command == F_SETLKW || command == F_GETLK || command == F_OFD_SETLK ||
           command == F_OFD_SETLKW || command == F_OFD_GETLK;
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define FCNTL(name) \
    int name(int descriptor, int command, ...) { \
        REAL(name); \
        va_list more; \
        va_start(more, command); \
        void *argument = va_arg(more, void *); \
        va_end(more); \
        if (is_lock(command)) delay_lock(descriptor); \
        return real(descriptor, command, argument); \
    }

FCNTL(fcntl)
FCNTL(fcntl64)

int fsync(int descriptor) {
    REAL(fsync);
    delay_other(descriptor, SYNCS, sync_us);
    return real(descriptor);
}

int fdatasync(int descriptor) {
    REAL(fdatasync);
    delay_other(descriptor, SYNCS, sync_us);
    return real(descriptor);
}

ssize_t read(int descriptor, void *into, size_t size) {
    REAL(read);
    if (read_us) delay_other(descriptor, READS, read_us);
    return real(descriptor, into, size);
}

ssize_t pread(int descriptor, void *into, size_t size, off_t at) {
    REAL(pread);
    if (read_us) delay_other(descriptor, READS, read_us);
    return real(descriptor, into, size, at);
}

ssize_t pread64(int descriptor, void *into, size_t size, off64_t at) {
    REAL(pread64);
    if (read_us) delay_other(descriptor, READS, read_us);
    return real(descriptor, into, size, at);
}
