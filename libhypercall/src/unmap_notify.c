/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What gntdev and gntalloc shall do when a mapping ends, in their words. */
#include "internal.h"

struct unmap_notify hc_unmap_notify_make(uint64_t index, int32_t offset, uint32_t port)
{
	struct unmap_notify notify = { .index = index };

	if (offset >= 0) {
		notify.index += (uint32_t)offset;
		notify.action |= UNMAP_NOTIFY_CLEAR_BYTE;
	}
	if (port) {
		notify.event_channel_port = port;
		notify.action |= UNMAP_NOTIFY_SEND_EVENT;
	}
	return notify;
}
