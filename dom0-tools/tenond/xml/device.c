// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The children of <devices>: disks and network interfaces.  Consoles need no
 * description, each domain has one; what libvirt's tools write about them and
 * about devices that a paravirtual guest does not have is accepted.
 */
#include "domain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Formats of disk images: raw ones need no server, the others are opened by qemu-nbd. */
static const char *const formats[] = {
	"raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "vhdx", "vpc", NULL
};

static int read_driver(struct xml_reader *reader, xmlNode *node, void *target)
{
	static const char *const caches[] = { "default", "none", "writeback", "writethrough", NULL };
	static const char *const discards[] = { "ignore", "unmap", NULL };
	struct disk_config *disk = target;
	char *type = NULL, *cache = NULL, *discard = NULL;
	int rc = xml_attributes(reader, node, "name type cache discard io");

	if (!rc)
		type = xml_attribute(reader, node, "type", false, &rc);
	if (type)
		rc = xml_word(reader, node, "type", type, formats);
	if (rc >= 0 && type)
		disk->format = formats[rc];
	if (rc >= 0)
		cache = xml_attribute(reader, node, "cache", false, &rc);
	if (cache)
		rc = xml_word(reader, node, "cache", cache, caches);
	if (rc >= 0 && cache)
		disk->direct = rc == 1;
	if (rc >= 0)
		discard = xml_attribute(reader, node, "discard", false, &rc);
	if (discard)
		rc = xml_word(reader, node, "discard", discard, discards);
	if (rc >= 0 && discard)
		disk->discard = rc == 1;
	free(type);
	free(cache);
	free(discard);
	return rc < 0 ? rc : xml_empty(reader, node);
}

static int read_disk_source(struct xml_reader *reader, xmlNode *node, void *target)
{
	struct disk_config *disk = target;
	const char *name = disk->block ? "dev" : "file";
	int rc = xml_attributes(reader, node, name);

	if (!rc)
		disk->source = xml_attribute(reader, node, name, true, &rc);
	if (!rc && *disk->source != '/')
		rc = xml_error(reader, node, "'%.200s' is not an absolute path; expected /...",
			       disk->source);
	return rc ? rc : xml_empty(reader, node);
}

static int read_disk_target(struct xml_reader *reader, xmlNode *node, void *target)
{
	static const char *const buses[] = { "xen", NULL };
	struct disk_config *disk = target;
	char *dev = NULL, *bus = NULL;
	int rc = xml_attributes(reader, node, "dev bus removable");

	if (!rc)
		dev = xml_attribute(reader, node, "dev", true, &rc);
	if (!rc && (strlen(dev) >= sizeof(disk->target) || config_disk_id(dev, &disk->device_id)))
		rc = xml_error(reader, node, "dev '%.40s' is not a paravirtual disk; expected xvda, "
			       "xvdb, ...", dev);
	if (!rc) {
		snprintf(disk->target, sizeof(disk->target), "%s", dev);
		bus = xml_attribute(reader, node, "bus", false, &rc);
	}
	if (bus)
		rc = xml_word(reader, node, "bus", bus, buses);
	free(dev);
	free(bus);
	return rc < 0 ? rc : xml_empty(reader, node);
}

static int read_readonly(struct xml_reader *reader, xmlNode *node, void *target)
{
	int rc = xml_attributes(reader, node, "");

	((struct disk_config *)target)->readonly = true;
	return rc ? rc : xml_empty(reader, node);
}

static int read_disk_attributes(struct xml_reader *reader, xmlNode *node, struct disk_config *disk)
{
	static const char *const types[] = { "file", "block", NULL };
	static const char *const devices[] = { "disk", "cdrom", NULL };
	char *type = NULL, *device = NULL;
	int rc = xml_attributes(reader, node, "type device snapshot");

	if (!rc)
		type = xml_attribute(reader, node, "type", true, &rc);
	if (!rc)
		rc = xml_word(reader, node, "type", type, types);
	disk->block = rc == 1;
	if (rc >= 0)
		device = xml_attribute(reader, node, "device", false, &rc);
	if (device)
		rc = xml_word(reader, node, "device", device, devices);
	disk->cdrom = device && rc == 1;
	disk->readonly = disk->cdrom;
	free(type);
	free(device);
	return rc < 0 ? rc : 0;
}

