/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tenon's control ABI: how the management domain creates, inspects and steers
 * domains and the host.  Carried by the hypercall numbers that Xen gives to
 * domctl (HC_NR_DOMCTL: one domain) and sysctl (HC_NR_SYSCTL: the host), with
 * one argument: the address of a struct hc_control or struct hc_system.
 *
 * The interface version lies where Xen's does, so that a foreign tool is
 * refused with -EACCES before anything is interpreted.  All padding is
 * explicit and must be zero on input (-EINVAL otherwise where it is checked).
 * Buffers are named fields holding the caller's virtual address; no structure
 * is larger than a page.  Only a privileged domain may call; others get -EPERM.
 *
 * Common errors: -EACCES wrong interface version, -ENOSYS unknown command,
 * -ESRCH no such domain, -EFAULT an address cannot be read or written,
 * -EINVAL a field is out of its range.
 *
 * -ERESTART: a part is done, at most a few milliseconds of work.  Make the same
 * call again, with the structure as it was left, until the result is another;
 * a kernel that cannot be preempted in a hypercall schedules in between.  Only
 * DESTROY, VCPU_SET_CONTEXT, and what has a list or a buffer of any length
 * (COPY_TO, COPY_FROM, FRAME_LIST, FRAME_INFO, DIRTY_LOG) come in parts.
 */
#ifndef HYPERCALL_CONTROL_H
#define HYPERCALL_CONTROL_H

#define HC_CONTROL_VERSION 0x544e0002u	/* "TN", revision 2 */

/* struct hc_control.cmd */
#define HC_CONTROL_CREATE		1
#define HC_CONTROL_DESTROY		2
#define HC_CONTROL_PAUSE		3
#define HC_CONTROL_UNPAUSE		4
#define HC_CONTROL_INFO			5
#define HC_CONTROL_SET_MEMORY		6
#define HC_CONTROL_VCPU_INFO		7
#define HC_CONTROL_VCPU_GET_CONTEXT	8
#define HC_CONTROL_VCPU_SET_CONTEXT	9
#define HC_CONTROL_VCPU_SET_AFFINITY	10
#define HC_CONTROL_SCHED_GET		11
#define HC_CONTROL_SCHED_SET		12
#define HC_CONTROL_COPY_TO		13
#define HC_CONTROL_COPY_FROM		14
#define HC_CONTROL_FRAME_LIST		15
#define HC_CONTROL_HYPERCALL_PAGE	16
#define HC_CONTROL_GRANT_SEED		17
#define HC_CONTROL_SHUTDOWN		18
#define HC_CONTROL_RENAME		19
#define HC_CONTROL_COUNTERS		20
#define HC_CONTROL_RESUME		21
#define HC_CONTROL_FRAME_INFO		22
#define HC_CONTROL_VCPU_GET_STATE	23
#define HC_CONTROL_VCPU_SET_STATE	24
#define HC_CONTROL_DIRTY_LOG		25
#define HC_CONTROL_SYMSPY		26
#define HC_CONTROL_TRACE		27
#define HC_CONTROL_SYMCALL		28

/* struct hc_system.cmd */
#define HC_SYSTEM_INFO			1
#define HC_SYSTEM_MESSAGES		2
#define HC_SYSTEM_CPU_INFO		3
#define HC_SYSTEM_DEBUG_KEY		4

#ifndef __ASSEMBLER__
#include <stdint.h>
#include <hypercall/base.h>

#define HC_CONTROL_NAME_LEN 64		/* bytes, with the terminating zero */

/*
 * CREATE: makes an empty, paused domain.  On input hc_control.domid is the
 * wanted number, or 0xffff to have one chosen; on return the number given.
 * -EEXIST: wanted number in use; -ENOMEM; -ENOSPC no number is free.
 */
#define HC_CREATE_PRIVILEGED	(1u << 0)
struct hc_control_create {
	uint8_t uuid[16];
	char name[HC_CONTROL_NAME_LEN];	/* for the log and crash reports */
	uint32_t flags;			/* HC_CREATE_* */
	uint32_t max_vcpus;		/* 1..64 */
	uint64_t max_frames;		/* upper bound of its reservation, 4 KiB frames */
	uint32_t max_grant_frames;	/* 4 KiB frames of its grant table, 1..64; 0: default */
	uint32_t max_event_ports;	/* 0: default of the ABI */
};

