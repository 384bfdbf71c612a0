// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The domain element and its children but for the devices: one function per
 * element, tables of what may occur where.
 */
#include "domain.h"
#include "schema.h"

#include <errno.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX (16ull << 40)

/* Read an element's text into *to, a string of at most max bytes. */
static int read_string(struct xml_reader *reader, xmlNode *node, char **to, size_t max)
{
	int rc = xml_attributes(reader, node, "");
	char *text;

	if (rc)
		return rc;
	text = xml_text(reader, node, &rc);
	if (!text)
		return rc;
	if (strlen(text) > max) {
		rc = xml_error(reader, node, "is %zu bytes long; expected at most %zu",
			       strlen(text), max);
		free(text);
		return rc;
	}
	*to = text;
	return 0;
}

/* An absolute path: the daemon's working directory means nothing to a client. */
static int read_path(struct xml_reader *reader, xmlNode *node, char **to)
{
	int rc = read_string(reader, node, to, 4095);

	if (!rc && **to != '/')
		rc = xml_error(reader, node, "'%.200s' is not an absolute path; expected /...", *to);
	return rc;
}

static int read_name(struct xml_reader *reader, xmlNode *node, void *target)
{
	struct domain_config *config = target;
	int rc = read_string(reader, node, &config->name, CONFIG_NAME_MAX);

	if (!rc && !config_name_valid(config->name))
		rc = xml_error(reader, node, "'%s' cannot be a name; expected letters, digits and "
			       "any of _.+:@- with a letter among them", config->name);
	return rc;
}

static int read_uuid(struct xml_reader *reader, xmlNode *node, void *target)
{
	struct domain_config *config = target;
	char *text = NULL;
	int rc = read_string(reader, node, &text, 64);

	if (!rc && (uuid_parse(text, config->uuid) || uuid_is_null(config->uuid)))
		rc = xml_error(reader, node, "'%s' is not a UUID; expected "
			       "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", text);
	config->uuid_given = !rc;
	free(text);
	return rc;
}

static int read_title(struct xml_reader *reader, xmlNode *node, void *target)
{
	return read_string(reader, node, &((struct domain_config *)target)->title, 255);
}

static int read_description(struct xml_reader *reader, xmlNode *node, void *target)
{
	return read_string(reader, node, &((struct domain_config *)target)->description, 4095);
}

/* Other programs' notes: kept in the document, of no concern here. */
static int read_metadata(struct xml_reader *reader, xmlNode *node, void *target)
{
	(void)reader;
	(void)node;
	(void)target;
	return 0;
}

static int read_bytes(struct xml_reader *reader, xmlNode *node, uint64_t *bytes)
{
	char *unit = NULL, *text = NULL;
	int rc = xml_attributes(reader, node, "unit dumpCore");

	if (!rc)
		unit = xml_attribute(reader, node, "unit", false, &rc);
	if (!rc)
		text = xml_text(reader, node, &rc);
	if (!rc && config_bytes(text, unit, bytes))
		rc = xml_error(reader, node, "'%s' in unit '%s' is not an amount of memory; expected "
			       "a number, and KiB, MiB, GiB or TiB as unit", text, unit ? unit : "KiB");
	if (!rc && (*bytes < CONFIG_MEMORY_MIN || *bytes > MEMORY_MAX))
		rc = xml_error(reader, node, "is %llu bytes; expected 4 MiB to 16 TiB",
			       (unsigned long long)*bytes);
	*bytes = (*bytes + 4095) & ~4095ull;
	free(unit);
	free(text);
	return rc;
}

static int read_memory(struct xml_reader *reader, xmlNode *node, void *target)
{
	return read_bytes(reader, node, &((struct domain_config *)target)->max_memory);
}

static int read_current_memory(struct xml_reader *reader, xmlNode *node, void *target)
{
	return read_bytes(reader, node, &((struct domain_config *)target)->memory);
}

