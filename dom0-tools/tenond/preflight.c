// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Questions asked before a creation: files, bridges, processors, memory.
 */
#include "preflight.h"
#include "copied.h"
#include "device/net.h"

#include <errno.h>
#include <fcntl.h>
#include <hypercall/hypercall.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FRAME			4096ull
#define OVERHEAD_FRAMES		64	/* of the hypervisor for a domain and a few vcpus */
#define OVERHEAD_VCPU_FRAMES	8

int preflight_file(const char *what, const char *path, struct error *error)
{
	char object[160];
	struct stat info;
	int fd, rc = 0;

	snprintf(object, sizeof(object), "%s", what);
	/* Not blocking: a path may name a pipe that nobody writes to. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_set(error, ERROR_CONFIG, object, "check the path in the description",
				 "%s cannot be opened: %s", path, strerror(errno));
	if (fstat(fd, &info) || !S_ISREG(info.st_mode))
		rc = error_set(error, ERROR_CONFIG, object, "check the path in the description",
			       "%s is not a file", path);
	else if (!info.st_size)
		rc = error_set(error, ERROR_CONFIG, object, "was it copied completely?",
			       "%s is empty", path);
	close(fd);
	return rc;
}

int preflight_disk(const struct disk_config *disk, struct error *error)
{
	char object[160];
	struct stat info;

	snprintf(object, sizeof(object), "disk %s", disk->target);
	if (stat(disk->source, &info))
		return error_set(error, ERROR_CONFIG, object, "check the path in the description",
				 "%s: %s", disk->source, strerror(errno));
	if (disk->block && !S_ISBLK(info.st_mode))
		return error_set(error, ERROR_CONFIG, object, "write <disk type='file'> for a file",
				 "%s is not a block device", disk->source);
	if (!disk->block && !S_ISREG(info.st_mode))
		return error_set(error, ERROR_CONFIG, object,
				 S_ISBLK(info.st_mode) ? "write <disk type='block'> for a device" :
				 "check the path in the description",
				 "%s is not a file", disk->source);
	if (access(disk->source, disk->readonly ? R_OK : R_OK | W_OK))
		return error_set(error, ERROR_CONFIG, object,
				 "change its permissions, or make the disk <readonly/>",
				 "%s cannot be used: %s", disk->source, strerror(errno));
	if (!disk->block && info.st_size < 512)
		return error_set(error, ERROR_CONFIG, object, "was it copied completely?",
				 "%s has less than one sector", disk->source);
	return 0;
}

static int check_nic(const struct nic_config *nic, unsigned int index, struct error *error)
{
	char object[160];

	snprintf(object, sizeof(object), "interface %u", index);
	if (!net_exists(nic->bridge))
		return error_set(error, ERROR_CONFIG, object,
				 "make it: ip link add BRIDGE type bridge; ip link set BRIDGE up",
				 "there is no bridge %s", nic->bridge);
	if (!net_is_bridge(nic->bridge))
		return error_set(error, ERROR_CONFIG, object, "name a bridge; ip link show type bridge",
				 "%s is not a bridge", nic->bridge);
	if (*nic->device && net_exists(nic->device))
		return error_set(error, ERROR_EXISTS, object, "choose another <target dev=.../>",
				 "a network device %s exists", nic->device);
	return 0;
}

static int check_processors(const struct domain_config *config, const struct hc_system_info *info,
			    struct error *error)
{
	uint64_t present = info->cpus >= 64 ? ~0ull : (1ull << info->cpus) - 1;

	for (unsigned int vcpu = 0; vcpu < config->max_vcpus; vcpu++)
		if (config->affinity[vcpu] && !(config->affinity[vcpu] & present))
			return error_set(error, ERROR_CONFIG, "cpuset", "name processors from 0 on",
					 "vcpu %u may run on none of the host's %u processors", vcpu,
					 info->cpus);
	return 0;
}

static int check_memory(const struct domain_config *config, const struct hc_system_info *info,
			struct error *error)
{
	uint64_t needed = config->memory / FRAME + OVERHEAD_FRAMES +
			  (uint64_t)config->max_vcpus * OVERHEAD_VCPU_FRAMES;

	if (needed <= info->free_frames)
		return 0;
	return error_set(error, ERROR_RESOURCES, "memory",
			 "give it less, or destroy another domain; tenon list shows who holds what",
			 "%llu MiB are needed, and %llu MiB of the host's %llu MiB are free",
			 (unsigned long long)(needed * FRAME + (1 << 20) - 1) >> 20,
			 (unsigned long long)(info->free_frames * FRAME) >> 20,
			 (unsigned long long)(info->total_frames * FRAME) >> 20);
}

void preflight_all(const struct host *host, const struct domain_config *config, json_t *coming,
		   struct errors *errors)
{
	struct hc_system_info info;
	int rc;

	errors_note(errors, preflight_file("kernel", config->kernel, errors_next(errors)));
	if (config->initrd)
		errors_note(errors, preflight_file("initrd", config->initrd, errors_next(errors)));
	for (unsigned int i = 0; i < config->disk_count; i++)
		if (!copied_comes(coming, &config->disks[i]))
			errors_note(errors, preflight_disk(&config->disks[i], errors_next(errors)));
	for (unsigned int i = 0; i < config->nic_count; i++)
		errors_note(errors, check_nic(&config->nics[i], i, errors_next(errors)));
	rc = hc_system_info(host->hv, &info);
	if (rc) {
		errors_note(errors, error_set(errors_next(errors), ERROR_UNREACHABLE, "hypervisor",
					      "run tenon doctor", "does not answer: %s", strerror(-rc)));
		return;
	}
	errors_note(errors, check_processors(config, &info, errors_next(errors)));
	errors_note(errors, check_memory(config, &info, errors_next(errors)));
}

int preflight_check(const struct host *host, const struct domain_config *config,
		    struct error *error)
{
	struct errors errors = { 0 };

	preflight_all(host, config, NULL, &errors);
	if (errors.count)
		*error = errors.items[0];
	return errors.rc;
}