/*
 * DESTROY, PAUSE, UNPAUSE take no argument.  PAUSE and UNPAUSE nest.  A DESTROY
 * that nobody continues leaves a dying domain, for anybody to continue.
 */

/* SHUTDOWN: forces the domain into the shut-down state, as if it had asked. */
struct hc_control_shutdown {
	uint32_t reason;		/* HC_SHUTDOWN_* of sched.h */
	uint32_t pad;
};

/* RENAME: the name used by the hypervisor's log. */
struct hc_control_rename {
	char name[HC_CONTROL_NAME_LEN];
};

/*
 * INFO: the state of one domain.  With HC_INFO_NEXT in flags: of the first
 * domain whose number is at least hc_control.domid (-ESRCH: none); the
 * number found is in hc_control.domid on return.
 */
#define HC_INFO_NEXT		(1u << 0)	/* input */
#define HC_INFO_PAUSED		(1u << 0)	/* state: paused by the toolstack */
#define HC_INFO_SHUTDOWN	(1u << 1)	/* has shut down, see shutdown_reason */
#define HC_INFO_DYING		(1u << 2)	/* being destroyed */
#define HC_INFO_RUNNING		(1u << 3)	/* at least one vcpu is on a processor */
#define HC_INFO_BLOCKED		(1u << 4)	/* every online vcpu waits for an event */
#define HC_INFO_PRIVILEGED	(1u << 5)
struct hc_control_info {
	uint32_t flags;			/* IN: HC_INFO_NEXT */
	uint32_t state;			/* OUT: HC_INFO_* */
	uint8_t uuid[16];
	char name[HC_CONTROL_NAME_LEN];
	uint32_t shutdown_reason;	/* HC_SHUTDOWN_*, valid with HC_INFO_SHUTDOWN */
	uint32_t max_vcpus;
	uint32_t online_vcpus;
	uint32_t pause_count;
	uint64_t frames;		/* 4 KiB frames that it holds now */
	uint64_t max_frames;
	uint64_t foreign_refs;		/* frames of it that others still map */
	uint64_t cpu_time;		/* ns, sum over its vcpus */
	uint64_t shared_info_mfn;	/* machine frame of its shared_info page */
	uint64_t overhead_bytes;	/* hypervisor memory held for it */
};

/*
 * SET_MEMORY: the upper bound of the reservation.  A bound below what the
 * domain holds is accepted: it cannot take more until it is below.
 */
struct hc_control_set_memory {
	uint64_t max_frames;
};

struct hc_control_vcpu_info {
	uint32_t vcpu;			/* IN */
	uint32_t online;		/* OUT, 0 or 1: it has been brought up */
	uint32_t running;		/* 0 or 1 */
	uint32_t blocked;		/* 0 or 1 */
	uint32_t cpu;			/* physical processor it is or was last on */
	uint32_t pad;
	uint64_t cpu_time;		/* ns */
	uint64_t steal_time;		/* ns runnable but not running */
	uint64_t hard_affinity;		/* bit n: may run on processor n */
};

/*
 * VCPU_GET_CONTEXT / VCPU_SET_CONTEXT: buffer is a struct
 * hc_vcpu_guest_context (vcpu.h).  SET is possible once per vcpu, before it
 * has been brought up (-EBUSY later); it also brings up vcpu 0, and others with
 * HC_VGCF_ONLINE in flags, as GET reports it.  Page tables named by
 * it are validated and pinned types taken (-EINVAL where they are not valid).
 *
 * A guest that suspended itself registers its vcpu_info and runstate areas again
 * when it resumes, and reads its clock's scale from the new host: neither is
 * part of a context.
 */
struct hc_control_vcpu_context {
	uint32_t vcpu;
	uint32_t pad;
	uint64_t buffer;
};

