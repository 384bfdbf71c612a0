/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains and their virtual processors.  Each subsystem embeds its own part;
 * only that subsystem touches it.
 */
#ifndef DOMAIN_DOMAIN_H
#define DOMAIN_DOMAIN_H

#include <hypercall/base.h>
#include <hypercall/control.h>
#include <hypercall/start.h>
#include <hypercall/vcpu.h>

#include "cpu/percpu.h"
#include "cpu/regs.h"
#include "emulate/emulate.h"
#include "event/event.h"
#include "extension/extension.h"
#include "grant/grant.h"
#include "hypercall/table.h"
#include "interrupt/interrupt.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "memory/memory.h"
#include "sched/sched.h"
#include "time/time.h"

#define MAX_VCPUS 64
#define LEGACY_MAX_VCPUS 32	/* struct vcpu_info slots in shared_info */
#define MAX_DOMAINS 0x7ff0

/*
 * Where the guest kernel wants to be entered: for an exception (its virtual
 * IDT) or a callback.  The assembly reads address and flags.
 */
struct bounce_target {
	uint64_t address;	/* 0: none */
	uint16_t cs;		/* as given; guest kernels always start on the flat one */
	uint8_t dpl;		/* least privilege for int n: 0 or 3 */
	uint8_t flags;		/* BOUNCE_* */
	uint32_t pad;
};
#define BOUNCE_ERROR_CODE (1u << 0)	/* regs->error_code goes on the guest's stack */
#define BOUNCE_MASK_EVENTS (1u << 2)	/* same bit as HC_TI_IF */

#define VCPU_CALLBACK_EVENT 0
#define VCPU_CALLBACK_FAILSAFE 1
#define VCPU_CALLBACK_SYSCALL 2
#define VCPU_CALLBACK_SYSCALL32 3
#define VCPU_CALLBACK_SYSENTER 4
#define VCPU_CALLBACKS 5
#define VCPU_SYSCALLS 3	/* the last of these */

/* vcpu.attention: set by any processor, see attend() */
#define ATTENTION_NMI (1u << 0)
#define ATTENTION_SYMCALL (1u << 1)

/* vcpu.short_hypercalls */
#define SHORT_IRET (1u << HC_NR_IRET)	/* always */
#define SHORT_ALL (SHORT_IRET | 1u << HC_NR_STACK_SWITCH | 1u << HC_NR_SET_SEGMENT_BASE)

struct fpu_area;
struct hc_trace;

struct vcpu {
	/*
	 * Hot lines: the assembly paths need nothing else of a vcpu.  Where tables are split
	 * these pointers lead into its window, see memory/layout.h, and `info` and `traps` to
	 * the same elsewhere.
	 */
	struct hc_vcpu_info *entry_info;
	const struct bounce_target *entry_traps;	/* 256; those of `traps`, or trace_gates while it is traced */
	const struct bounce_target *entry_syscall[VCPU_SYSCALLS];	/* of `callback`, or also trace_gates */
	hypercall_fn *const *hypercalls;	/* hypercall_table, or trace_hypercalls */
	const struct bounce_target *bounce;	/* where the bounce under way goes: of entry or entry_traps */
	uint64_t outer_user;		/* what its user mode runs on, see memory/split.h; 0: none given */
	uint64_t outer_kernel;		/* ... and its kernel; the order is known to assembly */
	uint64_t cr3_user;		/* what C runs on then: its own tables, or their shadows */
	uint64_t cr3_kernel;		/* 0 before it is brought up */
	uint64_t kernel_sp;		/* guest kernel's stack for entries from its user mode, aligned */
	uint8_t kernel_mode;		/* 1: the guest kernel runs (both are ring 3) */
	uint8_t trap_pending;		/* C prepared `bounce` and regs->error_code: enter there next */
	uint8_t attention;		/* ATTENTION_*: C has to look at it first */
	uint8_t symcall;		/* SYMCALL_*; not 0: no events */
	uint16_t kernel_ss;
	uint16_t id;
	uint32_t short_hypercalls;	/* SHORT_*: what entry/short.S may do, bits of numbers below 32 */
	struct domain *domain;
	struct bounce_target callback[VCPU_CALLBACKS];
	uint64_t counters[HC_COUNTER_COUNT];

	struct vcpu *entry;		/* this structure, where the entry code sees it */
	struct hc_vcpu_info *info;	/* in shared_info or where the guest registered it */
	struct bounce_target *traps;	/* 256 entries, one frame */
	struct regs regs;		/* while not on a processor */
	bool online;			/* initialised by its context */
	uint64_t fs_base, gs_base_kernel, gs_base_user;	/* while not on a processor */
	uint16_t ds, es, fs, gs;
	uint64_t cr0_ts;		/* guest's view of CR0.TS: 0 or 1 */
	uint64_t cr4;			/* guest-controlled bits */
	uint64_t debugreg[8];
	uint32_t iopl;			/* virtual IOPL for port I/O: 0..3 */
	uint32_t vm_assist;		/* HC_VMASST bits live in the domain; spare */
	mfn_t gdt_frames[14];
	uint32_t gdt_entries;
	uint64_t ldt_base;
	mfn_t ldt_frames[16];		/* mapped pages of the window, MFN_INVALID: not yet */
	uint32_t ldt_entries;
	cpumask_t dirty_cpus;		/* processors where its address space is loaded */
	uint32_t loaded_cpu;		/* the last one that loaded it */

