/* Saving on somebody else's file system: rights, owner and group are kept where the system lets
   them, and are no reason to fail; what cannot be replaced is left as it was, with the errno that
   says why; in /dev and /proc, devices and pipes are written to and files are left alone; a killed
   save leaves no more than its temporary file; and two savers do each other no harm. Much of this
   only root can try; else it is skipped, aloud.
   Files land in build/tests-tmp/saving; the program runs in the repository's root. */
#define _GNU_SOURCE /* for mounts, users and descriptors; a test needs them */

#include "test.h"

#if defined(__unix__) || defined(__APPLE__)

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#include <sys/mount.h>
#endif

#include "refusals.h"

#ifndef FFNN_NO_SIMD
#define FFNN_NO_SIMD /* it compiles sooner, and saves the same */
#endif
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"

#include "no_refusals.h"

/* ---- files --------------------------------------------------------------------------------- */

#define TESTS  "build/tests-tmp"
#define FOLDER TESTS "/saving"
#define SAVED  FOLDER "/saved"

enum { MAX_BYTES = 200000, NOBODY = 65534, A_GROUP = 4321, SKIPPED = 77 };

static const char old_file[] = "the old file";

/* What is saved, and what it looks like in a file. */
static ffnn_net net;
static unsigned char expected[MAX_BYTES];
static size_t expected_size;

static size_t read_file(const char *path, unsigned char *bytes) {
    FILE *file = fopen(path, "rb");
    size_t size = file == NULL ? 0 : fread(bytes, 1, MAX_BYTES, file);
    if (file != NULL)
        fclose(file);
    return size;
}

static void write_file(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    if (file == NULL)
        return;
    CHECK(fwrite(data, 1, size, file) == size);
    CHECK(fclose(file) == 0);
}

static int file_is(const char *path, const void *bytes, size_t size) {
    static unsigned char got[MAX_BYTES];
    return read_file(path, got) == size && memcmp(got, bytes, size) == 0;
}

static int is_old(const char *path) { return file_is(path, old_file, sizeof old_file); }
static int is_saved(const char *path) { return file_is(path, expected, expected_size); }
static void write_old(const char *path) { write_file(path, old_file, sizeof old_file); }

static int exists(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0;
}

/* How many entries a folder has. */
static int count_entries(const char *folder) {
    DIR *listing = opendir(folder);
    int count = -2; /* . and .. */
    CHECK(listing != NULL);
    while (listing != NULL && readdir(listing) != NULL)
        count++;
    if (listing != NULL)
        closedir(listing);
    return count;
}

/* With the files in it, and the folders' files. */
static void remove_folder(const char *folder) {
    DIR *listing = opendir(folder);
    const struct dirent *entry;
    char path[1000];
    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%.255s", folder, entry->d_name);
        if (unlink(path) != 0)
            remove_folder(path);
    }
    if (listing != NULL)
        closedir(listing);
    rmdir(folder);
}

static void begin(void) {
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.sizes[0] = 50, desc.sizes[1] = 60, desc.sizes[2] = 10; /* 15 KB: several pieces to write */
    refuse_rights = refuse_owner = refused = 0;
    chmod(FOLDER, 0777); /* of a test that was stopped */
    remove_folder(FOLDER);
    mkdir("build", 0777);
    mkdir(TESTS, 0777);
    CHECK(mkdir(FOLDER, 0777) == 0);
    CHECK(chmod(FOLDER, 0777) == 0);
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(&net, expected, sizeof expected, &expected_size));
}

static void end(void) {
    refuse_rights = refuse_owner = 0;
    ffnn_free(&net);
    CHECK(chmod(FOLDER, 0777) == 0);
    remove_folder(FOLDER);
}

/* Runs a function in a process of its own, which it may do to what it likes: its CHECKs count
   here. It returns why it has to be skipped, or NULL. */