/*
 * VCPU_GET_STATE / VCPU_SET_STATE: what a context leaves out; buffer is a struct
 * hc_vcpu_state, a page.  -ENODATA: the vcpu has no context yet.  SET: -EINVAL a
 * value that no vcpu can have; -EOPNOTSUPP registers that this host lacks.
 */
#define HC_VCPU_STATE_SYSCALL32_MASKS	(1u << 0)	/* entered with events masked */
#define HC_VCPU_STATE_SYSENTER_MASKS	(1u << 1)
#define HC_VCPU_STATE_NMI_PENDING	(1u << 2)
#define HC_VCPU_STATE_TRAP_PENDING	(1u << 3)	/* trap_vector is entered first */
#define HC_VCPU_XSAVE_MAX 3840
struct hc_vcpu_state {
	uint32_t flags;			/* HC_VCPU_STATE_* */
	uint32_t trap_vector;		/* 0..255 */
	uint32_t trap_error;		/* its error code */
	uint32_t xsave_size;		/* bytes of xsave in use, 0: the host has no XSAVE */
	uint64_t syscall32_callback;	/* guest virtual addresses, 0: none */
	uint64_t sysenter_callback;
	uint64_t singleshot;		/* ns until its timer expires, 0: not armed */
	uint64_t periodic;		/* ns, period of its periodic timer, 0: none */
	uint64_t xcr0;
	uint64_t pad[25];
	uint8_t xsave[HC_VCPU_XSAVE_MAX];	/* image of XSAVE, standard form */
};

struct hc_control_vcpu_affinity {
	uint32_t vcpu;			/* 0xffffffff: all */
	uint32_t pad;
	uint64_t hard_affinity;		/* IN: not empty within the host's processors */
};

struct hc_control_sched {
	uint32_t weight;		/* 1..65535, 256 usual: share under contention; SET, 0: as it was */
	uint32_t cap;			/* percent of one processor, at most 100 a vcpu, 0: none */
};

/*
 * COPY_TO / COPY_FROM: between the caller's buffer and frames of the domain,
 * by machine frame.  Frames must belong to the domain and, for COPY_TO, not
 * be in use as page tables or descriptor tables (-EBUSY).  list: address of
 * an array of count uint64_t machine frame numbers; buffer holds count * 4096
 * bytes, or for COPY_TO with HC_COPY_ZERO is not used and frames are cleared.
 * done: 0 at first; counts frames finished when a part or an error ends the call.
 */
#define HC_COPY_ZERO (1u << 0)
struct hc_control_copy {
	uint64_t list;
	uint64_t buffer;
	uint32_t count;			/* 1..1048576 */
	uint32_t flags;			/* HC_COPY_* */
	uint32_t done;			/* IN, OUT */
	uint32_t pad;
};

/*
 * FRAME_LIST: machine frame numbers held by the domain, in no useful order.
 * IN: buffer of capacity uint64_t; count: 0; start: where to go on (0 first).
 * OUT: count written, next: value of start for the following list, 0 at the end;
 * after a part count and start say how far it is.
 */
struct hc_control_frame_list {
	uint64_t buffer;
	uint32_t capacity;
	uint32_t count;
	uint64_t start;
	uint64_t next;
};

/* HYPERCALL_PAGE: fill a frame of the domain with the hypercall entry stubs. */
struct hc_control_hypercall_page {
	uint64_t mfn;
};

/*
 * GRANT_SEED: write a v1 entry of the domain's grant table before it runs:
 * reference ref permits domain peer to map frame mfn (of the domain) writable.
 */
struct hc_control_grant_seed {
	uint32_t ref;			/* 0..511 */
	uint16_t peer;
	uint16_t pad;
	uint64_t mfn;
};

