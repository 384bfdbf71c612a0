/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing the state of a guest as a stream.
 */
#ifndef MIGRATE_SAVE_H
#define MIGRATE_SAVE_H

#include <stddef.h>
#include <stdint.h>

#include "live.h"

struct disks;
struct hc_handle;

struct save_config {
	uint16_t domid;
	const char *description;	/* the first section, JSON */
	size_t description_size;
	uint64_t max_pages;		/* that it could have had, if it may have less now; 0: not known */
	int fd;				/* where the stream goes */
	int level;			/* of zstd; 0: nothing is packed */
	/*
	 * NULL: the guest is suspended already. Else it runs: its pages are written in rounds, and
	 * this is called to have it suspended when little is left; not 0: it did not.
	 */
	int (*suspend)(void *data);
	struct live_config live;
	struct disks *disks;	/* of a guest that runs, to go with it; NULL: none */
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
 * The domain must have shut down with reason suspend, or run where suspend is
 * given, and is left suspended.
 * 0, or a negative errno with the reason in *error: -EBUSY it is not
 * suspended, -EPROTO or -EOPNOTSUPP it is no guest that can be saved,
 * -EAGAIN it has ballooned meanwhile, else
 * what writing or the hypervisor said.
 */
int save_domain(struct hc_handle *handle, const struct save_config *config,
		struct save_result *result, struct build_error *error);

#endif
