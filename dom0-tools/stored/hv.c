/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store's view of hypervisor and kernel, by libhypercall and the kernel's own devices. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hypercall/event.h>
#include <hypercall/hypercall.h>

#include <guest_page.h>
#include <log.h>

#include "hv.h"

#define RING_BYTES 4096
#define BACKEND_DEVICE "/dev/xen/xenbus_backend"

/* Linux: include/xen/xenbus_dev.h, not among the exported headers. */
#define IOCTL_XENBUS_BACKEND_EVTCHN _IOC(_IOC_NONE, 'B', 0, 0)

int hv_open(struct hv *hv)
{
	struct hc_control_info info;
	int rc;

	memset(hv, 0, sizeof(*hv));
	hv->events = hv->grants = -1;
	rc = hc_open(&hv->handle);
	if (rc)
		return rc;
	hv->events = hc_event_open();
	if (hv->events < 0) {
		rc = hv->events;
		goto close_handle;
	}
	hv->grants = hc_grant_open();
	if (hv->grants < 0) {
		rc = hv->grants;
		goto close_events;
	}
	rc = hc_domain_info(hv->handle, 0, &info);
	hv->can_ask = rc == 0;
	if (rc)
		log_warning("the hypervisor does not tell about domains (%s): "
			    "only the toolstack can say when one has ended", strerror(-rc));
	rc = hc_event_bind_virq(hv->events, HC_VIRQ_DOM_EXC);
	if (rc < 0)
		goto close_grants;
	hv->death_port = rc;
	return 0;
close_grants:
	close(hv->grants);
close_events:
	close(hv->events);
close_handle:
	hc_close(hv->handle);
	return rc;
}

void hv_close(struct hv *hv)
{
	close(hv->grants);
	close(hv->events);
	hc_close(hv->handle);
	free(hv->owners);
}

int hv_map_ring(struct hv *hv, uint16_t domid, uint64_t mfn, struct hv_ring *ring)
{
	struct guest_page page;
	int rc = guest_page_map(hv->handle, hv->grants, domid, GUEST_PAGE_STORE, mfn, &page);

	if (rc)
		return rc;
	ring->page = page.address;
	ring->granted = page.granted;
	ring->own = false;
	return 0;
}

int hv_map_own_ring(struct hv *hv, struct hv_ring *ring, uint32_t *port)
{
	int fd = open(BACKEND_DEVICE, O_RDWR | O_CLOEXEC);
	void *page;
	int rc;

	(void)hv;
	if (fd < 0) {
		rc = -errno;
		log_error("%s: %s", BACKEND_DEVICE, strerror(errno));
		return rc;
	}
	rc = ioctl(fd, IOCTL_XENBUS_BACKEND_EVTCHN);
	if (rc < 0) {
		rc = -errno;
		goto out;
	}
	*port = rc;
	page = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	rc = page == MAP_FAILED ? -errno : 0;
	if (rc)
		goto out;
	ring->page = page;
	ring->granted = false;
	ring->own = true;
out:
	close(fd);
	return rc;
}

void hv_unmap_ring(struct hv *hv, struct hv_ring *ring)
{
	struct guest_page page = { .address = ring->page, .granted = ring->granted };

	if (ring->own)
		munmap(ring->page, RING_BYTES);
	else
		guest_page_unmap(hv->grants, &page);
	ring->page = NULL;
}

static int set_owner(struct hv *hv, uint32_t port, void *owner)
{
	if (port >= hv->owner_count) {
		size_t count = (port + 64) & ~(size_t)63;
		void **owners = realloc(hv->owners, count * sizeof(*owners));

		if (!owners)
			return -ENOMEM;
		memset(owners + hv->owner_count, 0, (count - hv->owner_count) * sizeof(*owners));
		hv->owners = owners;
		hv->owner_count = count;
	}
	hv->owners[port] = owner;
	return 0;
}

int hv_bind(struct hv *hv, uint16_t domid, uint32_t remote_port, void *owner)
{
	int port = hc_event_bind_interdomain(hv->events, domid, remote_port);
	int rc;

	if (port < 0)
		return port;
	rc = set_owner(hv, port, owner);
	if (rc) {
		hc_event_unbind(hv->events, port);
		return rc;
	}
	return port;
}

void hv_unbind(struct hv *hv, uint32_t port)
{
	hc_event_unbind(hv->events, port);
	hv->owners[port] = NULL;
}

void hv_notify(struct hv *hv, uint32_t port)
{
	hc_event_notify(hv->events, port);
}

void hv_unmask(struct hv *hv, uint32_t port)
{
	hc_event_unmask(hv->events, port);
}

int hv_next_event(struct hv *hv, void **owner)
{
	uint32_t port;

	while (hc_event_pending(hv->events, &port, 1) > 0) {
		if (port == hv->death_port) {
			hv_unmask(hv, port);
			*owner = NULL;
			return 1;
		}
		/* A port that was just unbound may still be on its way. */
		if (port < hv->owner_count && hv->owners[port]) {
			*owner = hv->owners[port];
			return 1;
		}
	}
	return 0;
}

enum hv_state hv_state(struct hv *hv, uint16_t domid)
{
	struct hc_control_info info;
	int rc;

	if (!hv->can_ask)
		return HV_ALIVE;
	rc = hc_domain_info(hv->handle, domid, &info);
	if (rc == -ESRCH || (!rc && (info.state & HC_INFO_DYING)))
		return HV_GONE;
	return !rc && (info.state & HC_INFO_SHUTDOWN) ? HV_SHUTDOWN : HV_ALIVE;
}
