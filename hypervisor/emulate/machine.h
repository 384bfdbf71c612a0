/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that the emulation touches of the machine beneath.  The host build has
 * no machine.c: each unit test supplies the functions it needs.
 */
#ifndef EMULATE_MACHINE_H
#define EMULATE_MACHINE_H

#include "emulate/emulate.h"

uint32_t machine_port_read(uint16_t port, unsigned int bytes);	/* 1, 2 or 4 */
void machine_port_write(uint16_t port, unsigned int bytes, uint32_t value);
bool machine_rdmsr(uint32_t msr, uint64_t *value);		/* false: it raised #GP */
bool machine_wrmsr(uint32_t msr, uint64_t value);
void machine_cpuid(uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out);
uint64_t machine_tsc(void);
void machine_flush_caches(void);
/* CR4.TSD of this processor for the current vcpu; context_switch sets it by v->cr4. */
void machine_set_tsd(bool on);
uint64_t machine_cr4(void);					/* without any guest's choices */

/* Does this code selector, in the guest's tables now loaded, mean 64-bit mode? */
bool machine_code_is_64bit(uint16_t cs);

/* Like copy_from_guest, in the guest kernel's address space also when its user mode runs. */
int machine_copy_from_kernel(struct vcpu *v, void *dst, uint64_t src, size_t size);

#endif
