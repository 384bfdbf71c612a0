/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xen_version: what the hypervisor tells every guest about itself.  Sizes and
 * meanings of the answers are the guest ABI's (source: Xen's public version.h
 * and features.h).
 */
#include <hypercall/version.h>
#include "boot/options.h"
#include "domain/domain.h"
#include "hypercall/abi_version.h"
#include "hypercall/handlers.h"
#include "hypercall/hypercall.h"
#include "lib/string.h"
#include "lib/version.h"

#define FEATURE(n) (1u << HC_FEATURE_##n)

/* Text in a field of fixed size, cut to fit, always terminated, the rest zeros. */
static void set_text(char *field, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memset(field, 0, size);
	memcpy(field, text, len);
}

/* To a guest buffer of size bytes, at most HC_CAPABILITIES_INFO_LEN. */
static long give_text(uint64_t arg, size_t size, const char *text)
{
	char field[HC_CAPABILITIES_INFO_LEN];

	set_text(field, size, text);
	return copy_to_guest(arg, field, size);
}

static long version(uint64_t arg)
{
	(void)arg;
	return GUEST_ABI_VERSION;
}

/* Kernels print it right behind the version's numbers. */
static long extraversion(uint64_t arg)
{
	return give_text(arg, HC_EXTRAVERSION_LEN, "-tenon-" TENON_VERSION);
}

static long compile_info(uint64_t arg)
{
	struct hc_compile_info info;

	set_text(info.compiler, sizeof(info.compiler), "gcc " __VERSION__);
	set_text(info.compile_by, sizeof(info.compile_by), "tenon");
	set_text(info.compile_domain, sizeof(info.compile_domain), "");
	/* The same source gives the same image: no date in it. */
	set_text(info.compile_date, sizeof(info.compile_date), "");
	return copy_to_guest(arg, &info, sizeof(info));
}

/* The guest types that can be built: 64-bit paravirtual ones. */
static long capabilities(uint64_t arg)
{
	return give_text(arg, HC_CAPABILITIES_INFO_LEN, HC_START_INFO_MAGIC " ");
}

static long changeset(uint64_t arg)
{
	return give_text(arg, HC_CHANGESET_INFO_LEN, TENON_CHANGESET);
}

static long platform_parameters(uint64_t arg)
{
	struct hc_platform_parameters parameters = { .virt_start = HC_HYPERVISOR_VIRT_START };

	return copy_to_guest(arg, &parameters, sizeof(parameters));
}

static long get_features(uint64_t arg)
{
	struct hc_feature_info info;

	if (copy_from_guest(&info, arg, sizeof(info)))
		return -EFAULT;
	if (info.submap_idx >= HC_FEATURE_NR_SUBMAPS)
		return -EINVAL;
	info.submap = FEATURE(MMU_PT_UPDATE_PRESERVE_AD) | FEATURE(GNTTAB_MAP_AVAIL_BITS) |
		      FEATURE(HIGHMEM_ASSIST) | FEATURE(NOT_DIRECT_MAPPED);
	if (current->domain->privileged)
		info.submap |= FEATURE(DOM0);
	return copy_to_guest(arg, &info, sizeof(info));
}

static long pagesize(uint64_t arg)
{
	(void)arg;
	return PAGE_SIZE;
}

static long guest_handle(uint64_t arg)
{
	return copy_to_guest(arg, current->domain->uuid, sizeof(current->domain->uuid));
}

/* It may hold what guests need not know of the host. */
static long command_line(uint64_t arg)
{
	return give_text(arg, HC_COMMANDLINE_LEN,
			 current->domain->privileged ? option_command_line : "<denied>");
}

/* The image carries no build id; its changeset says which source it is. */
static long build_id(uint64_t arg)
{
	(void)arg;
	return -ENODATA;
}

static long no_such_operation(uint64_t arg)
{
	(void)arg;
	return -ENOSYS;
}

/* Sixteen, so that a number is brought below that by one instruction. */
typedef long version_fn(uint64_t arg);
static version_fn *const operations[16] = {
	[HC_VERSION_VERSION] = version,
	[HC_VERSION_EXTRAVERSION] = extraversion,
	[HC_VERSION_COMPILE_INFO] = compile_info,
	[HC_VERSION_CAPABILITIES] = capabilities,
	[HC_VERSION_CHANGESET] = changeset,
	[HC_VERSION_PLATFORM_PARAMETERS] = platform_parameters,
	[HC_VERSION_GET_FEATURES] = get_features,
	[HC_VERSION_PAGESIZE] = pagesize,
	[HC_VERSION_GUEST_HANDLE] = guest_handle,
	[HC_VERSION_COMMANDLINE] = command_line,
	[HC_VERSION_BUILD_ID] = build_id,
	[HC_VERSION_BUILD_ID + 1 ... 15] = no_such_operation,
};

long hypercall_xen_version(uint64_t cmd, uint64_t arg)
{
	if (cmd >= ARRAY_SIZE(operations))
		return -ENOSYS;
	return operations[index_below(cmd, ARRAY_SIZE(operations))](arg);
}
