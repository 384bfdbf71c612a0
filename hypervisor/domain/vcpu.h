/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making and freeing vcpus: used by domain/ only. */
#ifndef DOMAIN_VCPU_H
#define DOMAIN_VCPU_H

struct domain;
struct vcpu;

int vcpu_create(struct domain *d, unsigned int id);	/* -ENOMEM */
void vcpu_free(struct vcpu *v);
void vcpu_drop_info(struct vcpu *v);			/* a registered vcpu_info page */

#endif
