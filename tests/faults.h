/* faults.h: ffnn.h with file functions that fail when a test says so.

   Include it after test.h and the system's headers, in place of ffnn.h. While ffnn.h is included
   here, macros put the functions of this file in the place of the system's. They do what the
   system's do, but each call is counted, and the one with the number faults.fail_at fails with
   errno faults.error. A test may also have something done before each call. After the include the
   system's functions have their names back.

   A call has its function's name, and a longer one where it is made for another purpose: "fopen" to
   write, "fopen to read". POSIX systems' temporary files are opened by "open". */
#ifndef FAULTS_H
#define FAULTS_H

#include <errno.h>

#include "test.h"

#ifndef FFNN_NO_SIMD
#define FFNN_NO_SIMD /* it compiles sooner, and fails the same */
#endif

#if HAS_POSIX
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#elif defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <sys/stat.h>
#include <wchar.h>
#endif

static struct {
    int calls;                       /* since faults_begin */
    int fail_at;                     /* the number of the call to fail, 1 is the first; 0: none */
    int error;                       /* its errno */
    const char *failed;              /* the name of the call that has failed, or NULL */
    FILE *broken;                    /* the file that it has failed with */
    FILE *read;                      /* the last file that was opened to be read */
    size_t most_bytes;               /* largest fread or fwrite */
    bool moves_no_bytes;             /* those of more than 100 MB only say that they have */
    char created[4200];              /* path of the last file that was opened for writing */
    void (*before)(const char *call);
    void (*after_closing)(void);     /* a file that was written */
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

/* Whether this call shall fail. */
static inline bool faults_here(const char *call) {
    if (faults.before != NULL) faults.before(call);
    ++faults.calls;
    if (faults.calls != faults.fail_at) return false;
    faults.failed = call;
    errno = faults.error;
    return true;
}

static inline FILE *faults_fopen(const char *path, const char *mode) {
    bool reads = mode[0] == 'r';
    FILE *file = faults_here(reads ? "fopen to read" : "fopen") ? NULL : fopen(path, mode);
    if (reads) faults.read = file;
    if (file != NULL && !reads) snprintf(faults.created, sizeof faults.created, "%s", path);
    return file;
}

/* Whether so many bytes shall be neither read nor written. */
static inline bool faults_are_spared(size_t bytes) {
    if (bytes > faults.most_bytes) faults.most_bytes = bytes;
    return faults.moves_no_bytes && bytes > 100000000;
}

/* One that fails has written half of its bytes, as on a disk that is full. */
static inline size_t faults_fwrite(const void *data, size_t size, size_t count, FILE *file) {
    if (faults_are_spared(size * count)) return count;
    if (!faults_here("fwrite")) return fwrite(data, size, count, file);
    faults.broken = file;
    count = fwrite(data, size, count / 2, file);
    errno = faults.error;
    return count;
}

static inline size_t faults_fread(void *data, size_t size, size_t count, FILE *file) {
    if (faults_are_spared(size * count)) return count;
    if (!faults_here("fread")) return fread(data, size, count, file);
    faults.broken = file;
    return 0;
}

/* One that fails has closed the file all the same, as the real one does. One that succeeds may
   change errno; so may remove. */
static inline int faults_fclose(FILE *file) {
    bool was_read = file == faults.read;
    bool fails = faults_here(was_read ? "fclose of what was read" : "fclose");
    faults.read = NULL;
    int result = fclose(file);
    if (!was_read && faults.after_closing != NULL) faults.after_closing();
    errno = fails ? faults.error : 0;
    return fails ? EOF : result;
}

static inline int faults_remove(const char *path) {
    int result = faults_here("remove") ? -1 : remove(path);
    if (result == 0) errno = 0;
    return result;
}

static inline int faults_fgetc(FILE *file) {
    if (!faults_here("fgetc")) return fgetc(file);
    faults.broken = file;
    return EOF;
}

static inline long faults_ftell(FILE *file) {
    return faults_here("ftell") ? -1 : ftell(file);
}

static inline int faults_fseek(FILE *file, long offset, int origin) {
    return faults_here(origin == SEEK_SET ? "fseek back" : "fseek") ? -1
                                                                    : fseek(file, offset, origin);
}

static inline int faults_ferror(FILE *file) {
    return file == faults.broken || ferror(file);
}

static inline int faults_fflush(FILE *file) {
    return faults_here("fflush") ? EOF : fflush(file);
}

static inline int faults_rename(const char *from, const char *to) {
    return faults_here("rename") ? -1 : rename(from, to);
}

#if HAS_POSIX

/* Asked of a folder, or of a system that has no /proc, it says whether a path leads to an open file. */
static inline int faults_stat(const char *path, struct stat *info) {
    size_t length = strlen(path);
    bool is_folder = strcmp(path, "/proc/self") == 0 || strcmp(path, ".") == 0 ||
                     (length > 0 && path[length - 1] == '/');
    return faults_here(is_folder ? "stat of a folder" : "stat") ? -1 : stat(path, info);
}

static inline int faults_open(const char *path, int flags, mode_t mode) {
    int number = faults_here("open") ? -1 : open(path, flags, mode);
    if (number >= 0) snprintf(faults.created, sizeof faults.created, "%s", path);
    return number;
}

static inline int faults_fchown(int number, uid_t owner, gid_t group) {
    return faults_here("fchown") ? -1 : fchown(number, owner, group);
}

static inline FILE *faults_fdopen(int number, const char *mode) {
    return faults_here("fdopen") ? NULL : fdopen(number, mode);
}

/* As with fclose. */
static inline int faults_close(int number) {
    bool fails = faults_here("close");
    int result = close(number);
    return fails ? -1 : result;
}

static inline int faults_fchmod(int number, mode_t mode) {
    return faults_here("fchmod") ? -1 : fchmod(number, mode);
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

#elif defined(_WIN32)

/* What Windows has in place of fopen, remove and fsync; MoveFileExW cannot be replaced here. */

static inline FILE *faults_wfopen(const wchar_t *path, const wchar_t *mode) {
    bool reads = mode[0] == 'r';
    FILE *file = faults_here(reads ? "fopen to read" : "fopen") ? NULL : _wfopen(path, mode);
    if (reads) faults.read = file;
    return file;
}

static inline FILE *faults_fdopen(int number, const char *mode) {
    return faults_here("_fdopen") ? NULL : _fdopen(number, mode);
}

static inline int faults_commit(int file) {
    return faults_here("_commit") ? -1 : _commit(file);
}

/* Without rights it creates nothing: it looks at what is there. */
static inline int faults_wopen(const wchar_t *path, int flags, ...) {
    bool looks = (flags & _O_CREAT) == 0;
    if (faults_here(looks ? "_wopen to look" : "_wopen")) return -1;
    int number = looks ? _wopen(path, flags) : _wopen(path, flags, _S_IREAD | _S_IWRITE);
    if (number >= 0 && !looks) snprintf(faults.created, sizeof faults.created, "%ls", path);
    return number;
}

/* The same as with fclose. */
static inline int faults_close(int number) {
    bool fails = faults_here("_close");
    int result = _close(number);
    return fails ? -1 : result;
}

static inline int faults_wremove(const wchar_t *path) {
    int result = faults_here("remove") ? -1 : _wremove(path);
    if (result == 0) errno = 0;
    return result;
}

#endif

/* Functions in all cases: the branches of an expression would count as branches of ffnn.h. */
#define fopen(path, mode) faults_fopen(path, mode)
#define fwrite(data, size, count, file) faults_fwrite(data, size, count, file)
#define fread(data, size, count, file) faults_fread(data, size, count, file)
#define fgetc(file) faults_fgetc(file)
#define ftell(file) faults_ftell(file)
#define fseek(file, offset, origin) faults_fseek(file, offset, origin)
#undef ferror /* a macro of some systems */
#define ferror(file) faults_ferror(file)
#define fflush(file) faults_fflush(file)
#define fclose(file) faults_fclose(file)
#define remove(path) faults_remove(path)
#define rename(from, to) faults_rename(from, to)
#define stat(path, info) faults_stat(path, info)
#define open(path, flags, mode) faults_open(path, flags, mode)
#define fchown(number, owner, group) faults_fchown(number, owner, group)
#define fdopen(number, mode) faults_fdopen(number, mode)
#define close(number) faults_close(number)
#define fchmod(number, mode) faults_fchmod(number, mode)
#define access(path, mode) faults_access(path, mode)
#define fsync(file) faults_fsync(file)
#define readlink(path, target, size) faults_readlink(path, target, size)
#define _wfopen(path, mode) faults_wfopen(path, mode)
#define _wopen(...) faults_wopen(__VA_ARGS__)
#define _close(number) faults_close(number)
#define _fdopen(number, mode) faults_fdopen(number, mode)
#define _wremove(path) faults_wremove(path)
#define _commit(file) faults_commit(file)

#include "../ffnn.h"

#undef fopen
#undef fwrite
#undef fread
#undef fgetc
#undef ftell
#undef fseek
#undef ferror
#undef fflush
#undef fclose
#undef remove
#undef rename
#undef stat
#undef open
#undef fchown
#undef fdopen
#undef close
#undef fchmod
#undef access
#undef fsync
#undef readlink
#undef _wfopen
#undef _wopen
#undef _close
#undef _fdopen
#undef _wremove
#undef _commit

#endif
