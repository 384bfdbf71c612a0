/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls of functions of a guest's kernel (hypercall/symcall.h), on behalf of clients.
 */
#ifndef TENOND_SYMCALL_H
#define TENOND_SYMCALL_H

#include "request.h"
#include "tenond.h"

/* Answers the request POST /v1/domains/REFERENCE/symcall, when the guest has. */
void symcall_request(struct tenond *tenond, struct request *request, const struct domain *domain);

/* End all of them: tenond is about to leave. */
void symcall_end_all(struct tenond *tenond);

/* What the guest answers, as JSON; page: a copy of its page of answers. */
json_t *symcall_vaddr_json(const void *page);
/*
 * Appends the tasks that a page has to a list.  *next: the least pid that was not told yet, to be
 * raised; false: the page is none that a sane kernel makes.
 */
bool symcall_tasks_json(const void *page, int64_t count, json_t *tasks, uint64_t *next);

#endif
