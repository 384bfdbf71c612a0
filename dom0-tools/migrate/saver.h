/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What saving once and saving again and again share: the parts of a stream, in their order. All return 0, or
 * a negative errno with the reason in saver->error.
 */
#ifndef MIGRATE_SAVER_H
#define MIGRATE_SAVER_H

#include <stdint.h>

#include "guest.h"
#include "pages.h"
#include "stream.h"

struct saver {
	struct hc_handle *handle;
	uint16_t domid;
	struct build_error *error;
	struct guest guest;
	struct stream_writer writer;
	struct pages pages;
};

/* Description, layout and map, which have to hold until the guest is suspended. */
int saver_write_head(struct saver *saver, const char *description, size_t size);

/*
 * Have the guest suspended, and look at it anew: what has another machine frame now is marked in rest. -EAGAIN:
 * it has not the frames that the head says; when suspend has failed, what that said. *suspended: whether it is,
 * in any case.
 */
int saver_suspend(struct saver *saver, int (*suspend)(void *data), void *data, uint64_t *rest,
		  bool *suspended);

/* What comes after the pages of a suspended guest, its end included. */
int saver_write_tail(struct saver *saver);

void saver_close(struct saver *saver);

#endif
