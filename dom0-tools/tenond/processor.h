/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the processors of this host can do, as far as programs may rely on it: a guest
 * that moves must find at least that on the other host.
 */
#ifndef TENOND_PROCESSOR_H
#define TENOND_PROCESSOR_H

#include "error.h"

#include <jansson.h>

/* {"vendor": ..., "features": [...]}, as /proc/cpuinfo (or another file, for tests) says; NULL: it cannot be read. */
json_t *processor_describe(const char *cpuinfo);

/* Whether ours can stand in for theirs. 0, or a negative errno and *error. */
int processor_compare(json_t *ours, json_t *theirs, struct error *error);

#define PROCESSOR_INFO "/proc/cpuinfo"

#endif
