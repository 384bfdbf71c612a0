// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parsing and RelaxNG validation by libxml2.  A description comes from a
 * client: no network, no external entities, no document type (whose entities
 * could be made to grow without bound).
 */
#include "schema.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <stdio.h>
#include <string.h>

extern const char schema_domain[];	/* made from dom0-tools/schema/domain.rng by local.mk */

static void copy_line(char *to, size_t size, const char *message)
{
	snprintf(to, size, "%s", message ? message : "unknown error");
	to[strcspn(to, "\n")] = '\0';
}

xmlDoc *schema_parse(struct xml_reader *reader, const char *xml, size_t size, int *rc)
{
	const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
			    XML_PARSE_NOCDATA;
	char place[160], cause[400];
	xmlParserCtxt *context;
	xmlDoc *doc;

	if (size > SCHEMA_SIZE_MAX) {
		*rc = error_set(reader->error, ERROR_CONFIG, reader->file,
				"make the description smaller",
				"is %zu bytes long; at most %u are accepted", size, SCHEMA_SIZE_MAX);
		return NULL;
	}
	context = xmlNewParserCtxt();
	if (!context) {
		*rc = error_set(reader->error, ERROR_INTERNAL, reader->file, NULL, "out of memory");
		return NULL;
	}
	doc = xmlCtxtReadMemory(context, xml, (int)size, reader->file, NULL, options);
	if (!doc) {
		copy_line(cause, sizeof(cause), context->lastError.message);
		snprintf(place, sizeof(place), "%s:%d", reader->file, context->lastError.line);
		*rc = error_set(reader->error, ERROR_CONFIG, place,
				"xmllint shows where the document is broken",
				"is not well-formed XML: %s", cause);
	} else if (doc->intSubset) {
		*rc = error_set(reader->error, ERROR_CONFIG, reader->file,
				"remove the document type declaration", "has a DOCTYPE; none is accepted");
		xmlFreeDoc(doc);
		doc = NULL;
	}
	xmlFreeParserCtxt(context);
	return doc;
}

/* Keeps the first complaint: the later ones are its consequences. */
static void keep_first(void *data, xmlErrorPtr complaint)
{
	struct xml_reader *reader = data;
	char place[160], cause[400];

	if (reader->error->kind != ERROR_NONE)
		return;
	if (complaint->node)
		xml_place(reader, complaint->node, place, sizeof(place));
	else
		snprintf(place, sizeof(place), "%s:%d", reader->file, complaint->line);
	copy_line(cause, sizeof(cause), complaint->message);
	error_set(reader->error, ERROR_CONFIG, place,
		  "correct the description; docs/configuration.md lists what may be written", "%s", cause);
}

int schema_validate(struct xml_reader *reader, xmlDoc *doc)
{
	xmlRelaxNGParserCtxt *parser;
	xmlRelaxNGValidCtxt *validator = NULL;
	xmlRelaxNG *schema = NULL;
	int rc = -ENOMEM;

	reader->error->kind = ERROR_NONE;
	parser = xmlRelaxNGNewMemParserCtxt(schema_domain, (int)strlen(schema_domain));
	if (parser)
		schema = xmlRelaxNGParse(parser);
	if (schema)
		validator = xmlRelaxNGNewValidCtxt(schema);
	if (!validator) {
		rc = error_set(reader->error, ERROR_INTERNAL, reader->file, NULL,
			       "the schema cannot be loaded");
		goto out;
	}
	xmlRelaxNGSetValidStructuredErrors(validator, keep_first, reader);
	rc = xmlRelaxNGValidateDoc(validator, doc);
	if (rc && reader->error->kind == ERROR_NONE)
		error_set(reader->error, ERROR_CONFIG, reader->file, NULL, "is not valid");
	rc = rc ? -EINVAL : 0;
out:
	xmlRelaxNGFreeValidCtxt(validator);
	xmlRelaxNGFree(schema);
	xmlRelaxNGFreeParserCtxt(parser);
	return rc;
}