static void run_in_child(const char *(*function)(void)) {
    int status = -1;
    pid_t child;
    begin();
    fflush(stdout);
    child = fork();
    if (child == 0) {
        const char *why;
        alarm(20); /* if it waits for ever */
        why = function();
        if (why != NULL)
            printf("skipped: %s\n", why);
        fflush(stdout);
        _exit(test.errors > 0 ? 1 : why != NULL ? SKIPPED : 0);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == SKIPPED);
    test.skipped = WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED;
    end();
}

/* For good, in this process: a user without rights, in one group besides its own. */
static int become_nobody(void) {
    gid_t groups[1] = {A_GROUP};
    return setgroups(1, groups) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
}

static const char only_root[] = "only root can be two users";

/* ---- rights, owner and group --------------------------------------------------------------- */

typedef struct rights {
    uid_t user;
    gid_t group;
    unsigned mode;
} rights;

static rights rights_of(const char *path) {
    struct stat info;
    rights r = {0, 0, 0};
    CHECK(stat(path, &info) == 0);
    r.user = info.st_uid;
    r.group = info.st_gid;
    r.mode = (unsigned)info.st_mode & 07777;
    return r;
}

static void make_file(const char *path, uid_t user, gid_t group, mode_t mode) {
    write_old(path);
    CHECK(chown(path, user, group) == 0 && chmod(path, mode) == 0);
}

static void check_rights(const char *path, uid_t user, gid_t group, mode_t mode) {
    rights r = rights_of(path);
    CHECK(r.user == user);
    CHECK(r.group == group);
    CHECK(r.mode == mode);
}

/* Root saves over another's file: it stays the other's. */
static const char *save_as_root(void) {
    static const mode_t modes[] = {0600, 0640, 0644, 0660, 0666, 0400, 0755};
    if (geteuid() != 0)
        return only_root;
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        test_case("rights 0%o", (unsigned)modes[i]);
        make_file(SAVED, NOBODY, A_GROUP, modes[i]);
        for (int times = 0; times < 2; times++) {
            CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
            CHECK(is_saved(SAVED));
            check_rights(SAVED, NOBODY, A_GROUP, modes[i]);
        }
        CHECK(symlink("saved", FOLDER "/link") == 0);
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, FOLDER "/link"));
        check_rights(SAVED, NOBODY, A_GROUP, modes[i]);
        CHECK(unlink(FOLDER "/link") == 0);
        CHECK(count_entries(FOLDER) == 1);
    }
    return NULL;
}

/* A user's file is of one of the user's groups: it stays so. */
static const char *save_as_member_of_a_group(void) {
    if (geteuid() != 0)
        return only_root;
    make_file(SAVED, NOBODY, A_GROUP, 0660);
    if (!become_nobody())
        return only_root;
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    CHECK(is_saved(SAVED));
    check_rights(SAVED, NOBODY, A_GROUP, 0660);
    return NULL;
}

/* A file that a whole group may write, of somebody else: it cannot stay that user's, but the group
   can still write it. */
static const char *save_over_anothers_file(void) {
    if (geteuid() != 0)
        return only_root;
    make_file(SAVED, 0, A_GROUP, 0660);
    if (!become_nobody())
        return only_root;
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    CHECK(is_saved(SAVED));
    check_rights(SAVED, NOBODY, A_GROUP, 0660);
    CHECK(count_entries(FOLDER) == 1);
    return NULL;
}

/* Neither the user nor the group can be kept: a save is possible all the same. */
static const char *save_over_a_strangers_file(void) {
    if (geteuid() != 0)
        return only_root;
    make_file(SAVED, 0, A_GROUP + 1, 0666);
    if (!become_nobody())
        return only_root;
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    CHECK(is_saved(SAVED));
    CHECK(rights_of(SAVED).user == NOBODY);
    CHECK(count_entries(FOLDER) == 1);
    return NULL;
}

static void test_roots_save_keeps_the_owner(void) { run_in_child(save_as_root); }
static void test_the_group_is_kept(void) { run_in_child(save_as_member_of_a_group); }
static void test_anothers_file_keeps_its_group(void) { run_in_child(save_over_anothers_file); }
static void test_a_strangers_file_is_saved(void) { run_in_child(save_over_a_strangers_file); }

