/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows that compare our ABI headers with Debian's libxen-dev at compile time.
 * A row is also a string, by which abi_covers() finds at run time whether some
 * constant or structure of a header was left without a row.
 */
#ifndef TESTS_UNIT_ABI_UNIT_H
#define TESTS_UNIT_ABI_UNIT_H

/* Makes libxen-dev show its latest interface, with the parts for tools. */
#define __XEN_TOOLS__ 1

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The text, once the condition has been proven. */
#define ABI_ROW(text, condition) \
	&(text)[0 * sizeof(struct { _Static_assert(condition, text); char row; })]

#define NUMBER(ours, theirs) \
	ABI_ROW(#ours, (uint64_t)(ours) == (uint64_t)(theirs))
#define SIZE(ours, theirs) \
	ABI_ROW(#ours, sizeof(struct ours) == sizeof(theirs))
#define FIELD(ours, theirs, field) \
	ABI_ROW(#ours "." #field, \
		offsetof(struct ours, field) == offsetof(theirs, field) && \
		sizeof(((struct ours *)0)->field) == sizeof(((theirs *)0)->field))
#define FLEX(ours, theirs, field) \
	ABI_ROW(#ours "." #field, offsetof(struct ours, field) == offsetof(theirs, field))

/* Ours alone: Xen's headers have no name for it. */
#define OWN(name) #name

#define ABI_ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Fails the test when a constant or structure of the header has no row. */
void abi_covers(const char *header, const char *const *rows, size_t count);

void abi_base(void **state);
void abi_start(void **state);
void abi_vcpu(void **state);
void abi_memory(void **state);
void abi_event(void **state);
void abi_grant(void **state);
void abi_physdev(void **state);
void abi_platform(void **state);
void abi_ring(void **state);

#endif
