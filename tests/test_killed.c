/* A process that is killed while it saves: the file is the old or the new one, whole, and beside it
   is at most the temporary file, of the file's name with .1.tmp behind or the next number.
   Files land in build/tests-tmp/killed; the program runs in the repository's root. */
#define _XOPEN_SOURCE 700 /* for processes and folders; a test needs them */

#include "test.h"

#include "faults.h"
#include "helpers.h"

#if HAS_POSIX

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define FOLDER SCRATCH "killed"
#define SAVED  FOLDER "/saved"

/* The first names that a temporary file has. */
#define FIRST  SAVED ".1.tmp"
#define SECOND SAVED ".2.tmp"
#define THIRD  SAVED ".3.tmp"

static const size_t large[] = {50, 60, 10, 0}; /* several pieces to write */

/* ---- generations --------------------------------------------------------------------------- */
/* The n-th set of weights that is saved is generation n: all of them are n. */

/* The generation in the file, or -1 if the file is not whole or not there. */
static int saved_generation(void) {
    ffnn_net net;
    int generation = -1;
    if (ffnn_init_from_file(&net, SAVED) != FFNN_OK) return -1;
    if (net.layer_count == 2 && net.layers[0].weight.cols == 60) {
        float first = net.layers[0].weight.data[0];
        if (all_weights_are(&net, first)) generation = (int)first;
    }
    ffnn_free(&net);
    return generation;
}

/* How many temporary files of SAVED killed processes have left; nothing else is in the folder. */
static int count_left(void) {
    DIR *listing = opendir(FOLDER);
    int count = 0;
    CHECK(listing != NULL);
    if (listing == NULL) return 0;
    for (const struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        const char *name = entry->d_name;
        if (name[0] == '.' || strcmp(name, "saved") == 0) continue;
        size_t digits = strncmp(name, "saved.", 6) == 0 ? strspn(name + 6, "0123456789") : 0;
        CHECK(digits > 0 && strcmp(name + 6 + digits, ".tmp") == 0);
        ++count;
    }
    closedir(listing);
    return count;
}

/* Whatever was left is in nobody's way, and stays. */
static void save_generation(int generation) {
    ffnn_net net;
    int left = count_left();
    make_network(&net, large, 0);
    set_all_weights(&net, (float)generation);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    CHECK(saved_generation() == generation);
    CHECK(count_left() == left);
    ffnn_free(&net);
}

/* ---- killed at every call ------------------------------------------------------------------ */

static int calls_left;

static void kill_at_last_call(const char *call) {
    (void)call;
    if (calls_left-- == 0) raise(SIGKILL);
}

/* As above, but what the process has written so far has reached the file: so large a part of it
   as the calls before have written, and not just what the buffer had no room for. */
static void kill_at_last_call_flushed(const char *call) {
    (void)call;
    if (calls_left == 0) fflush(NULL);
    kill_at_last_call(call);
}

/* Saves generation 2 in a process that is killed before its n-th call of a file function. Returns
   whether it was killed, or the save had fewer calls. */