/* CIFS and vfat, and mounts of containers, know no rights or no owners, and say so in many ways. */
static void test_rights_that_cannot_be_set(void) {
    static const int errors[] = {EPERM, EACCES, ENOSYS, ENOTSUP, EINVAL, EROFS, EIO};
    static const char *const whats[] = {"", "rights", "owners", "both"};
    for (size_t i = 0; i < COUNT_OF(errors); i++)
        for (int what = 1; what <= 3; what++) {
            int was_there, calls = 0;
            begin();
            test_case("errno %d, %s", errors[i], whats[what]);
            for (was_there = 0; was_there <= 2; was_there++) {
                if (was_there == 1)
                    write_old(SAVED);
                refuse_rights = what & 1 ? errors[i] : 0;
                refuse_owner = what & 2 ? errors[i] : 0;
                CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
                calls += refused;
                CHECK(is_saved(SAVED));
                CHECK(count_entries(FOLDER) == 1);
            }
            CHECK(calls > 0 || !(what & 1)); /* or else nothing was tried here */
            end();
        }
}

/* Whether another program succeeds; what it prints is not shown. */
static int run(const char *const *arguments) {
    int status = -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        char *copies[8] = {NULL}; /* execvp may not be given constants */
        for (size_t i = 0; arguments[i] != NULL && i + 1 < COUNT_OF(copies); i++)
            copies[i] = strdup(arguments[i]);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execvp(copies[0], copies);
        _exit(1);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* The same on a real file system, which a program of its own makes. */
static const char *save_where_rights_cannot_be_set(void) {
    static const char *const bindfs[] = {"bindfs", "--chmod-deny", "--chown-deny", "--chgrp-deny",
                                         FOLDER "/real", FOLDER "/view", NULL};
    static const char *const unmount[] = {"fusermount", "-u", FOLDER "/view", NULL};
    CHECK(mkdir(FOLDER "/real", 0777) == 0 && mkdir(FOLDER "/view", 0777) == 0);
    if (!run(bindfs))
        return "there is no bindfs, or it may not mount";
    for (int times = 0; times < 3; times++) {
        errno = 0;
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, FOLDER "/view/saved"));
        CHECK(is_saved(FOLDER "/view/saved"));
        CHECK(count_entries(FOLDER "/view") == 1);
    }
    CHECK(run(unmount));
    return NULL;
}

static void test_a_file_system_without_rights(void) {
    run_in_child(save_where_rights_cannot_be_set);
}

/* ---- what cannot be replaced --------------------------------------------------------------- */

/* Fails with this errno and leaves everything as it was. */
static void check_refused(const char *folder, int error) {
    char path[1000];
    int before = count_entries(folder);
    snprintf(path, sizeof path, "%s/saved", folder);
    for (int times = 0; times < 2; times++) {
        errno = 0;
        CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(&net, path));
        CHECK(errno == error);
        CHECK(is_old(path));
        CHECK(count_entries(folder) == before);
    }
}

#ifdef __linux__

/* A file that is mounted by itself, as containers do it. */
static const char *save_to_a_mounted_file(void) {
    write_old(FOLDER "/real");
    write_file(SAVED, "", 0);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(FOLDER "/real", SAVED, "none", MS_BIND, NULL) != 0)
        return "only root can mount a file";
    check_refused(FOLDER, EBUSY);
    CHECK(is_old(FOLDER "/real"));
    return NULL;
}

static void test_a_mounted_file(void) { run_in_child(save_to_a_mounted_file); }

#else

static void test_a_mounted_file(void) { test_skip("mounted files: this is not Linux"); }

#endif

static const char *save_in_a_closed_folder(void) {
    write_old(SAVED);
    CHECK(chmod(SAVED, 0666) == 0 && chmod(FOLDER, 0555) == 0);
    if (geteuid() == 0 && !become_nobody())
        return only_root;
    check_refused(FOLDER, EACCES);
    return NULL;
}

/* In a sticky folder anybody may create files, but replace only their own. */
static const char *save_in_a_sticky_folder(void) {
    if (geteuid() != 0)
        return only_root;
    make_file(SAVED, 0, 0, 0666);
    CHECK(chmod(FOLDER, 01777) == 0);
    if (!become_nobody())
        return only_root;
    check_refused(FOLDER, EPERM);
    return NULL;
}

