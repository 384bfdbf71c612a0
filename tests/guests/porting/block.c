/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Step 9, a disk: the two ends agree in the store, then requests go through a page that we share, and
 * data through pages that we grant. The first part is the same for all devices.
 */
#include <hypercall/store.h>

#include "kernel.h"

#define STATE(name)	(1u << HC_XENBUS_STATE_##name)
#define GONE		(STATE(CLOSING) | STATE(CLOSED))

/* Major 202, 16 minors a disk: the number by which the toolstack calls it. */
static uint32_t device_number(const char *name)
{
	if (strlen(name) != 4 || memcmp(name, "xvd", 3) || name[3] < 'a' || name[3] > 'p')
		panic("disk %s: expected xvda to xvdp", name);
	return 202 << 8 | (name[3] - 'a') << 4;
}

static void find(struct disk *disk, const char *name)
{
	format(disk->front, "device/vbd/%u", device_number(name));
	if (!store_read(disk->front, "backend", disk->back))
		panic("disk %s is missing: the store has no %s/backend; add a <disk> with <target dev='%s'/> to the "
		      "domain's description", name, disk->front, name);
	disk->backend = store_number(disk->front, "backend-id");
}

/*
 * The state is written last: with it the other end reads the rest. Without "protocol" Linux takes the
 * layout of requests for that of 32-bit guests.
 */
static void offer(struct disk *disk)
{
	struct hc_evtchn_alloc_unbound channel = { .dom = HC_DOMID_SELF, .remote_dom = disk->backend };
	struct hc_blkif_sring *shared = page_alloc();

	hc_blkif_front_init(&disk->ring, shared, HC_PAGE_SIZE);
	disk->ring_ref = grant_page(disk->backend, shared);
	must("allocating a port", hypercall(HC_NR_EVENT_CHANNEL_OP, HC_EVTCHNOP_ALLOC_UNBOUND, ADDRESS(&channel),
					    0, 0));
	disk->port = channel.port;
	event_open(disk->port, NULL);
	store_write_number(disk->front, "ring-ref", disk->ring_ref);
	store_write_number(disk->front, "event-channel", disk->port);
	store_write(disk->front, "protocol", "x86_64-abi");
	store_write_number(disk->front, "state", HC_XENBUS_STATE_INITIALISED);
}

void disk_open(struct disk *disk, const char *name)
{
	char value[TEXT];

	find(disk, name);
	if (store_wait_state(disk->back, STATE(INIT_WAIT) | GONE) != HC_XENBUS_STATE_INIT_WAIT)
		panic("disk %s: domain %u has closed it", name, disk->backend);
	offer(disk);
	if (store_wait_state(disk->back, STATE(CONNECTED) | GONE) != HC_XENBUS_STATE_CONNECTED)
		panic("disk %s: domain %u does not want to connect", name, disk->backend);
	disk->sectors = store_number(disk->back, "sectors");
	disk->readonly = store_number(disk->back, "info") & HC_VDISK_READONLY;
	disk->can_flush = store_read(disk->back, "feature-flush-cache", value) && value[0] == '1';
	if (store_number(disk->back, "sector-size") != 512)
		panic("disk %s has sectors larger than 512 bytes; this kernel writes smaller ones", name);
	store_write_number(disk->front, "state", HC_XENBUS_STATE_CONNECTED);
}

/* wait_until() has no argument to pass on; there is one ring. */
static struct hc_blkif_front_ring *waiting;

/* Asks for an event with the next response, and looks whether it is there already. */
static bool response_there(void)
{
	return hc_blkif_front_arm(waiting);
}

/* Sends one request and waits. A driver would put many before it pushes, and match them by id. */
static void transfer(struct disk *disk, uint8_t operation, uint64_t sector, void *page)
{
	static const char *const names[] = { "reading", "writing", "", "flushing" };
	struct hc_blkif_request request = { .operation = operation, .id = sector, .sector_number = sector };
	struct hc_blkif_response response;
	int got;

	if (page) {
		request.nr_segments = 1;
		request.seg[0].gref = grant_page(disk->backend, page);	/* Its first sector: 0 to 0. */
	}
	if (hc_blkif_front_put(&disk->ring, &request))
		panic("no slot in the ring");
	/* The other end says at which request it wants to be woken; mostly it is awake. */
	if (hc_blkif_front_push(&disk->ring))
		event_send(disk->port);
	waiting = &disk->ring;
	if (!wait_until(response_there, system_time() + PATIENCE))
		panic("%s sector %lu: domain %u does not answer", names[operation], sector, disk->backend);
	got = hc_blkif_front_get(&disk->ring, &response);
	if (got != 1)
		panic("domain %u has broken the ring", disk->backend);
	if (response.id != request.id)
		panic("domain %u answers request %lu, which was not made", disk->backend, response.id);
	if (page)
		grant_end(request.seg[0].gref);
	if (response.status != HC_BLKIF_RSP_OKAY)
		panic("%s sector %lu: domain %u answers %d", names[operation], sector, disk->backend,
		      response.status);
}

static void check(const struct disk *disk, uint64_t sector)
{
	if (sector >= disk->sectors)
		panic("sector %lu is behind the end of the disk, which has %lu", sector, disk->sectors);
}

void disk_read(struct disk *disk, uint64_t sector, void *page)
{
	check(disk, sector);
	transfer(disk, HC_BLKIF_OP_READ, sector, page);
}

void disk_write(struct disk *disk, uint64_t sector, void *page)
{
	check(disk, sector);
	if (disk->readonly)
		panic("sector %lu cannot be written: the disk is read-only", sector);
	transfer(disk, HC_BLKIF_OP_WRITE, sector, page);
}

void disk_flush(struct disk *disk)
{
	if (disk->can_flush)
		transfer(disk, HC_BLKIF_OP_FLUSH_DISKCACHE, 0, NULL);
}

/* In this order, since only a closed end has unmapped the ring. */
void disk_close(struct disk *disk)
{
	struct hc_evtchn_close close = { .port = disk->port };

	store_write_number(disk->front, "state", HC_XENBUS_STATE_CLOSING);
	store_wait_state(disk->back, GONE);
	store_write_number(disk->front, "state", HC_XENBUS_STATE_CLOSED);
	store_wait_state(disk->back, STATE(CLOSED));
	grant_end(disk->ring_ref);
	hypercall(HC_NR_EVENT_CHANNEL_OP, HC_EVTCHNOP_CLOSE, ADDRESS(&close), 0, 0);
}