/* COUNTERS: what the hypervisor did for the domain, since its creation. */
#define HC_COUNTER_HYPERCALLS		0
#define HC_COUNTER_PAGE_FAULTS		1	/* taken by the hypervisor, any outcome */
#define HC_COUNTER_PT_WRITES		2	/* trapped writes to live page tables */
#define HC_COUNTER_PRIVILEGED		3	/* privileged instructions emulated */
#define HC_COUNTER_EXCEPTIONS		4	/* bounced to the guest kernel */
#define HC_COUNTER_EVENTS		5	/* event upcalls delivered */
#define HC_COUNTER_SWITCHES		6	/* times a vcpu of it was switched in */
#define HC_COUNTER_MMU_UPDATES		7	/* page-table entries written by hypercall */
#define HC_COUNTER_TLB_FLUSHES		8
#define HC_COUNTER_EXTENSIONS		9	/* calls of the extension hypercall, see extension.h */
#define HC_COUNTER_SYMSPY_PAGES		10	/* pages registered for symspy */
#define HC_COUNTER_SYMCALLS		11	/* calls of the guest that were begun, see extension.h */
#define HC_COUNTER_SYMCALL_ABORTS	12	/* ... and that it did not end itself */
#define HC_COUNTER_COUNT		16
struct hc_control_counters {
	uint64_t value[HC_COUNTER_COUNT];
};

/*
 * RESUME: a domain that shut down with HC_SHUTDOWN_SUSPEND goes on where it was;
 * for the vcpu that asked, the hypercall returns 1 (0 is for one that wakes up
 * in a new domain).  No argument.  -EINVAL: not suspended.
 */

/*
 * FRAME_INFO: what frames of the domain are.  list: address of an array of
 * count uint64_t, IN machine frame numbers, OUT an information word each:
 * HC_FRAME_* below.  done: 0 at first; counts words finished.
 */
#define HC_FRAME_GFN		((1ULL << 52) - 1)	/* guest frame number; all ones: none */
#define HC_FRAME_LEVEL_SHIFT	52			/* 3 bits: in use as a table of level 1..4; 0: not */
#define HC_FRAME_LEVEL		(7ULL << HC_FRAME_LEVEL_SHIFT)
#define HC_FRAME_PINNED		(1ULL << 55)		/* by MMUEXT_PIN_* */
#define HC_FRAME_SHARED		(1ULL << 56)		/* the hypervisor's: shared_info, grant table */
#define HC_FRAME_ALIEN		(1ULL << 57)		/* not the domain's; nothing else is said */
struct hc_control_frame_info {
	uint64_t list;
	uint32_t count;			/* 1..1048576 */
	uint32_t done;			/* IN, OUT */
};

/*
 * DIRTY_LOG: which frames were written, a bit for each guest frame number (as
 * the machine-to-physical table had it at the write).  It can be turned on and
 * off at any time; the guest does not see it.  -EINVAL: a privileged domain.
 *
 * ENABLE: count guest frame numbers from 0 on are logged, all clean at first.
 *   -EBUSY it is on; -ENOMEM.
 * DISABLE: -EINVAL it is off, as for those below.
 * CLEAR: copies the bits of count numbers from first on, and clears them.  Every
 *   write that was made before the call returns is in this result or will be in
 *   the next one; so what is read from a frame after the call is either
 *   current or reported again.
 * PEEK: the same without clearing.
 * STATISTICS: only what all of them return.
 *
 * Always reported: frames in which the hypervisor keeps something up to date
 * (vcpu_info, event queues, runstate and time areas), and frames that another
 * domain has mapped writable by a grant.  A writable foreign mapping by other
 * means is reported when it is made and when it ends.  So is a frame when it
 * becomes or ceases to be a page table.  Not in the log: shared_info, grant tables.
 */
#define HC_DIRTY_LOG_ENABLE	1
#define HC_DIRTY_LOG_DISABLE	2
#define HC_DIRTY_LOG_CLEAR	3
#define HC_DIRTY_LOG_PEEK	4
#define HC_DIRTY_LOG_STATISTICS	5
#define HC_DIRTY_LOG_MAX	(1ULL << 27)	/* guest frame numbers: 512 GiB */
struct hc_control_dirty_log {
	uint32_t op;			/* HC_DIRTY_LOG_* */
	uint32_t pad;
	uint64_t first;			/* IN: guest frame number, a multiple of 64 */
	uint64_t count;			/* IN: guest frame numbers */
	uint64_t buffer;		/* IN: of count bits, rounded up to 64; bit 0 of byte 0: first */
	uint64_t done;			/* IN: 0 at first; guest frame numbers finished */
	uint64_t dirty;			/* IN: 0 at first; OUT: bits set in the buffer */
	uint64_t size;			/* OUT: guest frame numbers in the log */
	uint64_t marked;		/* bits that went from 0 to 1 since ENABLE */
	uint64_t outside;		/* writes to frames whose number is not in the log */
	uint64_t faults;		/* page faults taken for the log */
	uint64_t tables;		/* shadow tables in use */
	uint64_t max_tables;
	uint64_t rebuilds;		/* times all were thrown away for want of more */
};