static int check_disk(struct xml_reader *reader, xmlNode *node, const struct domain_config *config,
		      const struct disk_config *disk)
{
	for (unsigned int i = 0; i < config->disk_count; i++) {
		const struct disk_config *other = &config->disks[i];

		if (other->device_id == disk->device_id)
			return xml_error(reader, node, "has the target %s of the disk in line %d; "
					 "expected another", disk->target, other->line);
		if (!strcmp(other->source, disk->source) && !(other->readonly && disk->readonly))
			return xml_error(reader, node, "has the source of the disk in line %d; "
					 "expected another, or both readonly", other->line);
	}
	return 0;
}

static int read_disk(struct xml_reader *reader, xmlNode *node, void *target)
{
	static const struct xml_rule rules[] = {
		{ "driver", 0, read_driver },
		{ "source", XML_REQUIRED, read_disk_source },
		{ "target", XML_REQUIRED, read_disk_target },
		{ "readonly", 0, read_readonly },
		{ "address", XML_IGNORED, NULL },
		{ "alias", XML_IGNORED, NULL },
		{ "boot", XML_IGNORED, NULL },
		{ "serial", XML_IGNORED, NULL },
		{ 0 }
	};
	struct domain_config *config = target;
	struct disk_config disk = { .format = "raw", .line = (int)xmlGetLineNo(node) };
	int rc;

	if (config->disk_count == CONFIG_DISKS_MAX)
		return xml_error(reader, node, "is one too many; expected at most %d", CONFIG_DISKS_MAX);
	rc = read_disk_attributes(reader, node, &disk);
	if (!rc)
		rc = xml_children(reader, node, rules, &disk);
	if (!rc)
		rc = check_disk(reader, node, config, &disk);
	if (rc)
		free(disk.source);
	else
		config->disks[config->disk_count++] = disk;
	return rc;
}

/* Whether an interface of this name can exist in dom0. */
static bool device_name_valid(const char *name)
{
	return strlen(name) < IFNAMSIZ && strcmp(name, ".") && strcmp(name, "..") &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
	       strlen(name);
}

static int read_device_name(struct xml_reader *reader, xmlNode *node, const char *attribute,
			    char name[IFNAMSIZ])
{
	char *text = NULL;
	int rc = xml_attributes(reader, node, attribute);

	if (!rc)
		text = xml_attribute(reader, node, attribute, true, &rc);
	if (!rc && !device_name_valid(text))
		rc = xml_error(reader, node, "%s '%.40s' cannot be a network device; expected at most %d "
			       "letters, digits, _ . or -", attribute, text, IFNAMSIZ - 1);
	if (!rc)
		snprintf(name, IFNAMSIZ, "%s", text);
	free(text);
	return rc ? rc : xml_empty(reader, node);
}

static int read_nic_source(struct xml_reader *reader, xmlNode *node, void *target)
{
	return read_device_name(reader, node, "bridge", ((struct nic_config *)target)->bridge);
}

static int read_nic_target(struct xml_reader *reader, xmlNode *node, void *target)
{
	return read_device_name(reader, node, "dev", ((struct nic_config *)target)->device);
}

static int read_mac(struct xml_reader *reader, xmlNode *node, void *target)
{
	struct nic_config *nic = target;
	char *text = NULL;
	int rc = xml_attributes(reader, node, "address");

	if (!rc)
		text = xml_attribute(reader, node, "address", true, &rc);
	if (!rc && config_mac_parse(text, nic->mac))
		rc = xml_error(reader, node, "address '%.40s' is not a station's MAC address; expected "
			       "something like 00:16:3e:12:34:56", text);
	nic->mac_given = !rc;
	free(text);
	return rc ? rc : xml_empty(reader, node);
}

