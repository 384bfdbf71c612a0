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
#include <pthread.h>
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

/*
 * The schema never changes, and reading it is many times the work of checking a
 * description against it: it is read once and kept. Under lock, as libxml2
 * makes parts of what it has read when they are first needed.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static xmlRelaxNG *schema;	/* protected by lock; NULL: not read yet */

static xmlRelaxNG *load_schema(void)
{
	xmlRelaxNGParserCtxt *parser;

	if (schema)
		return schema;
	parser = xmlRelaxNGNewMemParserCtxt(schema_domain, (int)strlen(schema_domain));
	if (parser)
		schema = xmlRelaxNGParse(parser);
	xmlRelaxNGFreeParserCtxt(parser);
	return schema;
}

static int validate(struct xml_reader *reader, xmlDoc *doc)
{
	xmlRelaxNG *loaded = load_schema();
	xmlRelaxNGValidCtxt *validator = loaded ? xmlRelaxNGNewValidCtxt(loaded) : NULL;
	int rc;

	if (!validator)
		return error_set(reader->error, ERROR_INTERNAL, reader->file,
				 "does dom0 have free memory? free -m says so", "the schema cannot be loaded");
	xmlRelaxNGSetValidStructuredErrors(validator, keep_first, reader);
	rc = xmlRelaxNGValidateDoc(validator, doc);
	xmlRelaxNGFreeValidCtxt(validator);
	if (rc && reader->error->kind == ERROR_NONE)
		error_set(reader->error, ERROR_CONFIG, reader->file, NULL, "is not valid");
	return rc ? -EINVAL : 0;
}

int schema_validate(struct xml_reader *reader, xmlDoc *doc)
{
	int rc;

	reader->error->kind = ERROR_NONE;
	pthread_mutex_lock(&lock);
	rc = validate(reader, doc);
	pthread_mutex_unlock(&lock);
	return rc;
}
