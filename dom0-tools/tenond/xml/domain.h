/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's domain XML, in the subset that Tenon supports, to a checked
 * struct domain_config.  docs/configuration.md is the user's view of it.
 */
#ifndef TENOND_XML_DOMAIN_H
#define TENOND_XML_DOMAIN_H

#include "../config.h"
#include "../error.h"
#include "reader.h"

struct xml_source {
	const char *xml;
	size_t size;		/* bytes of xml */
	const char *file;	/* what messages call it */
	const char *salt;	/* of derived MAC addresses: the host's identity */
	const char *uuid;	/* of a domain whose description has none; NULL: a new one */
};

/*
 * 0 and a new *config, or a negative errno and *error.  Only the text is
 * looked at: whether the files named exist is the creation's question.
 */
int domain_xml_read(const struct xml_source *source, struct domain_config **config,
		    struct error *error);

/*
 * Make the description say what memory, vcpus, affinity, weight and cap are now. 0, or a negative
 * errno and *error, and it stays as it was.
 */
int domain_xml_update(struct domain_config *config, struct error *error);

/* Readers of the children of <devices>, in device.c. */
int xml_read_devices(struct xml_reader *reader, xmlNode *node, void *config);

/* Give every interface without a MAC address one, and write it into the document. */
int xml_fill_macs(struct xml_reader *reader, xmlNode *root, struct domain_config *config,
		  const char *salt);

#endif
