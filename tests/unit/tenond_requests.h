/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tenond above the fakes, and requests to it: each is served as the HTTP server would hand it over, on
 * a real event loop with real jobs.
 */
#ifndef TESTS_TENOND_REQUESTS_H
#define TESTS_TENOND_REQUESTS_H

#include "dom0-tools/tenond/api.h"

extern struct tenond tenond;

/* Before and after each test. */
int set_up(void **state);
int tear_down(void **state);

/* As by kill -9: what is in memory is lost, what is on disk and at the hypervisor stays. */
void stop(void);
void start(void);

/* A request, and its answer with the status that it must have; to be freed. */
struct request *begin(const char *method, const char *url, const char *body);
json_t *end(struct request *request, unsigned int status);
json_t *ask(const char *method, const char *url, const char *body, unsigned int status);
/* An answer that has a text at a member; freed. */
void expect(json_t *json, const char *member, const char *text);
void expect_error(const char *method, const char *url, const char *body, unsigned int status,
		  const char *id, const char *cause);

/* A domain that runs; extra: devices in its description. */
void create(const char *name, const char *extra);

#endif
