/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making and ending domains: for the control hypercalls and boot. */
#ifndef DOMAIN_CONTROL_H
#define DOMAIN_CONTROL_H

#include <hypercall/control.h>
#include "lib/base.h"

struct domain;

/* An empty, paused domain; wanted 0xffff: any number.  -EINVAL, -EEXIST, -ENOSPC, -ENOMEM. */
int domain_create(uint16_t wanted, const struct hc_control_create *c, struct domain **out);
struct domain *domain_create_pseudo(uint16_t id, const char *name);
/*
 * 0 when everything of it is given back; -ERESTART: call again, there is more to do, or another
 * caller is at it; -EINVAL: dom0, or the caller.
 */
int domain_destroy(struct domain *d);
/* The first domain from number domid on, with a reference; NULL: none. */
struct domain *domain_get_next(uint32_t domid);
uint32_t domain_count(void);
/* HC_CONTROL_DIRTY_LOG (domain/dirty_log.c). */
long op_dirty_log(struct domain *d, struct hc_control *op);
/* Fill a frame with the hypercall entry stubs (domain/hypercall_page.c). */
void hypercall_page_fill(uint8_t *page);
/*
 * Building dom0 (domain/dom0.c).  dom0_load() copies the boot modules kernel and
 * initrd; then all modules, module_bytes together, are released, and dom0_start()
 * gives dom0 the rest of its memory and makes it ready to run.
 */
void dom0_load(uint64_t kernel, uint64_t kernel_size, uint64_t initrd, uint64_t initrd_size,
	       uint64_t module_bytes);
void dom0_start(const char *command_line);

#endif