static int read_cpuset(struct xml_reader *reader, xmlNode *node, bool required, uint64_t *mask)
{
	int rc;
	char *text = xml_attribute(reader, node, "cpuset", required, &rc);

	if (text && config_cpuset(text, mask))
		rc = xml_error(reader, node, "cpuset '%.80s' is wrong; expected processors like 0-3,^2,7",
			       text);
	free(text);
	return rc;
}

static int read_vcpu(struct xml_reader *reader, xmlNode *node, void *target)
{
	struct domain_config *config = target;
	char *text, *current = NULL;
	uint64_t mask = 0;
	int rc = xml_attributes(reader, node, "placement cpuset current");

	if (!rc)
		rc = read_cpuset(reader, node, false, &mask);
	if (rc)
		return rc;
	/* <vcpupin> says it for one vcpu, and may come before this element. */
	for (int i = 0; i < CONFIG_VCPUS_MAX; i++)
		if (!config->affinity[i])
			config->affinity[i] = mask;
	text = xml_text(reader, node, &rc);
	if (!rc)
		rc = xml_number(reader, node, "the number", text, 1, CONFIG_VCPUS_MAX,
				&config->max_vcpus);
	if (!rc)
		current = xml_attribute(reader, node, "current", false, &rc);
	config->vcpus = config->max_vcpus;
	if (current)
		rc = xml_number(reader, node, "current", current, 1, config->max_vcpus,
				&config->vcpus);
	free(text);
	free(current);
	return rc;
}

static int read_vcpupin(struct xml_reader *reader, xmlNode *node, void *target)
{
	struct domain_config *config = target;
	unsigned int vcpu = 0;
	char *text = NULL;
	int rc = xml_attributes(reader, node, "vcpu cpuset");

	if (!rc)
		text = xml_attribute(reader, node, "vcpu", true, &rc);
	if (!rc)
		rc = xml_number(reader, node, "vcpu", text, 0, CONFIG_VCPUS_MAX - 1, &vcpu);
	if (!rc)
		rc = read_cpuset(reader, node, true, &config->affinity[vcpu]);
	free(text);
	return rc ? rc : xml_empty(reader, node);
}

static int read_unsigned(struct xml_reader *reader, xmlNode *node, unsigned int low,
			 unsigned int high, unsigned int *number)
{
	char *text = NULL;
	int rc = xml_attributes(reader, node, "");

	if (!rc)
		text = xml_text(reader, node, &rc);
	if (!rc)
		rc = xml_number(reader, node, "the number", text, low, high, number);
	free(text);
	return rc;
}

static int read_shares(struct xml_reader *reader, xmlNode *node, void *target)
{
	return read_unsigned(reader, node, 1, CONFIG_WEIGHT_MAX, &((struct domain_config *)target)->weight);
}

static int read_cap(struct xml_reader *reader, xmlNode *node, void *target)
{
	return read_unsigned(reader, node, 0, 100 * CONFIG_VCPUS_MAX,
			     &((struct domain_config *)target)->cap);
}

static int read_cputune(struct xml_reader *reader, xmlNode *node, void *target)
{
	static const struct xml_rule rules[] = {
		{ "vcpupin", XML_MANY, read_vcpupin },
		{ "shares", 0, read_shares },
		{ "cap", XML_TENON, read_cap },
		{ "emulatorpin", XML_IGNORED, NULL },
		{ "period", XML_IGNORED, NULL },
		{ "quota", XML_IGNORED, NULL },
		{ 0 }
	};
	int rc = xml_attributes(reader, node, "");

	return rc ? rc : xml_children(reader, node, rules, target);
}

