/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's description on its way from a request, or a file of dom0's, to a
 * checked configuration.
 */
#ifndef TENOND_DESCRIPTION_H
#define TENOND_DESCRIPTION_H

#include "config.h"
#include "host.h"
#include "request.h"

struct description {
	char *xml;
	size_t size;
	char file[256];		/* what messages call it */
	bool paused;		/* the request wants it so */
};

/* What a request's body says: the description itself, or JSON about it. 0: to be cleared. */
int description_of_request(const struct request *request, struct description *description,
			   struct error *error);

/* The one in a file. 0: to be cleared. */
int description_of_file(const char *path, struct description *description, struct error *error);

/* uuid: what a domain without one is given; NULL: one of its own. */
int description_read(const struct host *host, const struct description *description, const char *uuid,
		     struct domain_config **config, struct error *error);

void description_clear(struct description *description);

#endif
