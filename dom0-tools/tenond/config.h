/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a domain shall be: the contents of its XML description after checking,
 * with every default filled in.  Made by xml/domain.c, used by everything else.
 */
#ifndef TENOND_CONFIG_H
#define TENOND_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uuid/uuid.h>

#define CONFIG_NAME_MAX		63	/* bytes: the hypervisor's name field, less its zero */
#define CONFIG_VCPUS_MAX	64
#define CONFIG_DISKS_MAX	32
#define CONFIG_NICS_MAX		16
#define CONFIG_ADDRESSES_MAX	8
#define CONFIG_WARNINGS_MAX	16
#define CONFIG_CMDLINE_MAX	1023	/* bytes: start_info's field, less its zero */
#define CONFIG_WEIGHT_DEFAULT	256
#define CONFIG_WEIGHT_MAX	65535
#define CONFIG_MEMORY_MIN	(4ull << 20)	/* bytes */
#define MAC_LEN			6
#define MAC_TEXT		18	/* bytes of "00:16:3e:12:34:56" with its zero */

/* What happens when a domain has shut down, per reason. */
enum policy {
	POLICY_DESTROY,
	POLICY_RESTART,
	POLICY_PRESERVE,
};
const char *policy_name(enum policy policy);

struct disk_config {
	char *source;			/* absolute path */
	const char *format;		/* "raw", or a format of qemu-nbd's */
	char target[16];		/* as the guest calls it: "xvda" */
	uint32_t device_id;		/* the number of target in the store */
	bool block;			/* source is a block device */
	bool readonly;
	bool cdrom;
	bool direct;			/* bypass dom0's page cache */
	bool discard;			/* the guest may discard blocks */
	int line;			/* of the description, for messages */
};

/* What frames a guest may send through an interface. */
enum antispoof {
	ANTISPOOF_MAC,			/* from its own MAC address only */
	ANTISPOOF_IP,			/* and from its listed IP addresses only */
	ANTISPOOF_OFF,
};
const char *antispoof_name(enum antispoof mode);

struct nic_config {
	char bridge[IFNAMSIZ];
	char device[IFNAMSIZ];		/* name in dom0; empty: the kernel's vifDOMID.INDEX */
	uint8_t mac[MAC_LEN];
	bool mac_given;
	enum antispoof antispoof;
	char *addresses[CONFIG_ADDRESSES_MAX];
	unsigned int address_count;
	unsigned int mtu;		/* 0: the bridge's */
	int line;
};

struct domain_config {
	char *name;
	uuid_t uuid;
	bool uuid_given;
	char *title;			/* may be NULL, as description */
	char *description;
	uint64_t memory;		/* bytes it starts with */
	uint64_t max_memory;		/* bytes it may grow to */
	unsigned int vcpus;		/* online at start */
	unsigned int max_vcpus;
	uint64_t affinity[CONFIG_VCPUS_MAX];	/* processors' bits; 0: everywhere */
	unsigned int weight;
	unsigned int cap;		/* percent of one processor, 0: none */
	char *kernel;
	char *initrd;			/* may be NULL */
	char *cmdline;			/* may be NULL */
	enum policy on_poweroff;
	enum policy on_reboot;
	enum policy on_crash;
	struct disk_config disks[CONFIG_DISKS_MAX];
	unsigned int disk_count;
	struct nic_config nics[CONFIG_NICS_MAX];
	unsigned int nic_count;
	char *xml;			/* the description with UUID and MACs filled in */
	char *warnings[CONFIG_WARNINGS_MAX];
	unsigned int warning_count;
};

struct domain_config *config_new(void);
void config_free(struct domain_config *config);

/* Whether a domain may be called so: 1..63 of [A-Za-z0-9_.+:@-], not all digits, no leading '.' or '-'. */
bool config_name_valid(const char *name);

/* "xvda", "xvdb3" to the number of the device in the store; 0 or -EINVAL. */
int config_disk_id(const char *target, uint32_t *id);

/* "4096" with unit ("KiB", "MB", ...; NULL: KiB) to bytes; 0, -EINVAL, -ERANGE. */
int config_bytes(const char *number, const char *unit, uint64_t *bytes);

/* "0-3,^2,7" to bits; 0, -EINVAL (also where nothing is left), -ERANGE for a processor above 63. */
int config_cpuset(const char *text, uint64_t *mask);

/* Bits to "0-3,7"; processors from limit (at most 64) on are left out, and "" is none of those below. */
#define CPUSET_TEXT 192
void config_cpuset_format(uint64_t mask, unsigned int limit, char text[CPUSET_TEXT]);

/* "00:16:3e:aa:bb:cc" to bytes; 0 or -EINVAL, also for a multicast or all-zero address. */
int config_mac_parse(const char *text, uint8_t mac[MAC_LEN]);
void config_mac_format(const uint8_t mac[MAC_LEN], char text[MAC_TEXT]);

/* The address of a domain's nic when none is given: the same each time on the same host (salt). */
void config_mac_derive(const char *salt, const char *name, unsigned int index, uint8_t mac[MAC_LEN]);

#endif