static int read_os_type(struct xml_reader *reader, xmlNode *node, void *target)
{
	static const char *const types[] = { "linux", "xen", "xenpv", NULL };
	static const char *const archs[] = { "x86_64", NULL };
	char *text = NULL, *arch = NULL;
	int rc = xml_attributes(reader, node, "arch machine");

	(void)target;
	if (!rc)
		arch = xml_attribute(reader, node, "arch", false, &rc);
	if (arch)
		rc = xml_word(reader, node, "arch", arch, archs);
	if (rc >= 0)
		text = xml_text(reader, node, &rc);
	if (text && !strcmp(text, "hvm"))
		rc = xml_error(reader, node, "'hvm' needs hardware virtualization, which Tenon does "
			       "without; expected linux");
	else if (text)
		rc = xml_word(reader, node, "type", text, types);
	free(arch);
	free(text);
	return rc < 0 ? rc : 0;
}

static int read_kernel(struct xml_reader *reader, xmlNode *node, void *target)
{
	return read_path(reader, node, &((struct domain_config *)target)->kernel);
}

static int read_initrd(struct xml_reader *reader, xmlNode *node, void *target)
{
	return read_path(reader, node, &((struct domain_config *)target)->initrd);
}

static int read_cmdline(struct xml_reader *reader, xmlNode *node, void *target)
{
	return read_string(reader, node, &((struct domain_config *)target)->cmdline,
			   CONFIG_CMDLINE_MAX);
}

static int read_os(struct xml_reader *reader, xmlNode *node, void *target)
{
	static const struct xml_rule rules[] = {
		{ "type", XML_REQUIRED, read_os_type },
		{ "kernel", XML_REQUIRED, read_kernel },
		{ "initrd", 0, read_initrd },
		{ "cmdline", 0, read_cmdline },
		{ "boot", XML_IGNORED | XML_MANY, NULL },
		{ 0 }
	};
	int rc = xml_attributes(reader, node, "");

	return rc ? rc : xml_children(reader, node, rules, target);
}

static int read_policy(struct xml_reader *reader, xmlNode *node, enum policy *policy)
{
	static const char *const words[] = { "destroy", "restart", "preserve", NULL };
	char *text = NULL;
	int rc = xml_attributes(reader, node, "");

	if (!rc)
		text = xml_text(reader, node, &rc);
	if (text)
		rc = xml_word(reader, node, "policy", text, words);
	if (rc >= 0)
		*policy = (enum policy)rc;
	free(text);
	return rc < 0 ? rc : 0;
}

static int read_on_poweroff(struct xml_reader *reader, xmlNode *node, void *target)
{
	return read_policy(reader, node, &((struct domain_config *)target)->on_poweroff);
}

static int read_on_reboot(struct xml_reader *reader, xmlNode *node, void *target)
{
	return read_policy(reader, node, &((struct domain_config *)target)->on_reboot);
}

static int read_on_crash(struct xml_reader *reader, xmlNode *node, void *target)
{
	return read_policy(reader, node, &((struct domain_config *)target)->on_crash);
}

static const struct xml_rule domain_rules[] = {
	{ "name", XML_REQUIRED, read_name },
	{ "uuid", 0, read_uuid },
	{ "title", 0, read_title },
	{ "description", 0, read_description },
	{ "metadata", 0, read_metadata },
	{ "memory", XML_REQUIRED, read_memory },
	{ "currentMemory", 0, read_current_memory },
	{ "vcpu", 0, read_vcpu },
	{ "cputune", 0, read_cputune },
	{ "os", XML_REQUIRED, read_os },
	{ "on_poweroff", 0, read_on_poweroff },
	{ "on_reboot", 0, read_on_reboot },
	{ "on_crash", 0, read_on_crash },
	{ "devices", 0, xml_read_devices },
	{ "maxMemory", XML_IGNORED, NULL },
	{ "memoryBacking", XML_IGNORED, NULL },
	{ "resource", XML_IGNORED, NULL },
	{ "features", XML_IGNORED, NULL },
	{ "cpu", XML_IGNORED, NULL },
	{ "clock", XML_IGNORED, NULL },
	{ "pm", XML_IGNORED, NULL },
	{ "seclabel", XML_IGNORED | XML_MANY, NULL },
	{ 0 }
};

