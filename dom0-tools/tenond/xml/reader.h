/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading an XML document by tables: each element's permitted attributes and
 * children are listed once, and what does not fit is reported with file,
 * line, element and what was expected instead.
 */
#ifndef TENOND_XML_READER_H
#define TENOND_XML_READER_H

#include "../error.h"

#include <libxml/tree.h>
#include <stdbool.h>

#define XML_TENON_NS "urn:tenon:domain:1"	/* the namespace of Tenon's own elements */

struct xml_reader {
	const char *file;		/* for messages */
	struct error *error;
	/* Called for each element that is known but without effect; may be NULL. */
	void (*ignored)(void *target, const char *text);
	void *ignored_target;
};

typedef int xml_read_fn(struct xml_reader *reader, xmlNode *node, void *target);

#define XML_REQUIRED	(1u << 0)	/* must occur */
#define XML_MANY	(1u << 1)	/* may occur more than once */
#define XML_TENON	(1u << 2)	/* of Tenon's namespace; others have none */
#define XML_IGNORED	(1u << 3)	/* of libvirt's language, without effect here */
#define XML_RULES_MAX	40
struct xml_rule {
	const char *name;		/* NULL ends the table */
	unsigned int flags;
	xml_read_fn *read;		/* NULL with XML_IGNORED */
};

/* Read all children of an element by its table. 0 or a negative errno with *reader->error set. */
int xml_children(struct xml_reader *reader, xmlNode *node, const struct xml_rule *rules,
		 void *target);

/* Refuse attributes other than those listed, separated by spaces; no children and no text either. */
int xml_attributes(struct xml_reader *reader, xmlNode *node, const char *known);
int xml_empty(struct xml_reader *reader, xmlNode *node);

/*
 * An attribute's value, or NULL with *rc = 0 where it is absent and not
 * required.  The caller frees it.
 */
char *xml_attribute(struct xml_reader *reader, xmlNode *node, const char *name, bool required,
		    int *rc);

/* The element's text, without white space around it; never empty. The caller frees it. */
char *xml_text(struct xml_reader *reader, xmlNode *node, int *rc);

/* One of several words: the index of the value in words (NULL-terminated), or a negative errno. */
int xml_word(struct xml_reader *reader, xmlNode *node, const char *what, const char *value,
	     const char *const *words);

/* A decimal number within bounds. */
int xml_number(struct xml_reader *reader, xmlNode *node, const char *what, const char *value,
	       unsigned int low, unsigned int high, unsigned int *number);

/* Report a wrong value: "FILE:LINE: <element>: CAUSE". Returns a negative errno. */
int xml_error(struct xml_reader *reader, xmlNode *node, const char *cause, ...)
	__attribute__((format(printf, 3, 4)));

/* "FILE:LINE: <element>" */
void xml_place(const struct xml_reader *reader, const xmlNode *node, char *place, size_t size);

#endif
