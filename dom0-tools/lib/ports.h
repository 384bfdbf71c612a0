/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels of a daemon, and whom each of its ports belongs to. */
#ifndef TENON_PORTS_H
#define TENON_PORTS_H

#include <stddef.h>
#include <stdint.h>

struct ports {
	int fd;			/* readable when a port fired */
	void **owners;		/* by local port */
	size_t count;
};

/* 0 or a negative errno. */
int ports_open(struct ports *ports);
void ports_close(struct ports *ports);

/* Binds to a domain's port, or a virtual interrupt, for owner; returns the local port. */
int ports_bind(struct ports *ports, uint16_t domid, uint32_t remote_port, void *owner);
int ports_bind_virq(struct ports *ports, uint32_t virq, void *owner);
void ports_unbind(struct ports *ports, uint32_t port);
void ports_notify(struct ports *ports, uint32_t port);

/* Lets a port that fired fire again. */
void ports_unmask(struct ports *ports, uint32_t port);

/* The owner of the next port that fired, or NULL.  It fires no more until it is unmasked. */
void *ports_next(struct ports *ports);

#endif