static void test_a_closed_folder(void) {
    run_in_child(save_in_a_closed_folder);
}

static void test_a_sticky_folder(void) { run_in_child(save_in_a_sticky_folder); }

/* The other name keeps the old file, whole. */
static void test_hard_links(void) {
    begin();
    write_old(SAVED);
    CHECK(link(SAVED, FOLDER "/link") == 0);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    CHECK(is_saved(SAVED));
    CHECK(is_old(FOLDER "/link"));
    CHECK(count_entries(FOLDER) == 2);
    end();
}

/* ---- /dev and /proc ------------------------------------------------------------------------ */

/* What stands for an open file is not replaced, and the file behind it not written to. */
static void check_open_file(const char *path) {
    test_case("saving to %s", path);
    errno = 0;
    ffnn_status status = ffnn_save(&net, path);
    int error = errno;
    CHECK_STATUS(FFNN_ERROR_IO, status);
    CHECK(error == EINVAL);
}

/* What a program does whose output goes to a file: prints, saves, prints. */
static const char *save_to_stdout(const char *path) {
    static const char printed[] = "before\nafter\n";
    struct stat before, after;
    int file = open(FOLDER "/output", O_RDWR | O_CREAT | O_TRUNC, 0666);
    int console = dup(STDOUT_FILENO);
    if (!exists(path))
        return "there is no /dev/stdout or /proc here";
    int entries = count_entries(FOLDER);
    CHECK(file >= 0 && console >= 0);
    CHECK(dup2(file, STDOUT_FILENO) >= 0 && fstat(file, &before) == 0);
    printf("before\n");
    fflush(stdout);
    errno = 0;
    ffnn_status status = ffnn_save(&net, path);
    int error = errno;
    printf("after\n");
    fflush(stdout);
    CHECK(dup2(console, STDOUT_FILENO) >= 0);
    close(file);
    close(console);
    test_case("saving to %s", path);
    CHECK_STATUS(FFNN_ERROR_IO, status);
    CHECK(error == EINVAL);
    CHECK(stat(FOLDER "/output", &after) == 0 && after.st_ino == before.st_ino);
    CHECK(file_is(FOLDER "/output", printed, sizeof printed - 1));
    CHECK(count_entries(FOLDER) == entries);
    return NULL;
}

/* The same with a pipe, which is large enough for all that the save writes. */
static const char *save_to_a_pipe_at_stdout(const char *path) {
    static unsigned char got[MAX_BYTES];
    int ends[2], console = dup(STDOUT_FILENO);
    size_t size = 0;
    if (!exists(path))
        return "there is no /dev/stdout or /proc here";
    CHECK(console >= 0 && pipe(ends) == 0 && dup2(ends[1], STDOUT_FILENO) >= 0);
    close(ends[1]);
    errno = 0;
    ffnn_status status = ffnn_save(&net, path);
    CHECK(dup2(console, STDOUT_FILENO) >= 0);
    close(console);
    test_case("saving to %s, a pipe", path);
    CHECK_STATUS(FFNN_OK, status);
    for (ssize_t count = 1; count > 0 && size < sizeof got; size += (size_t)count) {
        count = read(ends[0], got + size, sizeof got - size);
        CHECK(count >= 0);
        if (count < 0)
            break;
    }
    CHECK(size == expected_size && memcmp(got, expected, size) == 0);
    close(ends[0]);
    return NULL;
}

static const char *save_to_both_at_stdout(const char *path) {
    const char *why = save_to_stdout(path);
    return why != NULL ? why : save_to_a_pipe_at_stdout(path);
}

static const char *save_to_dev_stdout(void) { return save_to_both_at_stdout("/dev/stdout"); }
static const char *save_to_dev_fd(void) { return save_to_both_at_stdout("/dev/fd/1"); }
static const char *save_to_proc_self_fd(void) { return save_to_both_at_stdout("/proc/self/fd/1"); }

