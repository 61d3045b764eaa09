/* Faults of the system, put between the command under test and the C library (LD_PRELOAD).
 *
 *   INJECT_BELOW  only calls on paths below this folder count
 *   INJECT_KINDS  which calls count: letters of r (look up, open for reading, list, read) and w (create, write, sync,
 *                 rename, remove, link, set modes), s (sync only)
 *   INJECT_AT     the number of the call, from 1, at which to inject; 0 for none
 *   INJECT_ERROR  the error that the call gives, a number of errno.h; 0: it does not happen, and the process is killed
 *   INJECT_ON     if set, all later calls fail too, as on a disk that is full or gone
 *   INJECT_COUNT  a file to which the number of calls is written at the end
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;
static const char *below, *kinds, *report;
static long at, error, on;

__attribute__((constructor)) static void begin(void) {
    below = getenv("INJECT_BELOW");
    kinds = getenv("INJECT_KINDS");
    report = getenv("INJECT_COUNT");
    at = getenv("INJECT_AT") ? atol(getenv("INJECT_AT")) : 0;
    error = getenv("INJECT_ERROR") ? atol(getenv("INJECT_ERROR")) : 0;
    on = getenv("INJECT_ON") != NULL;
}

__attribute__((destructor)) static void end(void) {
    if (!report) return;
    FILE *file = fopen(report, "w");
    if (file) {
        fprintf(file, "%ld", atomic_load(&calls));
        fclose(file);
    }
}

#define REAL(type, name, ...)                                                      \
    static type (*real)(__VA_ARGS__);                                              \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

/* Whether this call is to fail. */
static int hit(char kind, const char *path) {
    if (!below || !kinds || !path || strncmp(path, below, strlen(below)) != 0) return 0;
    if (!strchr(kinds, kind) && !(kind == 's' && strchr(kinds, 'w'))) return 0;
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (at == 0 || (on ? number < at : number != at)) return 0;
    if (error == 0) {
        kill(getpid(), SIGKILL);
        pause();
    }
    errno = (int)error;
    return 1;
}

static int hit_fd(char kind, int fd) {
    if (!below || !kinds) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t got = readlink(link, path, sizeof path - 1);
    if (got <= 0) return 0;
    path[got] = 0;
    return hit(kind, path);
}

static int hit_at(char kind, int folder, const char *name) {
    if (!below || !kinds || !name) return 0;
    if (name[0] == '/') return hit(kind, name);
    if (folder == AT_FDCWD) return 0;
    char link[64], path[8192];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t got = readlink(link, path, 4096);
    if (got <= 0) return 0;
    snprintf(path + got, sizeof path - (size_t)got, "/%s", name);
    return hit(kind, path);
}

static char kind_of(int flags) { return (flags & (O_CREAT | O_WRONLY | O_RDWR)) ? 'w' : 'r'; }

#define MODE(flags)                                                                \
    mode_t mode = 0;                                                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                         \
        va_list rest;                                                              \
        va_start(rest, flags);                                                     \
        mode = va_arg(rest, mode_t);                                               \
        va_end(rest);                                                              \
    }

int open(const char *path, int flags, ...) {
    MODE(flags);
    REAL(int, "open", const char *, int, ...);
    return hit(kind_of(flags), path) ? -1 : real(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags);
    REAL(int, "open64", const char *, int, ...);
    return hit(kind_of(flags), path) ? -1 : real(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
    MODE(flags);
    REAL(int, "openat", int, const char *, int, ...);
    return hit_at(kind_of(flags), folder, path) ? -1 : real(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
    MODE(flags);
    REAL(int, "openat64", int, const char *, int, ...);
    return hit_at(kind_of(flags), folder, path) ? -1 : real(folder, path, flags, mode);
}
DIR *opendir(const char *path) {
    REAL(DIR *, "opendir", const char *);
    return hit('r', path) ? NULL : real(path);
}
struct dirent64 *readdir64(DIR *folder) {
    REAL(struct dirent64 *, "readdir64", DIR *);
    return hit_fd('r', dirfd(folder)) ? NULL : real(folder);
}
/* The standard library asks with no path whether the call is there; its declaration says that it never would. */
static int is_named(const char *volatile path) { return path && path[0]; }

int statx(int folder, const char *restrict path, int flags, unsigned mask, struct statx *restrict found) {
    REAL(int, "statx", int, const char *, int, unsigned, struct statx *);
    int failed = is_named(path) ? hit_at('r', folder, path) : hit_fd('r', folder);
    return failed ? -1 : real(folder, path, flags, mask, found);
}
ssize_t readlink(const char *restrict path, char *restrict into, size_t size) {
    REAL(ssize_t, "readlink", const char *, char *, size_t);
    if (strncmp(path, "/proc/self/fd/", 14) != 0 && hit('r', path)) return -1;
    return real(path, into, size);
}
ssize_t read(int fd, void *into, size_t size) {
    REAL(ssize_t, "read", int, void *, size_t);
    return hit_fd('r', fd) ? -1 : real(fd, into, size);
}
ssize_t pread64(int fd, void *into, size_t size, off64_t offset) {
    REAL(ssize_t, "pread64", int, void *, size_t, off64_t);
    return hit_fd('r', fd) ? -1 : real(fd, into, size, offset);
}
ssize_t write(int fd, const void *from, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (error == 0 && at != 0 && atomic_load(&calls) + 1 == at && size > 1) {
        /* Killed in the middle of a write. */
        char link[64], path[4096];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t got = readlink(link, path, sizeof path - 1);
        if (got > 0 && below && (path[got] = 0, strncmp(path, below, strlen(below)) == 0)) real(fd, from, size / 2);
    }
    return hit_fd('w', fd) ? -1 : real(fd, from, size);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    return hit_fd('w', fd) ? -1 : real(fd, parts, count);
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t size, unsigned flags) {
    REAL(ssize_t, "copy_file_range", int, off64_t *, int, off64_t *, size_t, unsigned);
    return hit_fd('w', out) ? -1 : real(in, from, out, to, size, flags);
}
int fsync(int fd) {
    REAL(int, "fsync", int);
    return hit_fd('s', fd) ? -1 : real(fd);
}
int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    return hit_fd('s', fd) ? -1 : real(fd);
}
int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    return hit('w', to) ? -1 : real(from, to);
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    return hit('w', path) ? -1 : real(path, mode);
}
int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    return hit('w', path) ? -1 : real(path);
}
int unlinkat(int folder, const char *path, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    return hit_at('w', folder, path) ? -1 : real(folder, path, flags);
}
int rmdir(const char *path) {
    REAL(int, "rmdir", const char *);
    return hit('w', path) ? -1 : real(path);
}
int symlink(const char *to, const char *path) {
    REAL(int, "symlink", const char *, const char *);
    return hit('w', path) ? -1 : real(to, path);
}
int chmod(const char *path, mode_t mode) {
    REAL(int, "chmod", const char *, mode_t);
    return hit('w', path) ? -1 : real(path, mode);
}
