/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store's view of hypervisor and kernel, by libhypercall and the kernel's own devices. */
#include <errno.h>
#include <fcntl.h>
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
	rc = hc_open(&hv->handle);
	if (rc)
		return rc;
	rc = ports_open(&hv->ports);
	if (rc)
		goto close_handle;
	hv->grants = hc_grant_open();
	if (hv->grants < 0) {
		rc = hv->grants;
		goto close_ports;
	}
	rc = hc_domain_info(hv->handle, 0, &info);
	hv->can_ask = rc == 0;
	if (rc)
		log_warning("the hypervisor does not tell about domains (%s): "
			    "only the toolstack can say when one has ended", strerror(-rc));
	rc = ports_bind_virq(&hv->ports, HC_VIRQ_DOM_EXC, hv);
	if (rc < 0)
		goto close_grants;
	hv->death_port = rc;
	return 0;
close_grants:
	close(hv->grants);
close_ports:
	ports_close(&hv->ports);
close_handle:
	hc_close(hv->handle);
	return rc;
}

void hv_close(struct hv *hv)
{
	close(hv->grants);
	ports_close(&hv->ports);
	hc_close(hv->handle);
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

int hv_bind(struct hv *hv, uint16_t domid, uint32_t remote_port, void *owner)
{
	return ports_bind(&hv->ports, domid, remote_port, owner);
}

void hv_unbind(struct hv *hv, uint32_t port)
{
	ports_unbind(&hv->ports, port);
}

void hv_notify(struct hv *hv, uint32_t port)
{
	ports_notify(&hv->ports, port);
}

void hv_unmask(struct hv *hv, uint32_t port)
{
	ports_unmask(&hv->ports, port);
}

int hv_next_event(struct hv *hv, void **owner)
{
	*owner = ports_next(&hv->ports);
	if (*owner == hv) {
		ports_unmask(&hv->ports, hv->death_port);
		*owner = NULL;
		return 1;
	}
	return *owner != NULL;
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
