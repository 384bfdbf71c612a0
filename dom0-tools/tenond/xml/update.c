// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes of a running domain, written into its description: whatever is made from
 * that later, by a reboot, a restore or another host, is as it was last.
 */
#include "domain.h"
#include "schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static xmlNode *find(xmlNode *parent, const char *name)
{
	xmlNode *node = xmlFirstElementChild(parent);

	while (node && strcmp((const char *)node->name, name))
		node = xmlNextElementSibling(node);
	return node;
}

/* An element's text; it is made unless what is usual would be all that it says. */
static xmlNode *put(xmlNode *parent, xmlNs *ns, const char *name, unsigned long long value, bool usual)
{
	xmlNode *node = find(parent, name);
	char text[24];

	snprintf(text, sizeof(text), "%llu", value);
	if (node)
		xmlNodeSetContent(node, (const xmlChar *)text);
	else if (!usual)
		node = xmlNewChild(parent, ns, (const xmlChar *)name, (const xmlChar *)text);
	return node;
}

static void put_memory(xmlNode *root, const struct domain_config *config)
{
	xmlNode *node = put(root, NULL, "currentMemory", config->memory >> 10, config->memory == config->max_memory);

	if (node)
		xmlSetProp(node, (const xmlChar *)"unit", (const xmlChar *)"KiB");
}

/* Where its vcpus may run is said of each, and no more of all. */
static void put_processors(xmlNode *root, const struct domain_config *config)
{
	xmlNode *node = put(root, NULL, "vcpu", config->max_vcpus, config->max_vcpus == 1);
	char text[24];

	if (!node)
		return;
	snprintf(text, sizeof(text), "%u", config->vcpus);
	if (config->vcpus != config->max_vcpus || xmlHasProp(node, (const xmlChar *)"current"))
		xmlSetProp(node, (const xmlChar *)"current", (const xmlChar *)text);
	xmlUnsetProp(node, (const xmlChar *)"cpuset");
}

static void remove_pins(xmlNode *tune)
{
	xmlNode *pin;

	while ((pin = find(tune, "vcpupin"))) {
		xmlUnlinkNode(pin);
		xmlFreeNode(pin);
	}
}

static void put_pins(xmlNode *tune, const struct domain_config *config)
{
	char vcpu[16], cpus[CPUSET_TEXT];

	remove_pins(tune);
	for (unsigned int i = 0; i < config->max_vcpus; i++) {
		xmlNode *pin = config->affinity[i] ? xmlNewChild(tune, NULL, (const xmlChar *)"vcpupin", NULL) : NULL;

		if (!pin)
			continue;
		snprintf(vcpu, sizeof(vcpu), "%u", i);
		config_cpuset_format(config->affinity[i], 64, cpus);
		xmlNewProp(pin, (const xmlChar *)"vcpu", (const xmlChar *)vcpu);
		xmlNewProp(pin, (const xmlChar *)"cpuset", (const xmlChar *)cpus);
	}
}

static bool is_tuned(const struct domain_config *config)
{
	bool tuned = config->weight != CONFIG_WEIGHT_DEFAULT || config->cap;

	for (unsigned int i = 0; i < config->max_vcpus; i++)
		tuned |= config->affinity[i] != 0;
	return tuned;
}

static void put_tune(xmlNode *root, const struct domain_config *config)
{
	xmlNode *tune = find(root, "cputune");
	xmlNs *ns = xmlSearchNsByHref(root->doc, root, (const xmlChar *)XML_TENON_NS);

	if (!tune && is_tuned(config))
		tune = xmlNewChild(root, NULL, (const xmlChar *)"cputune", NULL);
	if (!ns && config->cap)
		ns = xmlNewNs(root, (const xmlChar *)XML_TENON_NS, (const xmlChar *)"tenon");
	if (!tune)
		return;
	put_pins(tune, config);
	put(tune, NULL, "shares", config->weight, config->weight == CONFIG_WEIGHT_DEFAULT);
	put(tune, ns, "cap", config->cap, !config->cap);
}

/* Whether a description says what a configuration has: an element that could not be made is noticed here. */
static bool says(const char *xml, const struct domain_config *config)
{
	struct xml_source source = { .xml = xml, .size = strlen(xml), .file = config->name, .salt = "" };
	struct domain_config *read = NULL;
	struct error ignored;
	bool same;

	if (domain_xml_read(&source, &read, &ignored))
		return false;
	same = read->memory == config->memory && read->vcpus == config->vcpus && read->weight == config->weight &&
	       read->cap == config->cap && !memcmp(read->affinity, config->affinity, sizeof(read->affinity));
	config_free(read);
	return same;
}

int domain_xml_update(struct domain_config *config, struct error *error)
{
	struct xml_reader reader = { .file = config->name, .error = error };
	int rc, size;
	xmlDoc *doc = schema_parse(&reader, config->xml, strlen(config->xml), &rc);
	xmlChar *dump = NULL;
	xmlNode *root;

	if (!doc)
		return rc;
	root = xmlDocGetRootElement(doc);
	put_memory(root, config);
	put_processors(root, config);
	put_tune(root, config);
	xmlDocDumpMemoryEnc(doc, &dump, &size, "UTF-8");
	xmlFreeDoc(doc);
	if (!dump || !says((const char *)dump, config)) {
		free(dump);
		return error_domain(error, ERROR_INTERNAL, config->name, NULL, "its description cannot be changed");
	}
	free(config->xml);
	config->xml = (char *)dump;
	return 0;
}
