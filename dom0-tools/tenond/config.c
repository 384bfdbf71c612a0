// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Domain configurations: their life, and the small languages in which parts of
 * them are written (names, disk targets, sizes, processor sets, MAC addresses).
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *policy_name(enum policy policy)
{
	static const char *const names[] = { "destroy", "restart", "preserve" };

	return names[policy];
}

const char *antispoof_name(enum antispoof mode)
{
	static const char *const names[] = { "mac", "ip", "off" };

	return names[mode];
}

struct domain_config *config_new(void)
{
	struct domain_config *config = calloc(1, sizeof(*config));

	if (!config)
		return NULL;
	config->vcpus = 1;
	config->max_vcpus = 1;
	config->weight = CONFIG_WEIGHT_DEFAULT;
	config->on_poweroff = POLICY_DESTROY;
	config->on_reboot = POLICY_RESTART;
	config->on_crash = POLICY_DESTROY;
	return config;
}

void config_free(struct domain_config *config)
{
	if (!config)
		return;
	for (unsigned int i = 0; i < config->disk_count; i++)
		free(config->disks[i].source);
	for (unsigned int i = 0; i < config->nic_count; i++)
		for (unsigned int j = 0; j < config->nics[i].address_count; j++)
			free(config->nics[i].addresses[j]);
	for (unsigned int i = 0; i < config->warning_count; i++)
		free(config->warnings[i]);
	free(config->name);
	free(config->title);
	free(config->description);
	free(config->kernel);
	free(config->initrd);
	free(config->cmdline);
	free(config->xml);
	free(config);
}

bool config_name_valid(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+:@-";
	size_t length = strlen(name);

	if (!length || length > CONFIG_NAME_MAX || name[0] == '.' || name[0] == '-')
		return false;
	/* All digits would read as a domain number. */
	return strspn(name, allowed) == length && strspn(name, "0123456789") != length;
}

int config_disk_id(const char *target, uint32_t *id)
{
	unsigned int disk = 0, partition = 0;
	const char *at;

	if (strncmp(target, "xvd", 3))
		return -EINVAL;
	for (at = target + 3; *at >= 'a' && *at <= 'z'; at++) {
		disk = disk * 26 + (unsigned int)(*at - 'a' + 1);
		if (disk > 4096)
			return -EINVAL;
	}
	if (!disk)
		return -EINVAL;
	disk--;
	if (*at) {
		size_t digits = strspn(at, "0123456789");

		if (at[digits] || digits > 2 || *at == '0')
			return -EINVAL;
		partition = (unsigned int)atoi(at);
		if (partition > 15)
			return -EINVAL;
	}
	/* Sixteen disks have numbers of block major 202; the rest use the extended form. */
	*id = disk < 16 ? 202u << 8 | disk << 4 | partition : 1u << 28 | disk << 8 | partition;
	return 0;
}

int config_bytes(const char *number, const char *unit, uint64_t *bytes)
{
	static const struct {
		const char *name;
		uint64_t factor;
	} units[] = {
		{ "b", 1 }, { "bytes", 1 },
		{ "KB", 1000 }, { "k", 1ull << 10 }, { "KiB", 1ull << 10 },
		{ "MB", 1000000 }, { "M", 1ull << 20 }, { "MiB", 1ull << 20 },
		{ "GB", 1000000000 }, { "G", 1ull << 30 }, { "GiB", 1ull << 30 },
		{ "TB", 1000000000000 }, { "T", 1ull << 40 }, { "TiB", 1ull << 40 },
	};
	unsigned long long value;
	char *end;

	if (*number < '0' || *number > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(number, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno)
		return -ERANGE;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit ? unit : "KiB", units[i].name))
			continue;
		if (__builtin_mul_overflow(value, units[i].factor, bytes))
			return -ERANGE;
		return 0;
	}
	return -EINVAL;
}

/* One number of a processor set; advances *at behind it. */
static int cpuset_number(const char **at, unsigned long *number)
{
	char *end;

	if (**at < '0' || **at > '9')
		return -EINVAL;
	*number = strtoul(*at, &end, 10);
	if (*number > 63)
		return -ERANGE;
	*at = end;
	return 0;
}

int config_cpuset(const char *text, uint64_t *mask)
{
	const char *at = text;
	uint64_t bits = 0;

	for (;;) {
		unsigned long first, last;
		bool exclude = *at == '^';
		int rc;

		if (exclude)
			at++;
		rc = cpuset_number(&at, &first);
		if (rc)
			return rc;
		last = first;
		if (*at == '-' && !exclude) {
			at++;
			rc = cpuset_number(&at, &last);
			if (rc)
				return rc;
		}
		if (last < first)
			return -EINVAL;
		for (unsigned long cpu = first; cpu <= last; cpu++)
			bits = exclude ? bits & ~(1ull << cpu) : bits | 1ull << cpu;
		if (!*at)
			break;
		if (*at++ != ',')
			return -EINVAL;
	}
	if (!bits)
		return -EINVAL;
	*mask = bits;
	return 0;
}

void config_cpuset_format(uint64_t mask, unsigned int limit, char text[CPUSET_TEXT])
{
	size_t length = 0;

	text[0] = '\0';
	for (unsigned int cpu = 0; cpu < limit; cpu++) {
		unsigned int first = cpu;

		if (!(mask >> cpu & 1))
			continue;
		while (cpu + 1 < limit && mask >> (cpu + 1) & 1)
			cpu++;
		length += (size_t)snprintf(text + length, CPUSET_TEXT - length, "%s%u", length ? "," : "",
					   first);
		if (cpu > first)
			length += (size_t)snprintf(text + length, CPUSET_TEXT - length, "-%u", cpu);
	}
}

int config_mac_parse(const char *text, uint8_t mac[MAC_LEN])
{
	static const char digits[] = "0123456789abcdefABCDEF";
	uint8_t all = 0;

	if (strlen(text) != MAC_TEXT - 1)
		return -EINVAL;
	for (int i = 0; i < MAC_LEN; i++, text += 3) {
		if (strspn(text, digits) != 2 || text[2] != (i == MAC_LEN - 1 ? '\0' : ':'))
			return -EINVAL;
		mac[i] = (uint8_t)strtoul(text, NULL, 16);
		all |= mac[i];
	}
	return all && !(mac[0] & 1) ? 0 : -EINVAL;
}

void config_mac_format(const uint8_t mac[MAC_LEN], char text[MAC_TEXT])
{
	snprintf(text, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x",
		 mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

void config_mac_derive(const char *salt, const char *name, unsigned int index, uint8_t mac[MAC_LEN])
{
	uint64_t hash = 0xcbf29ce484222325ull;	/* FNV-1a */
	char text[256];

	snprintf(text, sizeof(text), "%.64s/%.64s/%u", salt, name, index);
	for (const char *at = text; *at; at++)
		hash = (hash ^ (uint8_t)*at) * 0x100000001b3ull;
	/* The prefix that Xen's guests have by tradition: switches and tools know it. */
	mac[0] = 0x00;
	mac[1] = 0x16;
	mac[2] = 0x3e;
	mac[3] = (uint8_t)(hash >> 40);
	mac[4] = (uint8_t)(hash >> 24);
	mac[5] = (uint8_t)hash;
}
