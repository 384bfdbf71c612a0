/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory and string functions that freestanding code needs. */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#ifdef TENON_HOST
#include <string.h>
#else
#include "lib/base.h"
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
#endif

/* One whole 4 KiB page, both aligned; the shapes the processor does fastest. */
void clear_page(void *page);
void copy_page(void *dst, const void *src);
/* Zeros to pages that nobody will read soon: past the caches, which keep what is in use. */
void scrub_pages(void *first, size_t count);

#endif