/* Through one link, and through a link in another folder to that one. */
static const char *save_to_a_link_to_stdout(void) {
    CHECK(symlink("/dev/stdout", FOLDER "/link") == 0);
    CHECK(mkdir(FOLDER "/folder", 0777) == 0);
    CHECK(symlink("../link", FOLDER "/folder/link") == 0);
    const char *why = save_to_both_at_stdout(FOLDER "/link");
    if (why != NULL)
        return why;
    why = save_to_both_at_stdout(FOLDER "/folder/link");
    CHECK(exists(FOLDER "/link") && exists(FOLDER "/folder/link"));
    CHECK(count_entries(FOLDER) == 3 && count_entries(FOLDER "/folder") == 1);
    return why;
}

static void test_dev_stdout(void) { run_in_child(save_to_dev_stdout); }
static void test_dev_fd(void) { run_in_child(save_to_dev_fd); }
static void test_proc_self_fd(void) { run_in_child(save_to_proc_self_fd); }
static void test_a_link_to_dev_stdout(void) { run_in_child(save_to_a_link_to_stdout); }

/* Other descriptors than the first three, of a file that has a name or none, for reading or for
   writing. */
static const char *save_to_descriptors(void) {
    static unsigned char got[MAX_BYTES];
    static const int modes[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_APPEND};
#if defined(__linux__)
    static const char elsewhere[] = FOLDER "-fd"; /* one string: FOLDER is one, too */
#endif
    static const char *const folders[] = {
        "/dev/fd", "/proc/self/fd", "/proc/thread-self/fd",
#if defined(__linux__) /* however they are spelled */
        "/dev//fd", "/dev/./fd", "//proc/self/fd", "/proc/../dev/fd", "/proc/self/../self/fd",
        elsewhere,
#endif
    };
    if (!exists("/dev/fd/0"))
        return "there is no /dev/fd here";
    write_old(SAVED);
    unlink(FOLDER "-fd");
    CHECK(symlink("/dev/fd", FOLDER "-fd") == 0);
    for (size_t i = 0; i < COUNT_OF(modes) * COUNT_OF(folders); i++) {
        char path[100];
        struct stat before, after;
        int file = open(SAVED, modes[i % COUNT_OF(modes)]);
        CHECK(file >= 0 && fstat(file, &before) == 0);
        snprintf(path, sizeof path, "%s/%d", folders[i / COUNT_OF(modes)], file);
        if (exists(path))
            check_open_file(path);
        CHECK(stat(SAVED, &after) == 0 && before.st_ino == after.st_ino);
        CHECK(is_old(SAVED));
        CHECK(count_entries(FOLDER) == 1);
        close(file);
    }
    char path[100];
    int file = open(SAVED, O_RDWR);
    CHECK(file >= 0 && unlink(SAVED) == 0);
    snprintf(path, sizeof path, "/dev/fd/%d", file);
    check_open_file(path);
    CHECK(pread(file, got, sizeof got, 0) == (ssize_t)sizeof old_file);
    CHECK(memcmp(got, old_file, sizeof old_file) == 0);
    CHECK(count_entries(FOLDER) == 0);
    close(file);
    CHECK(unlink(FOLDER "-fd") == 0);
    return NULL;
}

static void test_descriptors(void) { run_in_child(save_to_descriptors); }

/* There is nothing at such a path, and nothing may be made there. */
static const char *save_to_no_descriptor(void) {
    static const char *const paths[] = {"/dev/fd/", "/dev/fd/1x", "/dev/fd/999999", "/dev/fd/-1",
                                        "/dev/stdnone", "/proc/self/fd/999999", "/proc/none"};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        test_case("saving to %s", paths[i]);
        int was_there = exists(paths[i]);
        errno = 0;
        CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(&net, paths[i]));
        CHECK(errno != 0);
        CHECK(exists(paths[i]) == was_there);
    }
    return NULL;
}

static void test_no_descriptors(void) { run_in_child(save_to_no_descriptor); }

/* What is a folder of files in /dev is a folder like any other: a file there is replaced, so that
   what fails leaves it whole. */
