/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting defined domains: when somebody asks for it, and by themselves when
 * the host has booted.
 */
#ifndef TENOND_START_H
#define TENOND_START_H

#include "lifecycle.h"

/* 0: done will be called. Otherwise a negative errno and *error, at once. */
int definition_start(struct tenond *tenond, const struct definition *definition, bool paused,
		     lifecycle_done *done, void *data, struct error *error);

/*
 * Start those that shall be, one after the other in the order of their names, unless that has been done since the host
 * has booted. Once, after lifecycle_recover(); a tenond that dies half-way has its successor go on.
 */
void autostart_begin(struct tenond *tenond);

#endif
