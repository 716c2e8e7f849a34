/* refusals.h: a file system that lets nobody set rights, or owners, when a test says so. Include it
   before ffnn.h: macros make that call the functions below in place of the system's. A test that
   needs the real ones after it includes no_refusals.h. */
#ifndef REFUSALS_H
#define REFUSALS_H

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* The errno with which all calls below fail; 0: they do what they do. */
static int refuse_rights, refuse_owner;
static int refused; /* how many calls have failed */

static int refuse(int error) {
    if (error == 0)
        return 0;
    refused++;
    errno = error;
    return -1;
}

static inline int saving_chmod(const char *path, mode_t mode) {
    return refuse(refuse_rights) != 0 ? -1 : chmod(path, mode);
}

static inline int saving_fchmod(int file, mode_t mode) {
    return refuse(refuse_rights) != 0 ? -1 : fchmod(file, mode);
}

static inline int saving_fchmodat(int folder, const char *path, mode_t mode, int flags) {
    return refuse(refuse_rights) != 0 ? -1 : fchmodat(folder, path, mode, flags);
}

static inline int saving_chown(const char *path, uid_t user, gid_t group) {
    return refuse(refuse_owner) != 0 ? -1 : chown(path, user, group);
}

static inline int saving_lchown(const char *path, uid_t user, gid_t group) {
    return refuse(refuse_owner) != 0 ? -1 : lchown(path, user, group);
}

static inline int saving_fchown(int file, uid_t user, gid_t group) {
    return refuse(refuse_owner) != 0 ? -1 : fchown(file, user, group);
}

static inline int saving_fchownat(int folder, const char *path, uid_t user, gid_t group,
                                  int flags) {
    return refuse(refuse_owner) != 0 ? -1 : fchownat(folder, path, user, group, flags);
}

#define chmod(path, mode) saving_chmod(path, mode)
#define fchmod(file, mode) saving_fchmod(file, mode)
#define fchmodat(folder, path, mode, flags) saving_fchmodat(folder, path, mode, flags)
#define chown(path, user, group) saving_chown(path, user, group)
#define lchown(path, user, group) saving_lchown(path, user, group)
#define fchown(file, user, group) saving_fchown(file, user, group)
#define fchownat(folder, path, user, group, flags) saving_fchownat(folder, path, user, group, flags)

#endif