static const char *save_to_shared_memory(void) {
    char path[100], other_name[110];
    snprintf(path, sizeof path, "/dev/shm/ffnn-test-%ld", (long)getpid());
    snprintf(other_name, sizeof other_name, "%s-old", path);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return "there is no /dev/shm to write to";
    fclose(file);
    write_old(path);
    CHECK(link(path, other_name) == 0);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, path));
    CHECK(is_saved(path));
    CHECK(is_old(other_name));
    CHECK(unlink(path) == 0 && unlink(other_name) == 0);
    return NULL;
}

static void test_dev_shm(void) { run_in_child(save_to_shared_memory); }

/* ---- killed, and at the same time ---------------------------------------------------------- */

/* A process saves, and is killed when its file is larger than that. */
static void save_killed(const char *path, size_t bytes) {
    int status = 0;
    pid_t child;
    fflush(stdout);
    child = fork();
    if (child == 0) {
        struct rlimit limit = {(rlim_t)bytes, (rlim_t)bytes}, no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(1);
        signal(SIGXFSZ, SIG_DFL);
        ffnn_save(&net, path);
        _exit(1);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
}

/* Each save that is killed leaves one file, of the saved one's name and the next number, which no
   other save touches. */
static void test_what_killed_saves_leave(void) {
    begin();
    for (int was_there = 0; was_there <= 1; was_there++) {
        int killed = 0;
        if (was_there)
            write_old(SAVED);
        for (size_t bytes = 0; bytes < expected_size; bytes += 1999) {
            char path[100];
            struct stat info;
            test_case("killed after %d bytes", (int)bytes);
            save_killed(SAVED, bytes);
            snprintf(path, sizeof path, SAVED ".%d.tmp", ++killed);
            CHECK(stat(path, &info) == 0 && (size_t)info.st_size <= bytes);
            CHECK(was_there ? is_old(SAVED) : !exists(SAVED));
            CHECK(count_entries(FOLDER) == killed + was_there);
        }
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
        CHECK(is_saved(SAVED));
        CHECK(count_entries(FOLDER) == killed + 1);
        remove_folder(FOLDER);
        CHECK(mkdir(FOLDER, 0777) == 0);
    }
    end();
}

/* Through a link the file's name counts, and its folder. */
static void test_a_killed_save_through_a_link(void) {
    begin();
    CHECK(mkdir(FOLDER "/folder", 0777) == 0);
    write_old(FOLDER "/folder/saved");
    CHECK(symlink("folder/saved", FOLDER "/link") == 0);
    for (int times = 0; times < 3; times++)
        save_killed(times == 1 ? FOLDER "/./folder/saved" : FOLDER "/link", 1000);
    CHECK(is_old(FOLDER "/folder/saved"));
    CHECK(exists(FOLDER "/folder/saved.1.tmp") && exists(FOLDER "/folder/saved.2.tmp"));
    CHECK(exists(FOLDER "/folder/saved.3.tmp"));
    CHECK(count_entries(FOLDER) == 2 && count_entries(FOLDER "/folder") == 4);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, FOLDER "/link"));
    CHECK(is_saved(FOLDER "/folder/saved"));
    CHECK(count_entries(FOLDER) == 2 && count_entries(FOLDER "/folder") == 4);
    end();
}

/* A killed save to one path is nothing to a save to another one. */
static void test_a_killed_save_to_another_path(void) {
    begin();
    save_killed(FOLDER "/another", 1000);
    save_killed(SAVED, 1000);
    CHECK(exists(FOLDER "/another.1.tmp") && exists(SAVED ".1.tmp"));
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, FOLDER "/another"));
    CHECK(is_saved(SAVED) && is_saved(FOLDER "/another"));
    CHECK(count_entries(FOLDER) == 4);
    end();
}

