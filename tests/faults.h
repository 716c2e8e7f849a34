/* faults.h: file functions that fail when a test says so.

   Include it after test.h and the system's headers, and before ffnn.h: macros make ffnn.h call the
   functions below in place of the system's. They do what the system's do, but each call is
   counted, and the one with the number faults.fail_at fails with errno faults.error. A test may
   also have something done before each call.

   A test that needs the real functions after it has included ffnn.h includes no_faults.h. */
#ifndef FAULTS_H
#define FAULTS_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#if defined(__unix__) || defined(__APPLE__)
#define HAS_POSIX 1
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#else
#define HAS_POSIX 0
#endif
#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <wchar.h>
#endif

static struct {
    int calls;                       /* since faults_begin */
    int fail_at;                     /* the number of the call to fail, 1 is the first; 0: none */
    int error;                       /* its errno */
    const char *failed;              /* the name of the function that has failed, or NULL */
    FILE *broken;                    /* the file that it has failed with */
    char created[4200];              /* path of the last file that was opened for writing */
    void (*before)(const char *function);
} faults;

static inline void faults_begin(int fail_at, int error) {
    memset(&faults, 0, sizeof faults);
    faults.fail_at = fail_at;
    faults.error = error;
}

/* From here on nothing fails. */
static inline void faults_end(void) {
    memset(&faults, 0, sizeof faults);
}

/* Whether this call of a function shall fail. */
static inline int faults_here(const char *function) {
    if (faults.before != NULL)
        faults.before(function);
    if (++faults.calls != faults.fail_at)
        return 0;
    faults.failed = function;
    errno = faults.error;
    return 1;
}

static inline FILE *faults_fopen(const char *path, const char *mode) {
    FILE *file = faults_here("fopen") ? NULL : fopen(path, mode);
    if (file != NULL && mode[0] == 'w' && strlen(path) < sizeof faults.created)
        strcpy(faults.created, path);
    return file;
}

/* One that fails has written half of its bytes, as on a disk that is full. */
static inline size_t faults_fwrite(const void *data, size_t size, size_t count, FILE *file) {
    if (!faults_here("fwrite"))
        return fwrite(data, size, count, file);
    faults.broken = file;
    count = fwrite(data, size, count / 2, file);
    errno = faults.error;
    return count;
}

static inline size_t faults_fread(void *data, size_t size, size_t count, FILE *file) {
    if (!faults_here("fread"))
        return fread(data, size, count, file);
    faults.broken = file;
    return 0;
}

static inline int faults_getc(FILE *file) {
    if (!faults_here("getc"))
        return getc(file);
    faults.broken = file;
    return EOF;
}

static inline int faults_ferror(FILE *file) {
    return file == faults.broken || ferror(file);
}

static inline int faults_fflush(FILE *file) {
    return faults_here("fflush") ? EOF : fflush(file);
}

/* One that fails has closed the file all the same, as the real one does. One that succeeds may
   change errno. */
static inline int faults_fclose(FILE *file) {
    int fails = faults_here("fclose");
    int result = fclose(file);
    errno = fails ? faults.error : 0;
    return fails ? EOF : result;
}

static inline int faults_rename(const char *from, const char *to) {
    return faults_here("rename") ? -1 : rename(from, to);
}

static inline int faults_remove(const char *path) {
    int result = faults_here("remove") ? -1 : remove(path);
    if (result == 0)
        errno = 0;
    return result;
}

#define fopen(path, mode) faults_fopen(path, mode)
#define fwrite(data, size, count, file) faults_fwrite(data, size, count, file)
#define fread(data, size, count, file) faults_fread(data, size, count, file)
#undef getc
#define getc(file) faults_getc(file)
#define ferror(file) faults_ferror(file)
#define fflush(file) faults_fflush(file)
#define fclose(file) faults_fclose(file)
#define rename(from, to) faults_rename(from, to)
#define remove(path) faults_remove(path)

#if HAS_POSIX

static inline int faults_stat(const char *path, struct stat *info) {
    return faults_here("stat") ? -1 : stat(path, info);
}

static inline int faults_chmod(const char *path, mode_t mode) {
    return faults_here("chmod") ? -1 : chmod(path, mode);
}

static inline int faults_access(const char *path, int mode) {
    return faults_here("access") ? -1 : access(path, mode);
}

static inline int faults_fsync(int file) {
    return faults_here("fsync") ? -1 : fsync(file);
}

static inline ssize_t faults_readlink(const char *path, char *target, size_t size) {
    return faults_here("readlink") ? -1 : readlink(path, target, size);
}

#define stat(path, info) faults_stat(path, info)
#define chmod(path, mode) faults_chmod(path, mode)
#define access(path, mode) faults_access(path, mode)
#define fsync(file) faults_fsync(file)
#define readlink(path, target, size) faults_readlink(path, target, size)

#elif defined(_WIN32)

/* What Windows has in place of fopen, remove and fsync; MoveFileExW cannot be replaced here. */

static inline FILE *faults_wfopen(const wchar_t *path, const wchar_t *mode) {
    return faults_here("fopen") ? NULL : _wfopen(path, mode);
}

static inline int faults_wopen(const wchar_t *path, int flags, int rights) {
    int number = faults_here("_wopen") ? -1 : _wopen(path, flags, rights);
    if (number >= 0)
        snprintf(faults.created, sizeof faults.created, "%ls", path);
    return number;
}

static inline FILE *faults_fdopen(int number, const char *mode) {
    return faults_here("_fdopen") ? NULL : _fdopen(number, mode);
}

static inline int faults_wremove(const wchar_t *path) {
    int result = faults_here("remove") ? -1 : _wremove(path);
    if (result == 0)
        errno = 0;
    return result;
}

static inline int faults_commit(int file) {
    return faults_here("_commit") ? -1 : _commit(file);
}

#define _wfopen(path, mode) faults_wfopen(path, mode)
#define _wopen(path, flags, rights) faults_wopen(path, flags, rights)
#define _fdopen(number, mode) faults_fdopen(number, mode)
#define _wremove(path) faults_wremove(path)
#define _commit(file) faults_commit(file)

#endif
#endif
