/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Symspy: pages in which a guest's kernel publishes what it is doing, one for
 * each vcpu and one for the guest (extension.h says how they are registered).
 *
 * A page begins with a struct hc_symspy_header; the table of struct
 * hc_symspy_field says which values there are and where.  A reader looks fields
 * up by number, passes over what it does not know, and does without what is not
 * there.  All of it is the guest's claim: a reader copies the page first, and
 * checks every offset and size.
 *
 * Values belong together if seq was even and the same before and after the copy.
 * A field with HC_SYMSPY_LIVE changes without it, in one store.
 */
#ifndef HYPERCALL_SYMSPY_H
#define HYPERCALL_SYMSPY_H

#include <stdint.h>

#define HC_SYMSPY_MAGIC		0x50534e54u	/* "TNSP" */
#define HC_SYMSPY_VERSION	1

#define HC_SYMSPY_KIND_GUEST	1
#define HC_SYMSPY_KIND_VCPU	2

struct hc_symspy_header {
	uint32_t magic;
	uint16_t version;
	uint16_t kind;		/* HC_SYMSPY_KIND_* */
	uint16_t fields;	/* entries of the table */
	uint16_t table;		/* its offset in the page, bytes, a multiple of 8 */
	uint32_t seq;
};

struct hc_symspy_field {
	uint16_t number;	/* below */
	uint16_t offset;	/* bytes, a multiple of the size for numbers */
	uint16_t size;		/* 4 or 8: an unsigned number; else a text, ended by a zero */
	uint16_t flags;		/* HC_SYMSPY_LIVE */
};
#define HC_SYMSPY_LIVE 1

/* Of a vcpu. */
#define HC_SYMSPY_RUNNING_PID	1	/* live: the task on it now; 0: idle */
#define HC_SYMSPY_PID		2	/* the task at the last tick */
#define HC_SYMSPY_COMM		3	/* its name */
#define HC_SYMSPY_ADDRESS_SPACE	4	/* a number of its own for each; 0: the kernel's */
#define HC_SYMSPY_RUNNABLE	5	/* tasks that ran or wanted to at the last tick */
#define HC_SYMSPY_SWITCHES	6	/* from task to task, since boot */
#define HC_SYMSPY_TICK_TIME	7	/* of the last tick, ns since boot; an idle vcpu has none */

/* Of the guest; memory in bytes, rates in bytes a second. */
#define HC_SYMSPY_UPDATED	32	/* when the rest was written, ns since boot */
#define HC_SYMSPY_MEMORY_TOTAL	33
#define HC_SYMSPY_MEMORY_FREE	34
#define HC_SYMSPY_MEMORY_CACHE	35	/* of files */
#define HC_SYMSPY_MEMORY_ANON	36	/* of programs */
#define HC_SYMSPY_SWAP_IN_RATE	37
#define HC_SYMSPY_SWAP_OUT_RATE	38
#define HC_SYMSPY_BLOCK_QUEUE	39	/* requests to disks not finished yet */
#define HC_SYMSPY_NET_QUEUE	40	/* packets not sent yet */
/* Pressure: stalled time of the last ten seconds, in hundredths of a percent. */
#define HC_SYMSPY_CPU_SOME	41
#define HC_SYMSPY_MEMORY_SOME	42
#define HC_SYMSPY_MEMORY_FULL	43
#define HC_SYMSPY_IO_SOME	44
#define HC_SYMSPY_IO_FULL	45

#endif
