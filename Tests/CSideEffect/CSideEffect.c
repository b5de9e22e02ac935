#define _GNU_SOURCE
#include "CSideEffect.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static pthread_t early;
static int is_turn;
static int early_result;

static int result_of(long value) {
    return value < 0 ? errno : 0;
}

static int new_socket(int family) {
    int descriptor = socket(family, SOCK_STREAM, 0);
    if (descriptor < 0) return errno;
    close(descriptor);
    return 0;
}

static void *wait_for_turn(void *unused) {
    pthread_mutex_lock(&mutex);
    while (!is_turn) pthread_cond_wait(&turn, &mutex);
    pthread_mutex_unlock(&mutex);
    early_result = new_socket(AF_INET);
    return unused;
}

int side_effect_prepare(void) {
    return pthread_create(&early, NULL, wait_for_turn, NULL);
}

static int early_socket(void) {
    pthread_mutex_lock(&mutex);
    is_turn = 1;
    pthread_cond_signal(&turn);
    pthread_mutex_unlock(&mutex);
    int error = pthread_join(early, NULL);
    return error ? error : early_result;
}

static void *do_nothing(void *unused) {
    return unused;
}

static int new_thread(void) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, do_nothing, NULL);
    return error ? error : pthread_join(thread, NULL);
}

// The socket was inherited as standard input: it exists before the barrier.
static int connect_inherited(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int error = result_of(connect(0, (struct sockaddr *)&address, sizeof address));
    // Nobody listens there: the attempt left the process all the same.
    return error == ECONNREFUSED ? 0 : error;
}

static int new_process(long call) {
    long process = syscall(call, SIGCHLD, 0, 0, 0, 0);
    if (process < 0) return errno;
    if (process == 0) _exit(0);
    return result_of(waitpid((pid_t)process, NULL, 0));
}

static int program(void) {
    char *arguments[] = {"true", NULL};
    // With success this process becomes the program, which ends with 0 and prints nothing.
    execv("/bin/true", arguments);
    return errno;
}

static int opened(int descriptor) {
    if (descriptor < 0) return errno;
    close(descriptor);
    return 0;
}

int side_effect(const char *name, const char *path) {
    if (!strcmp(name, "socket")) return new_socket(AF_INET);
    if (!strcmp(name, "local-socket")) return new_socket(AF_UNIX);
    if (!strcmp(name, "early-thread")) return early_socket();
    if (!strcmp(name, "connect")) return connect_inherited();
    if (!strcmp(name, "ring")) {
        // Without parameters it fails, but differently.
        int error = result_of(syscall(SYS_io_uring_setup, 1, NULL));
        return error == EPERM ? EPERM : 0;
    }
    if (!strcmp(name, "program")) return program();
    if (!strcmp(name, "fork")) return new_process(SYS_fork);
    if (!strcmp(name, "clone")) return new_process(SYS_clone);
    if (!strcmp(name, "new-file")) return opened(open(path, O_WRONLY | O_CREAT, 0600));
    if (!strcmp(name, "removal")) return result_of(unlink(path));
    if (!strcmp(name, "rename")) return result_of(rename(path, path));
    if (!strcmp(name, "truncation")) return result_of(truncate(path, 0));
    if (!strcmp(name, "signal")) return result_of(kill(getpid(), 0));
    if (!strcmp(name, "trace")) return result_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    if (!strcmp(name, "reading")) return opened(open(path, O_RDONLY));
    if (!strcmp(name, "new-thread")) return new_thread();
    return -1;
}
