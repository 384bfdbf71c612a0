/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page of stubs through which guests make hypercalls: 32 bytes for each
 * number (source of the layout: Xen's public hypercall ABI description).
 */
#include <hypercall/base.h>
#include "domain/control.h"
#include "lib/string.h"

static void stub(uint8_t *at, uint32_t nr)
{
	/* push %rcx; push %r11; mov $nr, %eax; syscall; pop %r11; pop %rcx; ret */
	static const uint8_t normal[] = { 0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05,
					  0x41, 0x5b, 0x59, 0xc3 };

	memcpy(at, normal, sizeof(normal));
	memcpy(at + 4, &nr, sizeof(nr));
}

static void stub_iret(uint8_t *at)
{
	/* push %rcx; push %r11; push %rax; mov $iret, %eax; syscall */
	static const uint8_t iret[] = { 0x51, 0x41, 0x53, 0x50, 0xb8, HC_NR_IRET, 0, 0, 0, 0x0f, 0x05 };

	memcpy(at, iret, sizeof(iret));
}

void hypercall_page_fill(uint8_t *page)
{
	memset(page, 0xcc, PAGE_SIZE);
	for (uint32_t nr = 0; nr < PAGE_SIZE / HC_HYPERCALL_SLOT_SIZE; nr++)
		if (nr == HC_NR_IRET)
			stub_iret(page + nr * HC_HYPERCALL_SLOT_SIZE);
		else
			stub(page + nr * HC_HYPERCALL_SLOT_SIZE, nr);
}
