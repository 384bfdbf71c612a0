/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transport over unix sockets.  Who may open the socket is root of domain
 * 0; its connections have all rights, and end with the daemon.
 */
#ifndef STORED_SOCKET_H
#define STORED_SOCKET_H

#include <systemd/sd-event.h>

#include "connection.h"

/* Takes over a connected, non-blocking socket.  On error it is closed. */
int socket_accept(struct store *store, sd_event *event, int fd);

#endif