	struct fpu_area *fpu;
	void *fpu_raw;			/* allocation behind it */
	uint64_t xcr0;			/* as the guest set it; 0: no XSAVE */

	mfn_t info_mfn;			/* frame of a registered vcpu_info, MFN_INVALID: none */

	struct memory_vcpu memory;
	struct event_vcpu event;
	struct sched_vcpu sched;
	struct time_vcpu time;
	struct emulate_vcpu emulate;
	struct extension_vcpu extension;
	struct hc_multicall_entry *multicall;	/* entry being executed, NULL: none */
	uint8_t multicall_preempted;	/* ... asked to be continued with so many arguments, 0: did not */
	struct hc_trace *trace;			/* NULL: it was never traced */
};

struct domain {
	uint16_t id;
	bool privileged;		/* may use control hypercalls and hardware */
	bool dying;
	bool shut_down;
	uint8_t shutdown_reason;
	struct vcpu *suspended_by;	/* asked for HC_SHUTDOWN_SUSPEND, NULL: the toolstack did */
	uint16_t max_vcpus;
	struct vcpu *vcpu[MAX_VCPUS];	/* NULL until created */
	struct hc_shared_info *shared_info;
	spinlock_t lock;		/* lifecycle: vcpu creation, dying, shut_down */
	uint32_t refs;			/* domain_get / domain_put */
	struct list link;		/* in the list of domains, sorted by id */
	uint8_t uuid[16];
	char name[HC_CONTROL_NAME_LEN];
	uint64_t vm_assist;
	cpumask_t dirty_cpus;		/* processors that may hold TLB entries of it */
	uint32_t window;		/* number of its vcpus' windows, see memory/layout.h */
	uint32_t destroy_stage;		/* of whoever set `destroying` */
	bool destroying;		/* a part of its destruction is under way (atomic) */

	struct memory_domain memory;
	struct event_domain event;
	struct grant_domain grant;
	struct sched_domain sched;
	struct time_domain time;
	struct extension_domain extension;
	struct interrupt_domain interrupt;
};

extern struct domain *idle_domain;	/* owner of the idle vcpus */
extern struct domain *dom0;

/* Pseudo domains that own special frames: HC_DOMID_IO (devices), HC_DOMID_XEN (shared by us). */
extern struct domain *dom_io, *dom_xen;

/*
 * Look up by number and take a reference; HC_DOMID_SELF is the caller's.
 * NULL: none, or being destroyed.  domain_get_any also returns dying ones.
 */
struct domain *domain_get(uint16_t domid);
struct domain *domain_get_any(uint16_t domid);
void domain_ref(struct domain *d);
void domain_put(struct domain *d);	/* frees at the last reference */

/*
 * The domain that a hypercall's caller names as its object: HC_DOMID_SELF, or
 * another if the caller is privileged.  *out with a reference; -ESRCH, -EPERM.
 */
int domain_get_target(uint16_t domid, struct domain **out);

/* NULL: out of range or not created */
static inline struct vcpu *vcpu_of(struct domain *d, uint32_t id)
{
	return id < d->max_vcpus ? d->vcpu[index_below(id, d->max_vcpus)] : NULL;
}
#define for_each_vcpu(d, v) \
	for (unsigned int i__ = 0; i__ < (d)->max_vcpus; i__++) \
		if (((v) = (d)->vcpu[i__]))

/* The domain stops for reason (HC_SHUTDOWN_*); dom0's acts on the machine. */
void domain_shutdown(struct domain *d, uint8_t reason);
/* A suspended domain goes on where it stopped; -EINVAL: it is not suspended. */
int domain_resume(struct domain *d);
/* A guest broke its own rules: log its state and shut it down as crashed. */
void domain_crash(struct domain *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Places for v->bounce. */
static inline const struct bounce_target *bounce_trap(const struct vcpu *v, unsigned int vector)
{
	return &v->entry_traps[vector];
}
static inline struct bounce_target *bounce_callback(const struct vcpu *v, unsigned int callback)
{
	return &v->entry->callback[callback];
}

/* To be followed by something that makes the vcpu enter the hypervisor, as vcpu_kick() does. */
static inline void vcpu_call_attention(struct vcpu *v, uint8_t what)
{
	__atomic_fetch_or(&v->attention, what, __ATOMIC_SEQ_CST);
}

static inline void cpu_set_running(struct cpu *c, struct vcpu *v)
{
	c->running = v;
	c->entry = v->entry;
}

static inline void count_event(struct vcpu *v, unsigned int counter)
{
	v->counters[counter]++;
}

/* Frame that a guest hypercall handler may change: the guest's registers on entry. */
static inline struct regs *guest_regs(void)
{
	return (struct regs *)((char *)this_cpu() + PERCPU_STACK_TOP) - 1;
}

#endif
