/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the calls of the library share: the handle, the kernel's device
 * interfaces (facts: Linux include/uapi/xen), and hidden helpers.
 */
#ifndef LIBHYPERCALL_INTERNAL_H
#define LIBHYPERCALL_INTERNAL_H

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include <hypercall/hypercall.h>

/* Single pages kept for reuse by a handle. */
#define CACHED_BUFFERS 4

struct hc_handle {
	int privcmd;
	int buffers;			/* /dev/xen/hypercall or -1. */
	void *cache[CACHED_BUFFERS];	/* Taken and put by atomic exchange. */
};

struct privcmd_hypercall {
	uint64_t op;
	uint64_t arg[5];
};

struct privcmd_mmapbatch_v2 {
	unsigned int num;
	uint16_t dom;
	uint64_t addr;
	const uint64_t *arr;
	int *err;
};

#define IOCTL_PRIVCMD_HYPERCALL \
	_IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))
#define IOCTL_PRIVCMD_MMAPBATCH_V2 \
	_IOC(_IOC_NONE, 'P', 4, sizeof(struct privcmd_mmapbatch_v2))

#define IOCTL_EVTCHN_BIND_VIRQ		_IOC(_IOC_NONE, 'E', 0, sizeof(uint32_t))
#define IOCTL_EVTCHN_BIND_INTERDOMAIN	_IOC(_IOC_NONE, 'E', 1, 2 * sizeof(uint32_t))
#define IOCTL_EVTCHN_BIND_UNBOUND_PORT	_IOC(_IOC_NONE, 'E', 2, sizeof(uint32_t))
#define IOCTL_EVTCHN_UNBIND		_IOC(_IOC_NONE, 'E', 3, sizeof(uint32_t))
#define IOCTL_EVTCHN_NOTIFY		_IOC(_IOC_NONE, 'E', 4, sizeof(uint32_t))

struct gntdev_grant_ref {
	uint32_t domid;
	uint32_t ref;
};

struct gntdev_map_grant_ref {
	uint32_t count;
	uint32_t pad;
	uint64_t index;
	struct gntdev_grant_ref refs[1];
};

struct gntdev_unmap_grant_ref {
	uint64_t index;
	uint32_t count;
	uint32_t pad;
};

struct gntdev_get_offset_for_vaddr {
	uint64_t vaddr;
	uint64_t offset;
	uint32_t count;
	uint32_t pad;
};

struct unmap_notify {
	uint64_t index;
	uint32_t action;
	uint32_t event_channel_port;
};

struct gntalloc_alloc_gref {
	uint16_t domid;
	uint16_t flags;
	uint32_t count;
	uint64_t index;
	uint32_t gref_ids[1];
};

struct gntalloc_dealloc_gref {
	uint64_t index;
	uint32_t count;
};

#define IOCTL_GNTDEV_MAP_GRANT_REF \
	_IOC(_IOC_NONE, 'G', 0, sizeof(struct gntdev_map_grant_ref))
#define IOCTL_GNTDEV_UNMAP_GRANT_REF \
	_IOC(_IOC_NONE, 'G', 1, sizeof(struct gntdev_unmap_grant_ref))
#define IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR \
	_IOC(_IOC_NONE, 'G', 2, sizeof(struct gntdev_get_offset_for_vaddr))
#define IOCTL_GNTALLOC_ALLOC_GREF \
	_IOC(_IOC_NONE, 'G', 5, sizeof(struct gntalloc_alloc_gref))
#define IOCTL_GNTALLOC_DEALLOC_GREF \
	_IOC(_IOC_NONE, 'G', 6, sizeof(struct gntalloc_dealloc_gref))
#define IOCTL_UNMAP_NOTIFY		_IOC(_IOC_NONE, 'G', 7, sizeof(struct unmap_notify))

#define UNMAP_NOTIFY_CLEAR_BYTE		1
#define UNMAP_NOTIFY_SEND_EVENT		2
#define GNTALLOC_FLAG_WRITABLE		1

/* Most grants one call may map or make: bounds the size computations. */
#define MAX_GRANTS			65536

/* ioctl(2) with errors as negative errno. */
static inline int device_call(int fd, unsigned long request, void *argument)
{
	int ret = ioctl(fd, request, argument);

	return ret < 0 ? -errno : ret;
}

/* Describes what IOCTL_UNMAP_NOTIFY shall do; see hc_grant_notify. */
struct unmap_notify hc_unmap_notify_make(uint64_t index, int32_t offset, uint32_t port);

/* Fills in the version and makes the call, all parts of it; the results are in *control. */
int hc_control_call(struct hc_handle *handle, struct hc_control *control);
int hc_system_call(struct hc_handle *handle, struct hc_system *system);

/* A control call whose argument is the domain alone. */
int hc_control_simple(struct hc_handle *handle, uint32_t cmd, uint16_t domid);

/* COPY_TO, COPY_FROM or clearing (data NULL), in pieces that fit a bounce buffer. */
int hc_control_copy(struct hc_handle *handle, uint32_t cmd, uint16_t domid,
		    const uint64_t *frames, size_t count, void *data);

/* A call on one vcpu that has data in or out, of size bytes, through a bounce buffer. */
int hc_control_vcpu(struct hc_handle *handle, uint32_t cmd, uint16_t domid, uint32_t vcpu,
		    void *data, size_t size);

/* DIRTY_LOG as *log says; it holds the results. */
int hc_dirty_log_call(struct hc_handle *handle, uint16_t domid, struct hc_control_dirty_log *log);

#endif
