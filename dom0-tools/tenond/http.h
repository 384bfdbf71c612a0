/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP/1.1 on a unix socket, by libmicrohttpd driven from the event loop.
 */
#ifndef TENOND_HTTP_H
#define TENOND_HTTP_H

#include "request.h"

#include <systemd/sd-event.h>

struct http;

/*
 * Listen at path, for root alone; each complete request goes to handle(),
 * which may answer it later.  0 or a negative errno.
 */
int http_listen(sd_event *event, const char *path,
		void (*handle)(struct request *request, void *data), void *data,
		struct http **http);
void http_close(struct http *http);

#endif
