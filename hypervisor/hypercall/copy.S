/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest copies: bytes left uncopied come back in rax (0: all).  The ranges have
 * been checked; only page faults can stop them.
 */
#include "entry/entry.h"

	.section .text, "ax"
	/* uint64_t copy_user(void *dst, const void *src, uint64_t size) */
	.globl copy_user
copy_user:
	mov	%rdx, %rcx
	shr	$3, %rcx
	and	$7, %edx
1:	rep movsq
	mov	%rdx, %rcx
2:	rep movsb
	xor	%eax, %eax
	ret
3:	lea	(%rdx, %rcx, 8), %rax
	ret
4:	mov	%rcx, %rax
	ret
	FIXUP	1b, 3b
	FIXUP	2b, 4b