/* A sticky folder, in which nobody can remove what root's killed save has left. */
static const char *save_beside_roots_leftover(void) {
    if (geteuid() != 0)
        return only_root;
    make_file(SAVED, NOBODY, NOBODY, 0644);
    CHECK(chmod(FOLDER, 01777) == 0);
    save_killed(SAVED, 1000);
    int left = count_entries(FOLDER);
    if (!become_nobody())
        return only_root;
    for (int times = 0; times < 3; times++) {
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
        CHECK(is_saved(SAVED));
        CHECK(count_entries(FOLDER) == left);
    }
    return NULL;
}

static void test_anothers_leftover_is_in_nobodys_way(void) {
    run_in_child(save_beside_roots_leftover);
}

/* All weights are this number. */
static void set_generation(ffnn_net *which, int generation) {
    for (size_t i = 0; i < which->layer_count; i++) {
        ffnn_tensor weight = which->layers[i].weight;
        for (size_t k = 0; k < weight.rows * weight.cols; k++)
            weight.data[k] = (float)generation;
    }
}

/* The number in the file; -1 if that is not whole. */
static int saved_generation(const char *path) {
    ffnn_net loaded;
    int generation = -1;
    if (ffnn_init_from_file(&loaded, path) != FFNN_OK)
        return -1;
    generation = (int)loaded.layers[0].weight.data[0];
    for (size_t i = 0; i < loaded.layer_count; i++) {
        ffnn_tensor weight = loaded.layers[i].weight;
        for (size_t k = 0; k < weight.rows * weight.cols; k++)
            if ((int)weight.data[k] != generation)
                generation = -1;
    }
    ffnn_free(&loaded);
    return generation;
}

static double seconds(void) {
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The path that the i-th saver saves to. */
static const char *path_of(int i, int is_one_path) {
    static char path[100];
    snprintf(path, sizeof path, is_one_path ? SAVED : SAVED "%d", i);
    return path;
}

static void save_in_child(const char *path, double until) {
    int bad = 0;
    for (int generation = 2; seconds() < until && !bad; generation++) {
        set_generation(&net, generation);
        bad = ffnn_save(&net, path) != FFNN_OK;
    }
    _exit(bad);
}

/* Processes save for a while, to one path or to one each; whoever reads sees a whole file. */
static void check_savers(int is_one_path) {
    enum { SAVERS = 4 };
    pid_t children[SAVERS];
    double until = seconds() + 0.4;
    begin();
    set_generation(&net, 1);
    for (int i = 0; i < SAVERS; i++)
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, path_of(i, is_one_path)));
    fflush(stdout);
    for (int i = 0; i < SAVERS; i++) {
        children[i] = fork();
        if (children[i] == 0)
            save_in_child(path_of(i, is_one_path), until);
    }
    while (seconds() < until)
        for (int i = 0; i < SAVERS; i++)
            CHECK(saved_generation(path_of(i, is_one_path)) > 0);
    for (int i = 0; i < SAVERS; i++) {
        int status = -1;
        CHECK(waitpid(children[i], &status, 0) == children[i] && status == 0);
        CHECK(saved_generation(path_of(i, is_one_path)) > 0);
    }
    CHECK(count_entries(FOLDER) == (is_one_path ? 1 : SAVERS));
    end();
}

static void test_savers_to_one_path(void) { check_savers(1); }
static void test_savers_to_paths_side_by_side(void) { check_savers(0); }

/* Threads of one process, each with a network of its own. */
static void *save_for_a_while(void *argument) {
    ffnn_net *mine = (ffnn_net *)argument;
    double until = seconds() + 0.3;
    size_t failed = 0;
    for (int generation = 2; seconds() < until; generation++) {
        set_generation(mine, generation);
        failed += ffnn_save(mine, SAVED) != FFNN_OK;
    }
    return failed == 0 ? NULL : argument;
}

static void test_savers_in_threads(void) {
    enum { SAVERS = 4 };
    pthread_t threads[SAVERS];
    ffnn_net nets[SAVERS];
    begin();
    set_generation(&net, 1);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    for (int i = 0; i < SAVERS; i++) {
        CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&nets[i], SAVED));
        CHECK(pthread_create(&threads[i], NULL, save_for_a_while, &nets[i]) == 0);
    }
    double until = seconds() + 0.2;
    while (seconds() < until)
        CHECK(saved_generation(SAVED) > 0);
    for (int i = 0; i < SAVERS; i++) {
        void *failed = NULL;
        CHECK(pthread_join(threads[i], &failed) == 0);
        CHECK(failed == NULL);
    }
    for (int i = 0; i < SAVERS; i++)
        ffnn_free(&nets[i]);
    CHECK(saved_generation(SAVED) > 0);
    CHECK(count_entries(FOLDER) == 1);
    end();
}

