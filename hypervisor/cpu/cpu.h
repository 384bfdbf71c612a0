/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processor: descriptor tables, features, FPU, context switch, exceptions,
 * the other processors, panics.
 */
#ifndef CPU_CPU_H
#define CPU_CPU_H

#include "cpu/percpu.h"
#include "cpu/regs.h"

struct vcpu;
struct domain;
struct hc_vcpu_info;

/* ---- features.c ---- */
extern bool cpu_has_smap, cpu_has_smep, cpu_has_pge, cpu_has_xsave, cpu_has_fsgsbase,
	cpu_vendor_amd;
void features_init(void);		/* boot processor: detect, patch the SMAP sites */
void features_cpu_init(void);		/* each processor: control registers */
extern char cpu_model_name[49];
/* Between these, ring 0 may touch guests' addresses (SMAP); nothing where there is none. */
#define SMAP_SITE(insn) "771: .byte 0x0f, 0x1f, 0x00\n"	/* as in entry/entry.h */ \
			".pushsection .smap_sites, \"a\"\n" \
			".long 771b - ., " insn "\n" \
			".popsection"
static inline void guest_access_begin(void)
{
	__asm__ volatile(SMAP_SITE("0xcb010f") ::: "memory");
}
static inline void guest_access_end(void)
{
	__asm__ volatile(SMAP_SITE("0xca010f") ::: "memory");
}

/* ---- descriptors.c ---- */
void descriptors_cpu_init(struct cpu *c);	/* GDT, IDT, TSS, system-call registers */
void idt_load(struct cpu *c, bool logged);	/* logged: C sees every page fault */
/* The page every guest's GDT shows at HC_FIRST_RESERVED_GDT_PAGE. */
extern mfn_t descriptors_reserved_mfn;
void descriptors_init(void);

/* ---- guest_descriptors.c ---- */
int windows_alloc(struct domain *d);	/* addresses for its vcpus' windows; -ENOMEM */
void windows_free(struct domain *d);
int window_open(struct vcpu *v);	/* v->traps is there; sets v->entry*; -ENOMEM */
void window_enter_directly(struct vcpu *v);	/* it is traced no more, or not yet: sets v->entry_traps and the like */
struct bounce_target *window_traps(const struct vcpu *v);	/* v->traps, as the entry code sees them */
void window_show_info(struct vcpu *v, struct hc_vcpu_info *info);	/* sets v->entry_info */
void window_close(struct vcpu *v);	/* also after window_open() has failed */
int vcpu_set_gdt(struct vcpu *v, const uint64_t *frames, unsigned int entries);
long vcpu_set_ldt(struct vcpu *v, uint64_t base, uint32_t entries);
void vcpu_drop_descriptors(struct vcpu *v);
void descriptors_load(struct vcpu *v);	/* GDTR and LDTR for the vcpu about to run */
/* A fault inside the LDT window: map the guest's page that belongs there.  True: retry. */
bool ldt_window_fault(struct vcpu *v, uint64_t va);

/* ---- fpu.c ---- */
void fpu_init(void);
void fpu_cpu_init(void);
int fpu_vcpu_init(struct vcpu *v);
void fpu_vcpu_free(struct vcpu *v);
void fpu_load(struct vcpu *v);		/* this processor's registers are v's from now on */
void fpu_unload(struct vcpu *v);	/* they are, and go to memory; CR0.TS is clear then */
void fpu_set_task_switched(struct vcpu *v, bool set);	/* the guest's CR0.TS */
uint64_t fpu_guest_xcr0_mask(void);	/* XCR0 bits guests may set; 0: no XSAVE */
bool fpu_set_xcr0(struct vcpu *v, uint64_t value);	/* XSETBV; false: #GP */
/* The rest is for a vcpu that does not run. */
void fpu_load_context(struct vcpu *v, const void *fxsave_image);	/* 512 bytes */
void fpu_store_context(struct vcpu *v, void *fxsave_image);
/* The whole state in XSAVE's standard form; 0: no XSAVE. */
uint32_t fpu_state_size(void);
void fpu_store_state(struct vcpu *v, void *image);
/* -EINVAL: no such image or XCR0; -EOPNOTSUPP: state that this host has no registers for. */
int fpu_load_state(struct vcpu *v, const void *image, uint32_t size, uint64_t xcr0);

/* ---- context.c ---- */
void resume_guest(void) __noreturn;
void resume_idle(void) __noreturn;
void idle_loop(void) __noreturn;
void idle_halt(void) __noreturn;	/* until an interrupt, and then resume_idle() */
/* If v does not run, no processor keeps its address space or FPU registers loaded after this. */
void context_forget(struct vcpu *v);
/*
 * If this processor idles with a guest's tables still loaded, give them up: true.  A flush that
 * comes to it does so, lest it be waked for each that follows.
 */
bool context_leave_idle(void);
void guest_enter_kernel(struct vcpu *v);	/* tables, GS base, mode of the current vcpu */
void guest_enter_user(struct vcpu *v);
void load_user_gs(uint16_t selector);	/* of the current vcpu; null if the tables do not allow it */
void debug_registers_load(struct vcpu *v);
void segment_bases_read(struct vcpu *v);	/* hardware to v->fs_base, gs_base_* */

/* ---- exception.c, bounce.c ---- */
void exception_prepare(struct vcpu *v, struct regs *regs, unsigned int vector,
		       uint32_t error_code);
void dump_regs(const struct regs *regs);
void dump_guest(struct vcpu *v, const struct regs *regs);
int fixup_find(uint64_t rip, uint64_t *to);	/* -ENOENT */

/* ---- smp.c ---- */
void smp_boot_cpus(void);
int smp_expose_block(struct cpu *c);	/* what the entry code uses of it, see memory/split.h; -ENOMEM */
void smp_mail_interrupt(void);
void smp_serve_mailbox(void);
void smp_stop_if_asked(void);		/* by an NMI */
void smp_stop_others(void);		/* for a panic or a reset */

/* ---- panic.c ---- */
void trace_stack(uint64_t rsp, uint64_t rip);
const char *symbol_find(uint64_t address, uint64_t *offset);	/* NULL: none */

#endif
