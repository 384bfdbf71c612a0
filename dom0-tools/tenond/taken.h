/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests that other hosts have handed over to this one. Whoever sent one and has not heard that it
 * runs here asks, perhaps after this host has been switched off and on: so it is
 * noted on disk before the guest runs, and until the sender says that it knows.
 */
#ifndef TENOND_TAKEN_H
#define TENOND_TAKEN_H

#include "host.h"

#include <stdbool.h>

/* 0, or a negative errno: then the guest must not run here. */
int taken_note(const struct host *host, const char *uuid);
bool taken_find(const struct host *host, const char *uuid);

/* The sender knows, or sends it anew. */
void taken_forget(const struct host *host, const char *uuid);

#endif
