/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transport over a ring shared with a domain. */
#ifndef STORED_RING_H
#define STORED_RING_H

#include "domain.h"

extern const struct transport ring_transport;

/*
 * Begins to use a mapped ring: with the indexes found in it if it is fresh,
 * otherwise with those of the journal, taking out of the queue what had been
 * put into the ring before the daemon was killed.
 */
void ring_start(struct domain *domain, bool fresh);

#endif