/* One saver is killed again and again while another one saves: no file is torn, and what is left
   are the killed ones' temporary files. */
static void test_a_saver_beside_killed_ones(void) {
    enum { KILLED = 20 };
    begin();
    set_generation(&net, 1);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int bad = 0;
        for (int generation = 2; generation < 300 && !bad; generation++) {
            set_generation(&net, generation);
            bad = ffnn_save(&net, SAVED) != FFNN_OK;
        }
        _exit(bad);
    }
    for (int times = 0; times < KILLED; times++) {
        save_killed(SAVED, 5000);
        CHECK(saved_generation(SAVED) > 0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(count_entries(FOLDER) == 1 + KILLED);
    int found = 0;
    for (int number = 1; number <= KILLED + 1; number++) { /* there were never more at once */
        char path[100];
        snprintf(path, sizeof path, SAVED ".%d.tmp", number);
        found += exists(path);
    }
    CHECK(found == KILLED);
    end();
}

int main(void) {
    RUN(test_roots_save_keeps_the_owner);
    RUN(test_the_group_is_kept);
    RUN(test_anothers_file_keeps_its_group);
    RUN(test_a_strangers_file_is_saved);
    RUN(test_rights_that_cannot_be_set);
    RUN(test_a_file_system_without_rights);

    RUN(test_a_mounted_file);
    RUN(test_a_closed_folder);
    RUN(test_a_sticky_folder);
    RUN(test_hard_links);

    RUN(test_dev_stdout);
    RUN(test_dev_fd);
    RUN(test_proc_self_fd);
    RUN(test_a_link_to_dev_stdout);
    RUN(test_descriptors);
    RUN(test_no_descriptors);
    RUN(test_dev_shm);

    RUN(test_what_killed_saves_leave);
    RUN(test_a_killed_save_through_a_link);
    RUN(test_a_killed_save_to_another_path);
    RUN(test_anothers_leftover_is_in_nobodys_way);
    RUN(test_savers_to_one_path);
    RUN(test_savers_to_paths_side_by_side);
    RUN(test_savers_in_threads);
    RUN(test_a_saver_beside_killed_ones);
    return test_summary("test_saving");
}

#elif defined(_WIN32)

#include "../ffnn.h"

/* A device is written to, under each of its names. */
static void test_devices(void) {
    static const char *const names[] = {"NUL", "nul", "\\\\.\\NUL"};
    ffnn_net net;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        test_case("%s", names[i]);
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, names[i]));
    }
    ffnn_free(&net);
}

/* A path that is not UTF-8 is taken as fopen takes it. */
static void test_a_path_that_is_not_utf_8(void) {
    static const char path[] = "build\\saving-\xe4.safetensors";
    ffnn_net net, loaded;
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        test_skip("fopen does not take such a path here");
        return;
    }
    fputs("old", file);
    fclose(file);
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, path));
    CHECK_STATUS(FFNN_OK, ffnn_load(&net, path));
    file = fopen(path, "rb");
    CHECK(file != NULL && getc(file) == 0x78); /* the length of the lab's header, not "old" */
    if (file != NULL)
        fclose(file);
    CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&loaded, path));
    ffnn_free(&loaded);
    ffnn_free(&net);
    CHECK(remove(path) == 0);
}

int main(void) {
    RUN(test_devices);
    RUN(test_a_path_that_is_not_utf_8);
    test_skip("rights, links, descriptors and killed processes: this is no POSIX system");
    return test_summary("test_saving");
}

#else

int main(void) {
    test_skip("rights, links, devices and killed processes: this system has none");
    return test_summary("test_saving");
}

#endif
