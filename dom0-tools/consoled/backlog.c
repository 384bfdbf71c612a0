/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last bytes of a console: see backlog.h. */
#include <string.h>

#include "backlog.h"

void backlog_add(struct backlog *backlog, const char *data, size_t len)
{
	if (len > BACKLOG_SIZE) {
		backlog->total += len - BACKLOG_SIZE;
		data += len - BACKLOG_SIZE;
		len = BACKLOG_SIZE;
	}
	while (len) {
		size_t at = backlog->total & (BACKLOG_SIZE - 1);
		size_t part = len < BACKLOG_SIZE - at ? len : BACKLOG_SIZE - at;

		memcpy(backlog->data + at, data, part);
		backlog->total += part;
		data += part;
		len -= part;
	}
}

size_t backlog_copy(const struct backlog *backlog, char *data)
{
	size_t at = backlog->total & (BACKLOG_SIZE - 1);

	if (backlog->total <= BACKLOG_SIZE) {
		memcpy(data, backlog->data, backlog->total);
		return backlog->total;
	}
	memcpy(data, backlog->data + at, BACKLOG_SIZE - at);
	memcpy(data + BACKLOG_SIZE - at, backlog->data, at);
	return BACKLOG_SIZE;
}