static int read_ip(struct xml_reader *reader, xmlNode *node, void *target)
{
	struct nic_config *nic = target;
	uint8_t parsed[sizeof(struct in6_addr)];
	char *text = NULL;
	int rc = xml_attributes(reader, node, "address family prefix");

	if (!rc && nic->address_count == CONFIG_ADDRESSES_MAX)
		rc = xml_error(reader, node, "is one too many; expected at most %d",
			       CONFIG_ADDRESSES_MAX);
	if (!rc)
		text = xml_attribute(reader, node, "address", true, &rc);
	if (!rc && inet_pton(AF_INET, text, parsed) != 1 && inet_pton(AF_INET6, text, parsed) != 1)
		rc = xml_error(reader, node, "address '%.60s' is not an IPv4 or IPv6 address", text);
	if (!rc)
		rc = xml_empty(reader, node);
	if (rc) {
		free(text);
		return rc;
	}
	nic->addresses[nic->address_count++] = text;
	return 0;
}

static int read_mtu(struct xml_reader *reader, xmlNode *node, void *target)
{
	char *text = NULL;
	int rc = xml_attributes(reader, node, "size");

	if (!rc)
		text = xml_attribute(reader, node, "size", true, &rc);
	if (!rc)
		rc = xml_number(reader, node, "size", text, 576, 65517,
				&((struct nic_config *)target)->mtu);
	free(text);
	return rc ? rc : xml_empty(reader, node);
}

static int read_antispoof(struct xml_reader *reader, xmlNode *node, void *target)
{
	static const char *const modes[] = { "on", "off", NULL };
	char *text = NULL;
	int rc = xml_attributes(reader, node, "mode");

	if (!rc)
		text = xml_attribute(reader, node, "mode", true, &rc);
	if (text)
		rc = xml_word(reader, node, "mode", text, modes);
	if (rc == 1)
		((struct nic_config *)target)->antispoof = ANTISPOOF_OFF;
	free(text);
	return rc < 0 ? rc : xml_empty(reader, node);
}

static int check_nic(struct xml_reader *reader, xmlNode *node, const struct domain_config *config,
		     struct nic_config *nic)
{
	static const char *const types[] = { "bridge", NULL };
	char *type = NULL;
	int rc = xml_attributes(reader, node, "type");

	if (!rc)
		type = xml_attribute(reader, node, "type", true, &rc);
	if (type)
		rc = xml_word(reader, node, "type", type, types);
	free(type);
	if (nic->antispoof == ANTISPOOF_MAC && nic->address_count)
		nic->antispoof = ANTISPOOF_IP;
	for (unsigned int i = 0; rc >= 0 && i < config->nic_count; i++) {
		const struct nic_config *other = &config->nics[i];

		if (nic->mac_given && other->mac_given && !memcmp(other->mac, nic->mac, MAC_LEN))
			rc = xml_error(reader, node, "has the MAC address of the interface in line %d; "
				       "expected another", other->line);
		else if (*nic->device && !strcmp(nic->device, other->device))
			rc = xml_error(reader, node, "has the target of the interface in line %d; "
				       "expected another", other->line);
	}
	return rc;
}

