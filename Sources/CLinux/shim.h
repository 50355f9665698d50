#pragma once
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <pthread.h>

// Declared by glibc only for _GNU_SOURCE, which the module is not built with.
int pthread_setname_np(pthread_t thread, const char *name);
