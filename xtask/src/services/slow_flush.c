// A disk whose flush takes longer, for a server that is measured: loaded before its C library. A flush then takes as many
// microseconds as the file TRILBY_FLUSH_FILE says, or as long as the disk takes, whichever is more. Unlike `commit_delay`, what is
// written while a flush is under way waits for the next one, as on a disk across a network.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long wanted(void) {
    const char *file = getenv("TRILBY_FLUSH_FILE");
    int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return 0;
    }
    char text[16] = {0};
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    return n > 0 ? atol(text) : 0;
}

static long micros(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

int fdatasync(int fd) {
    static int (*flush)(int);
    if (!flush) {
        flush = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    }
    long begun = micros();
    int done = flush(fd);
    long left = wanted() - (micros() - begun);
    if (left > 0) {
        struct timespec rest = {left / 1000000, left % 1000000 * 1000};
        nanosleep(&rest, NULL);
    }
    return done;
}