/*
 * SYMSPY: the frame in which the guest says it publishes (extension.h), to be
 * mapped read-only with the foreign mapping's check of the owner.  The guest may
 * give any number and change what is in the frame at any time.
 * -EINVAL: no such vcpu, or pad is not zero; -ENODATA: it has registered none.
 */
struct hc_control_symspy {
	uint32_t vcpu;			/* IN: or HC_EXTENSION_SYMSPY_GUEST */
	uint32_t pad;
	uint64_t mfn;			/* OUT */
};

/*
 * TRACE: counts what the domain's vcpus enter the hypervisor for.  Off it costs nothing; a
 * counted entry costs about 250 instructions more.  The counts only grow, and stay while it is off.
 *
 * ON, OFF: all vcpus that there are, also of a running domain, and when it is so already.
 *   -ENOMEM: no memory for the counts.
 * READ: copies a struct hc_trace of one vcpu.  -ENODATA: it was never on.
 * -EINVAL: another operation, no such vcpu, or vcpu and buffer not zero where they do not count.
 *
 * Not counted: the iret hypercall, of which there is about one for each entry; interrupts
 * and page faults that the hypervisor settles without the guest's kernel.
 */
#define HC_TRACE_ON	1
#define HC_TRACE_OFF	2
#define HC_TRACE_READ	3
struct hc_control_trace {
	uint32_t op;			/* HC_TRACE_* */
	uint32_t vcpu;			/* READ: which */
	uint64_t buffer;		/* READ: of a struct hc_trace */
};
#define HC_TRACE_SYSCALL	256	/* entries: of 64-bit programs */
#define HC_TRACE_SYSCALL32	257	/* by syscall of 32-bit programs */
#define HC_TRACE_SYSENTER	258
#define HC_TRACE_ENTRIES	259
struct hc_trace {
	uint64_t hypercalls[HC_NR_MAX + 1];	/* by number, in multicalls too; the last: all above */
	uint64_t entries[HC_TRACE_ENTRIES];	/* of the guest's kernel, by vector, or as above */
};

/*
 * SYMCALL: calls a function of the guest's kernel on a vcpu that has registered for it
 * (EXTENSION_SYMCALL_REGISTER).  The operation only asks for it; the answer is to be
 * fetched, as the guest runs when its turn comes.  A vcpu with events masked is called
 * when it opens them, a paused one or one that is down when it runs again, and one
 * that waits in SCHEDOP_block or poll returns from that.  A domain has one call at a time.
 *
 * START: -ENODATA the vcpu takes no calls; -EBUSY a call is asked for or runs; -EINVAL
 *   no such vcpu, or such a budget.
 * RESULT: where the call is; when it is done, with its result and the frame of answers, which the
 *   guest may change when it likes, but leaves alone until the next call if it is a sane one.
 * CANCEL: a call that has not begun will not; one that runs is aborted (-EINTR) when the
 *   vcpu runs next.
 *
 * result: the guest's, or -ETIME it took longer than its budget or waited, -EFAULT it
 * faulted, -EINTR it was cancelled, or the vcpu's context was taken meanwhile.
 */
