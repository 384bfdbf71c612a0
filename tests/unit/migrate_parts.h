/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of both sides of a migration are set up with: one host with the guest "web", domain 1, which has a disk
 * and an interface, and a tenon-migrate of the test's own.
 */
#ifndef MIGRATE_PARTS_H
#define MIGRATE_PARTS_H

#include "tenond_fakes.h"

#include <sys/types.h>

extern struct host host;
extern struct domain_config *config;
extern struct record record;
extern struct error error;
extern struct migration *migration;	/* the last one, ended with the test; NULL: none */

/* From now on tenon-migrate is this script. */
void pretend(const char *script);

/* In bytes; -1: there is none. */
off_t file_size(const char *path);

int set_up(void **state);
int tear_down(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