static int read_nic(struct xml_reader *reader, xmlNode *node, void *target)
{
	static const struct xml_rule rules[] = {
		{ "mac", 0, read_mac },
		{ "source", XML_REQUIRED, read_nic_source },
		{ "target", 0, read_nic_target },
		{ "ip", XML_MANY, read_ip },
		{ "mtu", 0, read_mtu },
		{ "antispoof", XML_TENON, read_antispoof },
		{ "model", XML_IGNORED, NULL },
		{ "script", XML_IGNORED, NULL },
		{ "address", XML_IGNORED, NULL },
		{ "alias", XML_IGNORED, NULL },
		{ 0 }
	};
	struct domain_config *config = target;
	struct nic_config nic = { .line = (int)xmlGetLineNo(node) };
	int rc;

	if (config->nic_count == CONFIG_NICS_MAX)
		return xml_error(reader, node, "is one too many; expected at most %d", CONFIG_NICS_MAX);
	rc = xml_children(reader, node, rules, &nic);
	if (!rc)
		rc = check_nic(reader, node, config, &nic);
	if (rc < 0)
		for (unsigned int i = 0; i < nic.address_count; i++)
			free(nic.addresses[i]);
	else
		config->nics[config->nic_count++] = nic;
	return rc < 0 ? rc : 0;
}

static int read_console(struct xml_reader *reader, xmlNode *node, void *target)
{
	static const struct xml_rule rules[] = {
		{ "source", XML_IGNORED, NULL }, { "target", XML_IGNORED, NULL },
		{ "alias", XML_IGNORED, NULL }, { "log", XML_IGNORED, NULL }, { 0 }
	};
	struct xml_reader quiet = { .file = reader->file, .error = reader->error };
	int rc = xml_attributes(reader, node, "type tty");

	(void)target;
	return rc ? rc : xml_children(&quiet, node, rules, NULL);
}

int xml_read_devices(struct xml_reader *reader, xmlNode *node, void *config)
{
	static const struct xml_rule rules[] = {
		{ "disk", XML_MANY, read_disk },
		{ "interface", XML_MANY, read_nic },
		{ "console", XML_MANY, read_console },
		{ "emulator", XML_IGNORED, NULL },
		{ "serial", XML_IGNORED | XML_MANY, NULL },
		{ "controller", XML_IGNORED | XML_MANY, NULL },
		{ "input", XML_IGNORED | XML_MANY, NULL },
		{ "graphics", XML_IGNORED | XML_MANY, NULL },
		{ "video", XML_IGNORED | XML_MANY, NULL },
		{ "audio", XML_IGNORED | XML_MANY, NULL },
		{ "sound", XML_IGNORED | XML_MANY, NULL },
		{ "channel", XML_IGNORED | XML_MANY, NULL },
		{ "memballoon", XML_IGNORED, NULL },
		{ "rng", XML_IGNORED | XML_MANY, NULL },
		{ 0 }
	};
	int rc = xml_attributes(reader, node, "");

	return rc ? rc : xml_children(reader, node, rules, config);
}

/* The index-th <interface>, in the order of the document and so of config->nics. */
static xmlNode *find_interface(xmlNode *root, unsigned int index)
{
	for (xmlNode *node = root->children; node; node = node->next) {
		if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, "devices"))
			continue;
		for (xmlNode *child = node->children; child; child = child->next)
			if (child->type == XML_ELEMENT_NODE &&
			    !strcmp((const char *)child->name, "interface") && !index--)
				return child;
	}
	return NULL;
}

int xml_fill_macs(struct xml_reader *reader, xmlNode *root, struct domain_config *config,
		  const char *salt)
{
	for (unsigned int i = 0; i < config->nic_count; i++) {
		struct nic_config *nic = &config->nics[i];
		char text[MAC_TEXT];
		xmlNode *node, *mac;

		if (nic->mac_given)
			continue;
		config_mac_derive(salt, config->name, i, nic->mac);
		config_mac_format(nic->mac, text);
		node = find_interface(root, i);
		mac = node ? xmlNewChild(node, NULL, (const xmlChar *)"mac", NULL) : NULL;
		if (!mac || !xmlNewProp(mac, (const xmlChar *)"address", (const xmlChar *)text))
			return error_set(reader->error, ERROR_INTERNAL, reader->file, NULL,
					 "out of memory");
	}
	return 0;
}
