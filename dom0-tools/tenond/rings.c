// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The frontend's nodes name the rings: one, or one for each queue; of a ring of several pages the first
 * has the counters.
 */
#include "rings.h"

#include "../lib/store_client.h"

#include <errno.h>
#include <hypercall/hypercall.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS		1
#define QUEUES_MAX	256

/* How a shared ring begins, whatever its entries are. */
struct ring_head {
	uint32_t requests;		/* put into it so far */
	uint32_t request_event;
	uint32_t responses;
	uint32_t response_event;
};

static int read_ref(struct store_client *store, const char *folder, uint32_t *ref)
{
	static const char *const names[] = { "ring-ref", "ring-ref0" };
	uint64_t number = 0;
	int rc = -ENOENT;

	for (unsigned int i = 0; i < 2 && rc == -ENOENT; i++) {
		char path[192];

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		rc = store_read_number(store, 0, path, UINT32_MAX, &number);
	}
	*ref = (uint32_t)number;
	return rc;
}

static int await_responses(const volatile struct ring_head *ring, int *left_ms)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000 };

	while (__atomic_load_n(&ring->responses, __ATOMIC_ACQUIRE) != ring->requests) {
		if (*left_ms <= 0)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
		*left_ms -= LOOK_MS;
	}
	return 0;
}

static int settle_ring(int grants, uint16_t domid, uint32_t ref, int *left_ms)
{
	void *page;
	int rc = hc_grant_map(grants, domid, &ref, 1, PROT_READ, &page);

	if (rc < 0)
		return rc;
	rc = await_responses(page, left_ms);
	hc_grant_unmap(grants, page, 1);
	return rc;
}

int rings_settle(struct store_client *store, uint16_t domid, uint32_t device_id, int timeout_ms)
{
	char folder[128], path[160];
	uint64_t queues = 1;
	int grants, rc;

	snprintf(folder, sizeof(folder), "/local/domain/%u/device/vbd/%u", domid, device_id);
	snprintf(path, sizeof(path), "%s/multi-queue-num-queues", folder);
	rc = store_read_number(store, 0, path, QUEUES_MAX, &queues);
	if (rc && rc != -ENOENT)
		return rc;
	grants = hc_grant_open();
	if (grants < 0)
		return grants;
	rc = 0;
	for (unsigned int i = 0; i < queues && !rc; i++) {
		uint32_t ref;

		snprintf(path, sizeof(path), queues > 1 ? "%s/queue-%u" : "%s", folder, i);
		rc = read_ref(store, path, &ref);
		if (!rc)
			rc = settle_ring(grants, domid, ref, &timeout_ms);
		else if (rc == -ENOENT)
			rc = 0;
	}
	close(grants);
	return rc;
}
