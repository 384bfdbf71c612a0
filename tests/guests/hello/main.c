/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest test: the kernel starts, can print, and finds the pages that
 * were promised.  Proof: the verdict appears at all, start_info carries its
 * magic, the shared_info frame could be mapped, and the machine-to-physical
 * table agrees with the kernel's own frame list.
 */
#include "guest.h"
#include "page.h"

void test_main(void)
{
	print("Hello from a %s domain, %lu pages, command line \"%s\"\n",
	      start_info->flags & HC_SIF_INITDOMAIN ? "management" : "guest",
	      start_info->nr_pages, (const char *)start_info->cmd_line);
	expect(!memcmp(start_info->magic, HC_START_INFO_MAGIC, sizeof(HC_START_INFO_MAGIC) - 1),
	       "start_info says \"%s\"\n", start_info->magic);
	expect_equal("pfn of a page", M2P[ptr_to_mfn(hypercall_page)],
		     (PTR(hypercall_page) - VIRT_BASE) >> PAGE_SHIFT);
}
