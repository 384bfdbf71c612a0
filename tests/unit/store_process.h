/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store's daemon, its own loop and sockets, in a child process that is killed and started again, over a world of
 * guests in memory.
 */
#ifndef TEST_STORE_PROCESS_H
#define TEST_STORE_PROCESS_H

#include "store_world.h"

extern struct world world;
extern char socket_path[128];	/* where the daemon listens */

/* Messages that this process has sent: to the daemon, which is another one and has its own count. */
extern unsigned int sent;

/* Starts world and daemon, and ends both. */
void process_begin(void);
void process_end(void);

void start_daemon(void);
void kill_daemon(void);
bool daemon_runs(void);	/* it has not ended by itself */

#endif
