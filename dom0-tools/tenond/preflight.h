/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Can this domain be created here and now?  Everything that can be found out
 * without changing anything is, so that a creation fails before it began.
 */
#ifndef TENOND_PREFLIGHT_H
#define TENOND_PREFLIGHT_H

#include "config.h"
#include "error.h"
#include "host.h"

#include <jansson.h>

/* Adds every obstacle. coming: disks that are still to be made, see copied.h; NULL: none. */
void preflight_all(const struct host *host, const struct domain_config *config, json_t *coming,
		   struct errors *errors);

/* 0, or a negative errno and the first obstacle in *error. */
int preflight_check(const struct host *host, const struct domain_config *config,
		    struct error *error);

/* The single questions, for tests. */
int preflight_file(const char *what, const char *path, struct error *error);
int preflight_disk(const struct disk_config *disk, struct error *error);

#endif
