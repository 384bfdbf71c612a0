/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing the state of a suspended guest as a stream.
 */
#ifndef MIGRATE_SAVE_H
#define MIGRATE_SAVE_H

#include <stddef.h>
#include <stdint.h>

#include "../build/error.h"

struct hc_handle;

struct save_config {
	uint16_t domid;
	const char *description;	/* the first section, JSON */
	size_t description_size;
	int fd;				/* where the stream goes */
	int level;			/* of zstd; 0: nothing is packed */
	/* How far it is, now and then; may be NULL. */
	void (*progress)(uint64_t done, uint64_t pages, void *data);
	void *data;
};

struct save_result {
	uint64_t pages;		/* populated */
	uint64_t stored;	/* those that were not zero */
	uint64_t bytes;		/* of the stream */
};

/*
 * The domain must have shut down with reason suspend, and is left as it is.
 * 0, or a negative errno with the reason in *error: -EBUSY it is not
 * suspended, -EPROTO or -EOPNOTSUPP it is no guest that can be saved, else
 * what writing or the hypervisor said.
 */
int save_domain(struct hc_handle *handle, const struct save_config *config,
		struct save_result *result, struct build_error *error);

#endif
