/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a stream to a paused domain that goes on where the saved one stopped.
 */
#ifndef MIGRATE_RESTORE_H
#define MIGRATE_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "../build/build.h"
#include "stream.h"

struct disk_in;

struct restore_config {
	const char *name;		/* for the hypervisor's log */
	uint8_t uuid[16];
	struct disk_in *disks;	/* that come with it; NULL: none */
	bool more;		/* something else may follow the stream, as on a connection */
	/* How far it is, now and then; may be NULL. */
	void (*progress)(uint64_t done, uint64_t pages, void *data);
	/* The domain has its number and its memory, long before it is whole; from here on it is the caller's. */
	void (*created)(uint16_t domid, void *data);	/* may be NULL */
	void *data;
};

/*
 * Reads the rest of a stream whose description has been read. 0, or a negative
 * errno with the reason in *reader->error; then no domain is left behind,
 * unless created() was told of it.
 * -EBADMSG: the stream is damaged or says what cannot be; -ENOMEM: the host
 * has too little memory; else what reading or the hypervisor said.
 */
int restore_domain(struct hc_handle *handle, struct stream_reader *reader,
		   const struct restore_config *config, struct build_result *result);

#endif
