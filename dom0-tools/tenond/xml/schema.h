/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Well-formedness and validity: parses a description without touching
 * anything outside of it, and validates it against the RelaxNG schema of
 * dom0-tools/schema/domain.rng, which is part of the program.
 */
#ifndef TENOND_XML_SCHEMA_H
#define TENOND_XML_SCHEMA_H

#include "reader.h"

#define SCHEMA_SIZE_MAX (1u << 20)	/* bytes of a description */

/* The parsed document, or NULL with *rc negative and *reader->error set. */
xmlDoc *schema_parse(struct xml_reader *reader, const char *xml, size_t size, int *rc);

/* 0, or a negative errno with *reader->error naming the first place that is not valid. */
int schema_validate(struct xml_reader *reader, xmlDoc *doc);

#endif