#define HC_SYMCALL_START	1
#define HC_SYMCALL_RESULT	2
#define HC_SYMCALL_CANCEL	3
#define HC_SYMCALL_IDLE		0	/* state: none was asked for, or it was cancelled */
#define HC_SYMCALL_REQUESTED	1	/* it has not begun */
#define HC_SYMCALL_RUNNING	2
#define HC_SYMCALL_DONE		3
#define HC_SYMCALL_BUDGET_MAX	10000000
struct hc_control_symcall {
	uint32_t op;			/* HC_SYMCALL_START, RESULT, CANCEL */
	uint32_t vcpu;			/* START */
	uint64_t function;		/* START: by convention those of symcall.h */
	uint64_t argument[4];		/* START */
	uint32_t budget;		/* START: us of processor time, 100..10000000; may last twice that */
	uint32_t state;			/* OUT: HC_SYMCALL_* */
	int64_t result;			/* OUT, in state DONE */
	uint64_t mfn;			/* OUT, in state DONE; 0: none */
};

struct hc_control {
	uint32_t cmd;			/* HC_CONTROL_* */
	uint32_t version;		/* HC_CONTROL_VERSION */
	uint16_t domid;			/* the domain acted upon */
	uint16_t pad[3];
	union {
		struct hc_control_create create;
		struct hc_control_shutdown shutdown;
		struct hc_control_rename rename;
		struct hc_control_info info;
		struct hc_control_set_memory set_memory;
		struct hc_control_vcpu_info vcpu_info;
		struct hc_control_vcpu_context vcpu_context;
		struct hc_control_vcpu_affinity vcpu_affinity;
		struct hc_control_sched sched;
		struct hc_control_copy copy;
		struct hc_control_frame_list frame_list;
		struct hc_control_hypercall_page hypercall_page;
		struct hc_control_grant_seed grant_seed;
		struct hc_control_counters counters;
		struct hc_control_frame_info frame_info;
		struct hc_control_dirty_log dirty_log;
		struct hc_control_symspy symspy;
		struct hc_control_trace trace;
		struct hc_control_symcall symcall;
		uint8_t space[256];
	} u;
};

struct hc_system_info {
	char version[32];		/* of Tenon, e.g. "0.1.0" */
	char changeset[64];
	char build[64];			/* compiler and date-free build description */
	char cpu_model[64];
	uint32_t cpus;			/* online */
	uint32_t tsc_khz;
	uint64_t total_frames;		/* 4 KiB frames of RAM */
	uint64_t free_frames;
	uint64_t own_bytes;		/* held by the hypervisor for itself, the frame table among it */
	uint64_t frame_table_bytes;
	uint64_t uptime;		/* ns */
	uint32_t domains;
	uint32_t mitigations;		/* HC_MITIGATION_* in force */
	char command_line[256];
};
#define HC_MITIGATION_SPLIT_TABLES	(1u << 0) /* guests' tables map only entry stubs */
#define HC_MITIGATION_SMEP		(1u << 1)
#define HC_MITIGATION_SMAP		(1u << 2)

/*
 * MESSAGES: the hypervisor's message ring.  Bytes have absolute positions that
 * only grow.  IN: from, buffer, capacity.  OUT: from (raised to the oldest byte
 * still held), count copied.  HC_MESSAGES_CLEAR: forget what was returned.
 */
#define HC_MESSAGES_CLEAR (1u << 0)
struct hc_system_messages {
	uint64_t buffer;
	uint64_t from;
	uint32_t capacity;
	uint32_t count;
	uint32_t flags;
	uint32_t pad;
};

struct hc_system_cpu_info {
	uint32_t cpu;			/* IN */
	uint32_t apic_id;
	uint64_t idle_time;		/* ns */
	uint32_t domid;			/* of the vcpu on it now, 0xffff: idle */
	uint32_t vcpu;
};

struct hc_system_debug_key {
	uint32_t key;			/* a character; 'h' lists them in the log */
	uint32_t pad;
};

struct hc_system {
	uint32_t cmd;			/* HC_SYSTEM_* */
	uint32_t version;		/* HC_CONTROL_VERSION */
	union {
		struct hc_system_info info;
		struct hc_system_messages messages;
		struct hc_system_cpu_info cpu_info;
		struct hc_system_debug_key debug_key;
		uint8_t space[1024];
	} u;
};
#endif /* __ASSEMBLER__ */
#endif
