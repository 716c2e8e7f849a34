/* A process that is killed while it saves: the file is the old or the new one, whole.
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

/* What killed processes have left: how many files. */
static int count_left(void) {
    return count_entries(FOLDER) - file_exists(SAVED);
}

/* Whatever was left is in nobody's way, and gone after the save. */
static void save_generation(int generation) {
    ffnn_net net;
    make_network(&net, large, 0);
    set_all_weights(&net, (float)generation);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    CHECK(saved_generation() == generation);
    CHECK(count_left() == 0);
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
    int n = 1, left = 0;
    bool is_new = false;
    save_generation(1);
    while (save_killed(n, before)) {
        test_case("before call %d", n);
        /* once the file is the new one, it is so for every later call, too */
        CHECK(saved_generation() == (is_new ? 2 : 1) || saved_generation() == 2);
        is_new = saved_generation() == 2;
        CHECK(count_left() <= 1);
        left += count_left();
        save_generation(1);
        ++n;
    }
    CHECK(saved_generation() == 2);
    CHECK(n > 6);    /* it has looked, opened, written, flushed, closed and renamed */
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

/* The name that a save takes if it is free. */
static void find_temporary_name(char name[sizeof faults.created]) {
    faults_end();
    save_generation(1);
    strcpy(name, faults.created);
}

static void test_an_abandoned_file(void) {
    char name[sizeof faults.created];
    find_temporary_name(name);
    write_file(name, "left", 4);
    save_generation(2); /* nothing is left */
    CHECK(strcmp(name, faults.created) == 0);
    remove(SAVED);
}

/* The file of a save that goes on: the process that writes to it has locked it. */
static void test_a_file_that_somebody_is_writing(void) {
    char name[sizeof faults.created];
    ffnn_net net;
    find_temporary_name(name);
    write_file(name, "theirs", 6);
    FILE *theirs = fopen(name, "rb");
    CHECK(theirs != NULL && flock(fileno(theirs), LOCK_EX) == 0);
    make_network(&net, large, 0);
    set_all_weights(&net, 2);
    for (int times = 0; times < 3; ++times) {
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
        CHECK(strcmp(name, faults.created) != 0);
        CHECK(saved_generation() == 2);
        CHECK(file_is(name, "theirs", 6));
        CHECK(count_left() == 1);
    }
    if (theirs != NULL) fclose(theirs);
    save_generation(3); /* now it is abandoned */
    ffnn_free(&net);
    remove(SAVED);
}

/* Saves while something stands there that no save has made, and then without it. */
static void check_left_alone(const char *name, const char *what) {
    struct stat before, after;
    ffnn_net net;
    test_case("%s", what);
    make_network(&net, large, 0);
    set_all_weights(&net, 2);
    CHECK(lstat(name, &before) == 0);
    alarm(20); /* whoever opens a pipe waits for ever */
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    alarm(0);
    CHECK(saved_generation() == 2);
    CHECK(lstat(name, &after) == 0);
    CHECK(before.st_ino == after.st_ino && before.st_mode == after.st_mode);
    CHECK(count_left() == 1);
    CHECK(remove(name) == 0);
    save_generation(3);
    ffnn_free(&net);
}

static void test_what_no_save_has_made_is_left_alone(void) {
    char name[sizeof faults.created];
    find_temporary_name(name);
    write_file(SCRATCH "value", "of value", 8);
    CHECK(symlink("../value", name) == 0);
    check_left_alone(name, "a link to a file");
    CHECK(file_is(SCRATCH "value", "of value", 8));
    CHECK(symlink("nowhere", name) == 0);
    check_left_alone(name, "a link that leads nowhere");
    CHECK(symlink("saved", name) == 0);
    check_left_alone(name, "a link to what is saved");
    CHECK(mkfifo(name, 0600) == 0);
    check_left_alone(name, "a pipe");
    CHECK(mkdir(name, 0700) == 0);
    check_left_alone(name, "a folder");
    remove(SCRATCH "value");
    remove(SAVED);
}

/* ---- two at a time ------------------------------------------------------------------------- */

static void kill_before_rename(const char *call) {
    if (strcmp(call, "rename") == 0) raise(SIGKILL);
}

static void let_another_be_killed(const char *call) {
    if (strcmp(call, "rename") != 0) return;
    faults.before = NULL;
    CHECK(save_killed(0, kill_before_rename));
}

/* A process is killed while another one saves, and leaves a file of another name than the one that
   the next save takes. */
static void test_killed_beside_another_save(void) {
    ffnn_net net;
    save_generation(1);
    make_network(&net, large, 0);
    set_all_weights(&net, 4);
    faults.before = let_another_be_killed; /* it saves generation 2 in the middle of this save */
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    faults_end();
    CHECK(saved_generation() == 4);
    CHECK(count_left() == 1);
    save_generation(5); /* nothing is left */
    ffnn_free(&net);
    remove_files(FOLDER, "");
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
        CHECK(count_left() <= 1); /* the processes before had begun, so have cleaned up: no heap */
        left += count_left();
    }
    printf("%d processes were killed, %d of them in the middle of a save; %d saves were whole\n",
           PROCESSES, left, generation);
    save_generation(generation + 1); /* nothing is left */
    remove(SAVED);
    CHECK(rmdir(FOLDER) == 0); /* nothing else is in it */
}

int main(void) {
    make_scratch_folder(FOLDER);
    remove_files(FOLDER, ""); /* that an earlier run has left */
    RUN(test_killed_before_each_call);
    RUN(test_killed_before_each_call_with_all_written);
    RUN(test_an_abandoned_file);
    RUN(test_a_file_that_somebody_is_writing);
    RUN(test_what_no_save_has_made_is_left_alone);
    RUN(test_killed_beside_another_save);
    RUN(test_killed_at_any_time);
    return test_summary("test_killed");
}

#else

int main(void) {
    test_skip("killed processes: this is no POSIX system");
    return test_summary("test_killed");
}

#endif