static int save_killed(int n, void (*before)(const char *call)) {
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        ffnn_net net;
        if (init_network(&net, large, 0) != FFNN_OK) _exit(1);
        set_all_weights(&net, 2);
        calls_left = n - 1;
        faults.before = before;
        _exit(ffnn_save(&net, SAVED) != FFNN_OK);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void check_killed(void (*before)(const char *call)) {
    enum { ENOUGH = 100 }; /* calls; none needs so many */
    int n = 1, left = 0;
    bool is_new = false;
    save_generation(1);
    CHECK(count_left() == 0);
    while (n < ENOUGH && save_killed(n, before)) {
        test_case("before call %d", n);
        /* once the file is the new one, it is so for every later call, too */
        CHECK(saved_generation() == (is_new ? 2 : 1) || saved_generation() == 2);
        is_new = saved_generation() == 2;
        CHECK(count_left() == file_exists(FIRST));
        left += count_left();
        save_generation(1);
        remove(FIRST);
        ++n;
    }
    CHECK(saved_generation() == 2);
    CHECK(n > 6 && n < ENOUGH); /* it has looked, opened, written, flushed, closed and renamed */
    CHECK(left > 0); /* and was killed between some of these */
    remove(SAVED);
}

static void test_killed_before_each_call(void) {
    check_killed(kill_at_last_call);
}

static void test_killed_before_each_call_with_all_written(void) {
    check_killed(kill_at_last_call_flushed);
}

/* ---- what stands under the temporary name -------------------------------------------------- */

static void kill_before_rename(const char *call) {
    if (strcmp(call, "rename") == 0) raise(SIGKILL);
}

/* Each save that is killed leaves a file of its own, and no later save, killed or whole, touches
   it. */
static void test_killed_again_and_again(void) {
    static const char *const names[] = {FIRST, SECOND, THIRD};
    bytes left[COUNT_OF(names)];
    save_generation(1);
    for (size_t i = 0; i < COUNT_OF(names); ++i) {
        test_case("%s", names[i]);
        CHECK(!file_exists(names[i]));
        CHECK(save_killed(0, kill_before_rename));
        CHECK(count_left() == (int)i + 1);
        CHECK(saved_generation() == 1);
        left[i] = read_file(names[i]);
        CHECK(left[i].size > 10000); /* all of it was written */
        write_file(names[i], left[i].data, left[i].size - i - 1); /* no save writes one like this */
    }
    save_generation(3);
    for (size_t i = 0; i < COUNT_OF(names); ++i) {
        CHECK(file_is(names[i], left[i].data, left[i].size - i - 1));
        free(left[i].data);
    }
    CHECK(remove(FIRST) == 0);
    CHECK(save_killed(0, kill_before_rename)); /* it takes the number that has become free */
    CHECK(file_exists(FIRST) && count_left() == 3);
    remove_files(FOLDER, "");
}

/* Saves while something stands there that no save has made, and then without it. */
static void check_left_alone(const char *what) {
    struct stat before, after;
    ffnn_net net;
    test_case("%s", what);
    make_network(&net, large, 0);
    set_all_weights(&net, 2);
    CHECK(lstat(FIRST, &before) == 0);
    alarm(20); /* whoever opens a pipe waits for ever */
    faults_begin(0, 0);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    CHECK(strcmp(faults.created, SECOND) == 0);
    alarm(0);
    CHECK(saved_generation() == 2);
    CHECK(lstat(FIRST, &after) == 0);
    CHECK(before.st_ino == after.st_ino && before.st_mode == after.st_mode);
    CHECK(count_left() == 1);
    CHECK(remove(FIRST) == 0);
    save_generation(3);
    CHECK(strcmp(faults.created, FIRST) == 0);
    faults_end();
    ffnn_free(&net);
}

static void test_what_no_save_has_made_is_left_alone(void) {
    save_generation(1);
    write_file(SCRATCH "value", "of value", 8);
    write_file(FIRST, "a file", 6);
    check_left_alone("a file");
    CHECK(link(SCRATCH "value", FIRST) == 0);
    check_left_alone("a second name of a file");
    CHECK(file_is(SCRATCH "value", "of value", 8));
    CHECK(symlink("../value", FIRST) == 0);
    check_left_alone("a link to a file");
    CHECK(file_is(SCRATCH "value", "of value", 8));
    CHECK(symlink("../nowhere", FIRST) == 0);
    check_left_alone("a link that leads nowhere");
    CHECK(!file_exists(SCRATCH "nowhere"));
    CHECK(symlink("saved", FIRST) == 0);
    check_left_alone("a link to what is saved");
    CHECK(mkfifo(FIRST, 0600) == 0);
    check_left_alone("a pipe");
    CHECK(mkdir(FIRST, 0700) == 0);
    check_left_alone("a folder");
    remove(SCRATCH "value");
    remove(SAVED);
}

/* ---- two at a time ------------------------------------------------------------------------- */

static void let_another_save(const char *call) {
    if (strcmp(call, "rename") != 0) return;
    faults.before = NULL;
    CHECK(!save_killed(0, NULL));
    CHECK(saved_generation() == 2);
    CHECK(count_left() == 1);
}

static void let_another_be_killed(const char *call) {
    if (strcmp(call, "rename") != 0) return;
    faults.before = NULL;
    CHECK(save_killed(0, kill_before_rename));
}

/* Another process saves, or is killed, in the middle of this save: of another generation, and by a
   temporary file of its own. */
static void test_a_save_in_the_middle_of_another_one(void) {
    ffnn_net net;
    make_network(&net, large, 0);
    set_all_weights(&net, 4);
    for (int is_killed = 0; is_killed <= 1; ++is_killed) {
        test_case(is_killed ? "killed" : "not killed");
        save_generation(1);
        faults.before = is_killed ? let_another_be_killed : let_another_save;
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
        CHECK(faults.before == NULL);
        faults_end();
        CHECK(saved_generation() == 4);
        CHECK(count_left() == is_killed && file_exists(SECOND) == is_killed);
        remove_files(FOLDER, "");
    }
    ffnn_free(&net);
}

/* ---- killed at any time -------------------------------------------------------------------- */

/* Says through the pipe that it begins, so that it is not killed before. */
static void save_for_ever(int generation, int pipe) {
    ffnn_net net;
    if (init_network(&net, large, 0) != FFNN_OK || write(pipe, "!", 1) != 1) _exit(1);
    for (;; ++generation) {
        set_all_weights(&net, (float)generation);
        if (ffnn_save(&net, SAVED) != FFNN_OK) _exit(1);
    }
}

/* Starts a process that saves, lets it go on for so long, and kills it. */
static void kill_after(long nanoseconds, int generation) {
    const struct timespec time = {0, nanoseconds};
    int ends[2], status = 0;
    char begun = 0;
    CHECK(pipe(ends) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) save_for_ever(generation, ends[1]);
    CHECK(child > 0 && read(ends[0], &begun, 1) == 1);
    nanosleep(&time, NULL);
    kill(child, SIGKILL);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(ends[0]);
    close(ends[1]);
}

/* The processes save generation after generation, each from where the one before had come to. */
static void test_killed_at_any_time(void) {
    enum { PROCESSES = 250, LONGEST = 3000000 }; /* nanoseconds */
    int generation = 1, left = 0;
    random_state = 20240229;
    save_generation(1);
    for (int i = 0; i < PROCESSES && generation > 0; ++i) { /* one torn file is enough to see */
        test_case("process %d", i);
        kill_after((long)(random_bits() % LONGEST), generation + 1);
        CHECK(saved_generation() >= generation);
        generation = saved_generation();
        CHECK(count_left() >= left && count_left() <= left + 1);
        left = count_left();
    }
    printf("%d processes were killed, %d of them in the middle of a save; %d saves were whole\n",
           PROCESSES, left, generation);
    save_generation(generation + 1);
    while (remove_files(FOLDER, "") > 0) continue; /* so many: some systems' lists skip a few */
    CHECK(rmdir(FOLDER) == 0);
}

int main(void) {
    make_scratch_folder(FOLDER);
    remove_files(FOLDER, ""); /* that an earlier run has left */
    RUN(test_killed_before_each_call);
    RUN(test_killed_before_each_call_with_all_written);
    RUN(test_killed_again_and_again);
    RUN(test_what_no_save_has_made_is_left_alone);
    RUN(test_a_save_in_the_middle_of_another_one);
    RUN(test_killed_at_any_time);
    return test_summary("test_killed");
}

#else

int main(void) {
    test_skip("killed processes: this is no POSIX system");
    return test_summary("test_killed");
}

#endif