static int read_root(struct xml_reader *reader, xmlNode *root, struct domain_config *config)
{
	static const char *const types[] = { "tenon", "xen", NULL };
	char *type = NULL;
	int rc;

	if (strcmp((const char *)root->name, "domain") || root->ns)
		return xml_error(reader, root, "is not a domain's description; expected <domain>");
	rc = xml_attributes(reader, root, "type id");
	if (!rc)
		type = xml_attribute(reader, root, "type", true, &rc);
	if (type)
		rc = xml_word(reader, root, "type", type, types);
	free(type);
	return rc < 0 ? rc : xml_children(reader, root, domain_rules, config);
}

/* What concerns several elements. */
static int check_whole(struct xml_reader *reader, xmlNode *root, struct domain_config *config)
{
	if (!config->memory)
		config->memory = config->max_memory;
	if (config->memory > config->max_memory)
		return xml_error(reader, root, "has a currentMemory larger than its memory; expected at "
				 "most as much");
	for (unsigned int i = config->max_vcpus; i < CONFIG_VCPUS_MAX; i++)
		config->affinity[i] = 0;
	return 0;
}

/* Make the document say what was decided for it, so that it gives the same domain again. */
static int complete(struct xml_reader *reader, xmlDoc *doc, struct domain_config *config,
		    const struct xml_source *source)
{
	xmlNode *root = xmlDocGetRootElement(doc);
	char text[UUID_STR_LEN];
	xmlChar *dump = NULL;
	int size, rc;

	if (!config->uuid_given) {
		if (!source->uuid || uuid_parse(source->uuid, config->uuid))
			uuid_generate(config->uuid);
		uuid_unparse_lower(config->uuid, text);
		xmlNewTextChild(root, NULL, (const xmlChar *)"uuid", (const xmlChar *)text);
	}
	rc = xml_fill_macs(reader, root, config, source->salt);
	if (rc)
		return rc;
	/* In whatever encoding it came: records, streams and answers are UTF-8, and take it for text. */
	xmlDocDumpMemoryEnc(doc, &dump, &size, "UTF-8");
	config->xml = (char *)dump;
	return dump ? 0 : error_set(reader->error, ERROR_INTERNAL, reader->file, NULL, "out of memory");
}

static void keep_warning(void *target, const char *text)
{
	struct domain_config *config = target;

	if (config->warning_count == CONFIG_WARNINGS_MAX)
		return;
	config->warnings[config->warning_count] = strdup(text);
	if (config->warnings[config->warning_count])
		config->warning_count++;
}

/* The schema decides whether a document is valid; the reader explains why not. */
static int read_document(struct xml_reader *reader, xmlDoc *doc, struct domain_config *config)
{
	struct error unexplained = { 0 }, *error = reader->error;
	xmlNode *root = xmlDocGetRootElement(doc);
	int invalid, rc;

	reader->error = &unexplained;
	invalid = schema_validate(reader, doc);
	reader->error = error;
	rc = read_root(reader, root, config);
	if (!rc)
		rc = check_whole(reader, root, config);
	if (!rc && invalid) {
		*error = unexplained;
		rc = invalid;
	}
	return rc;
}

int domain_xml_read(const struct xml_source *source, struct domain_config **result,
		    struct error *error)
{
	struct domain_config *config = config_new();
	struct xml_reader reader = {
		.file = source->file, .error = error,
		.ignored = keep_warning, .ignored_target = config,
	};
	xmlDoc *doc;
	int rc;

	if (!config)
		return error_set(error, ERROR_INTERNAL, source->file, NULL, "out of memory");
	doc = schema_parse(&reader, source->xml, source->size, &rc);
	if (!doc)
		goto out;
	rc = read_document(&reader, doc, config);
	if (!rc)
		rc = complete(&reader, doc, config, source);
	xmlFreeDoc(doc);
out:
	if (rc)
		config_free(config);
	else
		*result = config;
	return rc;
}
