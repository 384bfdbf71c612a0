/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhypercall: how a program in a privileged domain talks to the hypervisor
 * and to the memory, events and grants of other domains, by way of the devices
 * of the stock Linux kernel under /dev/xen.
 *
 * All calls return 0 or a useful non-negative number, or a negative errno. The
 * library prints nothing, has no global state, and only the *_open calls and
 * the bounce buffers of a handle hold memory. A handle may be used by several
 * threads; a descriptor is closed with close(2).
 *
 * Errors common to all calls on a handle: -ENOMEM no page for a bounce buffer,
 * and what the hypercall itself returns (control.h, and the ABI headers).
 */
#ifndef HYPERCALL_HYPERCALL_H
#define HYPERCALL_HYPERCALL_H

#include <stddef.h>
#include <stdint.h>

#include "base.h"
#include "control.h"

#ifdef __cplusplus
extern "C" {
#endif

struct hc_handle;

/* --- The hypercall interface --------------------------------------------- */

/*
 * Opens /dev/xen/privcmd, and /dev/xen/hypercall for buffers where the kernel
 * has it. Fails as open(2) does: -ENOENT without the driver, -EACCES.
 */
int hc_open(struct hc_handle **handle);

/*
 * The same from descriptors opened elsewhere, which the handle then owns;
 * buffers is -1 when there is none. On error they stay with the caller.
 */
int hc_open_from(int privcmd, int buffers, struct hc_handle **handle);

void hc_close(struct hc_handle *handle);

/* One hypercall (HC_NR_*) with five arguments; addresses must be in hc_buffer_alloc memory. */
int hc_call(struct hc_handle *handle, unsigned int number, const uint64_t arguments[5]);

/*
 * One hypercall whose argument number "where" (0 to 4) is the address of
 * data, size bytes, copied there and back through a bounce buffer.
 */
int hc_call_data(struct hc_handle *handle, unsigned int number, uint64_t arguments[5],
		 unsigned int where, void *data, size_t size);

/*
 * Memory that stays present during a hypercall, zeroed, whole pages; give the
 * same size to hc_buffer_free, which accepts NULL.
 */
int hc_buffer_alloc(struct hc_handle *handle, size_t size, void **buffer);
void hc_buffer_free(struct hc_handle *handle, void *buffer, size_t size);

/* --- Memory of other domains --------------------------------------------- */

/*
 * Maps count frames of a domain side by side: machine frames for a PV domain.
 * prot as of mmap(2). errors may be NULL: then any frame that cannot be mapped
 * fails the call; else errors[i] is 0 or a negative errno for each, and the
 * call fails only when nothing could be mapped. Reading a failed page faults.
 */
int hc_foreign_map(struct hc_handle *handle, uint16_t domid, const uint64_t *frames,
		   size_t count, int prot, int *errors, void **address);
int hc_foreign_unmap(void *address, size_t count);

/* --- Event channels ------------------------------------------------------- */

/* A descriptor of /dev/xen/evtchn, non-blocking, ready to read when an event is pending. */
int hc_event_open(void);

/* These return the local port. domid: who may bind the other end, or who has it. */
int hc_event_bind_unbound(int fd, uint16_t domid);
int hc_event_bind_interdomain(int fd, uint16_t domid, uint32_t remote_port);
int hc_event_bind_virq(int fd, uint32_t virq);

int hc_event_unbind(int fd, uint32_t port);
int hc_event_notify(int fd, uint32_t port);

/*
 * Takes pending ports, at most count; each stays masked until it is unmasked.
 * Returns how many, 0 when none is pending; -EFBIG: events were lost.
 */
int hc_event_pending(int fd, uint32_t *ports, size_t count);
int hc_event_unmask(int fd, uint32_t port);

/* --- Grants of other domains (/dev/xen/gntdev) ---------------------------- */

int hc_grant_open(void);

/* Maps count pages granted by domid side by side; prot as of mmap(2). */
int hc_grant_map(int fd, uint16_t domid, const uint32_t *refs, size_t count, int prot,
		 void **address);
int hc_grant_unmap(int fd, void *address, size_t count);

/*
 * What shall happen when the mapping (of address, as returned by map) goes
 * away, even by the death of this process: the byte at offset (bytes) is
 * cleared unless offset is negative, and port is notified unless it is 0.
 */
int hc_grant_notify(int fd, void *address, int32_t offset, uint32_t port);

/* --- Pages granted to other domains (/dev/xen/gntalloc) ------------------- */

struct hc_share {
	void *address;		/* Mapped read-write. */
	uint64_t index;		/* The driver's name for it. */
	uint32_t count;		/* Pages. */
};

int hc_share_open(void);

/* Allocates count zeroed pages and grants them to domid; refs receives one reference each. */
int hc_share_alloc(int fd, uint16_t domid, uint32_t count, int writable, uint32_t *refs,
		   struct hc_share *share);
int hc_share_notify(int fd, const struct hc_share *share, int32_t offset, uint32_t port);

/* Unmaps and revokes; pages live on until the peer has unmapped them too. */
int hc_share_free(int fd, struct hc_share *share);

/* --- Control of domains (control.h says what each field means) ------------ */

/* wanted: a number or 0xffff. Returns the number of the new, paused, empty domain. */
int hc_domain_create(struct hc_handle *handle, const struct hc_control_create *create,
		     uint16_t wanted);
int hc_domain_destroy(struct hc_handle *handle, uint16_t domid);
int hc_domain_pause(struct hc_handle *handle, uint16_t domid);
int hc_domain_unpause(struct hc_handle *handle, uint16_t domid);

/* reason: HC_SHUTDOWN_* of sched.h. */
int hc_domain_shutdown(struct hc_handle *handle, uint16_t domid, uint32_t reason);

/* A suspended domain goes on where it was, told that nothing came of it. */
int hc_domain_resume(struct hc_handle *handle, uint16_t domid);
int hc_domain_rename(struct hc_handle *handle, uint16_t domid, const char *name);
int hc_domain_info(struct hc_handle *handle, uint16_t domid, struct hc_control_info *info);

/* The first domain numbered from or above; returns its number, -ESRCH: none. */
int hc_domain_next(struct hc_handle *handle, uint16_t from, struct hc_control_info *info);
int hc_domain_counters(struct hc_handle *handle, uint16_t domid,
		       struct hc_control_counters *counters);
/*
 * Count what it enters the hypervisor for, or no more (on 0). What was counted for a vcpu
 * can be read in either state; -ENODATA: it was never on, -EINVAL: no such vcpu.
 */
int hc_domain_trace(struct hc_handle *handle, uint16_t domid, int on);
int hc_domain_trace_read(struct hc_handle *handle, uint16_t domid, uint32_t vcpu, struct hc_trace *trace);
/*
 * The frame in which the guest publishes about a vcpu of it, or (HC_EXTENSION_SYMSPY_GUEST) about
 * itself; to be mapped read-only by hc_foreign_map(). -ENODATA: it does not.
 */
int hc_domain_symspy(struct hc_handle *handle, uint16_t domid, uint32_t vcpu, uint64_t *mfn);
/*
 * Call a function of the guest's kernel: start it, ask for its result, or cancel it, as call->op
 * says; none of them waits.  *call is updated.  -ENODATA: it takes no calls; -EBUSY: there
 * is one under way.
 */
int hc_domain_symcall(struct hc_handle *handle, uint16_t domid, struct hc_control_symcall *call);
int hc_domain_set_memory(struct hc_handle *handle, uint16_t domid, uint64_t max_frames);
int hc_domain_get_sched(struct hc_handle *handle, uint16_t domid,
			struct hc_control_sched *sched);
int hc_domain_set_sched(struct hc_handle *handle, uint16_t domid,
			const struct hc_control_sched *sched);

/* vcpu is set by the caller in *info. */
int hc_vcpu_info(struct hc_handle *handle, uint16_t domid, struct hc_control_vcpu_info *info);

/* vcpu 0xffffffff: all of them; bit n of hard: may run on processor n. */
int hc_vcpu_set_affinity(struct hc_handle *handle, uint16_t domid, uint32_t vcpu, uint64_t hard);

struct hc_vcpu_guest_context;
int hc_vcpu_get_context(struct hc_handle *handle, uint16_t domid, uint32_t vcpu,
			struct hc_vcpu_guest_context *context);
int hc_vcpu_set_context(struct hc_handle *handle, uint16_t domid, uint32_t vcpu,
			const struct hc_vcpu_guest_context *context);

/* What a context leaves out. */
int hc_vcpu_get_state(struct hc_handle *handle, uint16_t domid, uint32_t vcpu,
		      struct hc_vcpu_state *state);
int hc_vcpu_set_state(struct hc_handle *handle, uint16_t domid, uint32_t vcpu,
		      const struct hc_vcpu_state *state);

/*
 * Gives the domain extents of 2^order pages. frames: IN first guest frame of
 * each, OUT its first machine frame. Returns how many were got: fewer than
 * count when memory or the domain's bound ran out.
 */
int hc_domain_populate(struct hc_handle *handle, uint16_t domid, uint64_t *frames, size_t count,
		       unsigned int order);

/*
 * What its kernel takes for its RAM, from 0 on, before it runs: bytes. Without it, as much as it is given,
 * so that it cannot have more later.
 */
int hc_domain_set_ram(struct hc_handle *handle, uint16_t domid, uint64_t size);

/* Machine frames of the domain, from *start (0 first; 0 afterwards: end). Returns how many. */
int hc_domain_frames(struct hc_handle *handle, uint16_t domid, uint64_t *frames, size_t count,
		     uint64_t *start);

/* For each machine frame a word of HC_FRAME_*; info may be the same array. */
int hc_domain_frame_info(struct hc_handle *handle, uint16_t domid, const uint64_t *frames,
			 size_t count, uint64_t *info);

/* Whole pages between data (count * 4096 bytes) and machine frames of the domain. */
int hc_domain_copy_to(struct hc_handle *handle, uint16_t domid, const uint64_t *frames,
		      size_t count, const void *data);
int hc_domain_copy_from(struct hc_handle *handle, uint16_t domid, const uint64_t *frames,
			size_t count, void *data);
int hc_domain_clear(struct hc_handle *handle, uint16_t domid, const uint64_t *frames,
		    size_t count);
/* The same without a copy on the way: frames and data (NULL: clears) are memory of hc_buffer_alloc. */
int hc_domain_write(struct hc_handle *handle, uint16_t domid, const uint64_t *frames,
		    uint32_t count, const void *data);

/* Makes a page of the domain its top-level page table, as MMUEXT_PIN_L4_TABLE does. */
int hc_domain_pin_l4(struct hc_handle *handle, uint16_t domid, uint64_t mfn);

int hc_domain_hypercall_page(struct hc_handle *handle, uint16_t domid, uint64_t mfn);
int hc_domain_grant_seed(struct hc_handle *handle, uint16_t domid, uint32_t ref, uint16_t peer,
			 uint64_t mfn);

/* Allocates a port in domid that peer may bind to; returns it. */
int hc_domain_alloc_port(struct hc_handle *handle, uint16_t domid, uint16_t peer);

/* --- Which frames of a domain were written -------------------------------- */

/* Guest frame numbers below count are logged from now on. */
int hc_dirty_log_enable(struct hc_handle *handle, uint16_t domid, uint64_t count);
int hc_dirty_log_disable(struct hc_handle *handle, uint16_t domid);

/*
 * Bits of count guest frame numbers from first (a multiple of 64) on, cleared in
 * the log or not; bitmap holds count rounded up to 64. Returns how many are
 * set. A frame read after the call is current, or will be reported again.
 */
int64_t hc_dirty_log_read(struct hc_handle *handle, uint16_t domid, uint64_t first, uint64_t count,
			  uint64_t *bitmap, int clear);

/* What the log did since it was enabled; its input fields are of no meaning. */
int hc_dirty_log_statistics(struct hc_handle *handle, uint16_t domid,
			    struct hc_control_dirty_log *log);

/* --- The host ------------------------------------------------------------- */

int hc_system_info(struct hc_handle *handle, struct hc_system_info *info);

/* info->cpu is set by the caller. */
int hc_system_cpu_info(struct hc_handle *handle, struct hc_system_cpu_info *info);

/*
 * Bytes of the hypervisor's messages from position *from on, which is raised
 * to the position of the first byte returned. flags: HC_MESSAGES_*. Returns the
 * count; *from plus it is where to go on.
 */
int hc_system_messages(struct hc_handle *handle, uint64_t *from, char *text, size_t size,
		       uint32_t flags);
int hc_system_debug_key(struct hc_handle *handle, char key);

/* xen_version; data: the structure of cmd (version.h) or NULL. */
int hc_version(struct hc_handle *handle, unsigned int cmd, void *data, size_t size);

#ifdef __cplusplus
}
#endif

#endif
