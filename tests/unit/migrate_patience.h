/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts patience with other hosts, which is real and has to be with the limits of all; linked with $(migrate_patience_wrap). */
#ifndef TESTS_UNIT_MIGRATE_PATIENCE_H
#define TESTS_UNIT_MIGRATE_PATIENCE_H

#include <stdatomic.h>

struct patience_count {
	atomic_uint begun, ended;
	int fd;				/* the last one's connection */
};

extern struct patience_count patience_count;

#endif
