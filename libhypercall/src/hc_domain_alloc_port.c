/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a port of a domain that another may bind to. */
#include <limits.h>

#include "internal.h"

#include <hypercall/event.h>

int hc_domain_alloc_port(struct hc_handle *handle, uint16_t domid, uint16_t peer)
{
	struct hc_evtchn_alloc_unbound alloc = { .dom = domid, .remote_dom = peer };
	uint64_t arguments[5] = { HC_EVTCHNOP_ALLOC_UNBOUND };
	int ret;

	ret = hc_call_data(handle, HC_NR_EVENT_CHANNEL_OP, arguments, 1, &alloc, sizeof(alloc));
	if (ret < 0)
		return ret;
	return alloc.port <= INT_MAX ? (int)alloc.port : -EOVERFLOW;
}
