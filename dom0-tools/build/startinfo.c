/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start_info page and the registers a domain starts with. */
#include "startinfo.h"

#include <errno.h>
#include <string.h>

#define EFLAGS_FIXED	(1 << 1)
#define EFLAGS_IF	(1 << 9)

int startinfo_make(const struct layout *layout, const struct frames *frames,
		   const struct startinfo_config *config, struct hc_start_info *info,
		   struct build_error *error)
{
	const char *line = config->command_line ? config->command_line : "";

	if (strlen(line) >= sizeof(info->cmd_line))
		return build_fail(error, -E2BIG,
				  "the kernel command line has %zu bytes; at most %zu can be passed",
				  strlen(line), sizeof(info->cmd_line) - 1);
	memset(info, 0, sizeof(*info));
	memcpy(info->magic, HC_START_INFO_MAGIC, sizeof(HC_START_INFO_MAGIC));
	memcpy(info->cmd_line, line, strlen(line));
	info->nr_pages = layout->pages;
	info->shared_info = config->shared_info_mfn << HC_PAGE_SHIFT;
	info->store_mfn = frames_get(frames, layout->store_pfn);
	info->store_evtchn = config->store_port;
	info->console.domU.mfn = frames_get(frames, layout->console_pfn);
	info->console.domU.evtchn = config->console_port;
	info->pt_base = layout_virt(layout, layout->tables_pfn);
	info->nr_pt_frames = layout->tables;
	info->mfn_list = layout->p2m_virt;
	if (layout->p2m_tables) {
		info->first_p2m_pfn = layout->p2m_pfn;
		info->nr_p2m_frames = layout->p2m_pages + layout->p2m_tables;
	}
	if (layout->initrd_pfn == NO_PFN)
		return 0;
	info->mod_len = layout->initrd_size;
	if (layout->initrd_mapped) {
		info->mod_start = layout_virt(layout, layout->initrd_pfn);
	} else {
		info->mod_start = layout->initrd_pfn;
		info->flags |= HC_SIF_MOD_START_PFN;
	}
	return 0;
}

void startinfo_context(const struct layout *layout, const struct frames *frames, const struct elf *elf,
		       struct hc_vcpu_guest_context *context)
{
	struct hc_cpu_user_regs *regs = &context->user_regs;

	memset(context, 0, sizeof(*context));
	context->flags = HC_VGCF_IN_KERNEL | HC_VGCF_ONLINE;
	regs->rip = elf->entry;
	regs->rsp = layout_virt(layout, layout->stack_pfn + 1);
	regs->rsi = layout_virt(layout, layout->start_info_pfn);
	regs->rflags = EFLAGS_FIXED | EFLAGS_IF;
	regs->cs = HC_FLAT_KERNEL_CS64;
	regs->ss = HC_FLAT_KERNEL_SS64;
	regs->ds = HC_FLAT_KERNEL_DS64;
	regs->es = HC_FLAT_KERNEL_DS64;
	regs->fs = HC_FLAT_KERNEL_DS64;
	regs->gs = HC_FLAT_KERNEL_DS64;
	context->kernel_ss = HC_FLAT_KERNEL_SS64;
	context->kernel_sp = regs->rsp;
	context->ctrlreg[3] = frames_get(frames, layout->tables_pfn) << HC_PAGE_SHIFT;
}
