/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Initial ramdisks: any form that the kernel itself can unpack. */
#ifndef BUILD_INITRD_H
#define BUILD_INITRD_H

#include "error.h"
#include "image.h"

/* -ENOEXEC: the file is none; else errors of open(2) and read(2). */
int initrd_open(const char *path, struct image *image, struct build_error *error);

#endif
