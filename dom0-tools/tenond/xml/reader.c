// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table-driven XML reader: structure is checked here, so that the readers
 * of single elements only deal with values.
 */
#include "reader.h"

#include <errno.h>
#include <libxml/globals.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char next_step[] = "correct the description; docs/configuration.md lists what may be written";

void xml_place(const struct xml_reader *reader, const xmlNode *node, char *place, size_t size)
{
	snprintf(place, size, "%s:%ld: <%s>", reader->file, xmlGetLineNo((xmlNode *)node),
		 (const char *)node->name);
}

int xml_error(struct xml_reader *reader, xmlNode *node, const char *cause, ...)
{
	char place[sizeof(reader->error->object)], text[sizeof(reader->error->cause)];
	va_list args;

	xml_place(reader, node, place, sizeof(place));
	va_start(args, cause);
	vsnprintf(text, sizeof(text), cause, args);
	va_end(args);
	return error_set(reader->error, ERROR_CONFIG, place, next_step, "%s", text);
}

static bool rule_matches(const struct xml_rule *rule, const xmlNode *node)
{
	const char *ns = node->ns ? (const char *)node->ns->href : NULL;

	if (strcmp(rule->name, (const char *)node->name))
		return false;
	return rule->flags & XML_TENON ? ns && !strcmp(ns, XML_TENON_NS) : !ns;
}

/* The elements that a table permits, for a message: "disk, interface, tenon:sched". */
static void rules_list(const struct xml_rule *rules, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (const struct xml_rule *rule = rules; rule->name; rule++) {
		if (rule->flags & XML_IGNORED || length >= size)
			continue;
		length += (size_t)snprintf(text + length, size - length, "%s%s%s", length ? ", " : "",
					   rule->flags & XML_TENON ? "tenon:" : "", rule->name);
	}
}

static int unknown_child(struct xml_reader *reader, xmlNode *node, const struct xml_rule *rules)
{
	char expected[320];

	rules_list(rules, expected, sizeof(expected));
	return xml_error(reader, node, "is not known inside <%s>; expected one of: %s",
			 (const char *)node->parent->name, expected);
}

static void report_ignored(struct xml_reader *reader, xmlNode *node)
{
	char place[160], text[224];

	if (!reader->ignored)
		return;
	xml_place(reader, node, place, sizeof(place));
	snprintf(text, sizeof(text), "%s has no effect on Tenon", place);
	reader->ignored(reader->ignored_target, text);
}

static int read_child(struct xml_reader *reader, xmlNode *node, const struct xml_rule *rules,
		      bool *seen, void *target)
{
	for (const struct xml_rule *rule = rules; rule->name; rule++) {
		if (!rule_matches(rule, node))
			continue;
		if (rule->flags & XML_IGNORED) {
			report_ignored(reader, node);
			return 0;
		}
		if (seen[rule - rules] && !(rule->flags & XML_MANY))
			return xml_error(reader, node, "occurs twice; expected it once inside <%s>",
					 (const char *)node->parent->name);
		seen[rule - rules] = true;
		return rule->read(reader, node, target);
	}
	return unknown_child(reader, node, rules);
}

int xml_children(struct xml_reader *reader, xmlNode *node, const struct xml_rule *rules,
		 void *target)
{
	bool seen[XML_RULES_MAX] = { false };

	for (xmlNode *child = node->children; child; child = child->next) {
		int rc = 0;

		if (child->type == XML_ELEMENT_NODE)
			rc = read_child(reader, child, rules, seen, target);
		else if (child->type != XML_COMMENT_NODE && child->type != XML_PI_NODE &&
			 !xmlIsBlankNode(child))
			rc = xml_error(reader, node, "contains text; expected elements only");
		if (rc)
			return rc;
	}
	for (const struct xml_rule *rule = rules; rule->name; rule++)
		if (rule->flags & XML_REQUIRED && !seen[rule - rules])
			return xml_error(reader, node, "has no <%s>; expected one", rule->name);
	return 0;
}

/* Whether a list of words separated by spaces holds word. */
static bool list_has(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(list, word); at; at = strstr(at + 1, word))
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

int xml_attributes(struct xml_reader *reader, xmlNode *node, const char *known)
{
	for (xmlAttr *attr = node->properties; attr; attr = attr->next) {
		if (list_has(known, (const char *)attr->name))
			continue;
		if (!*known)
			return xml_error(reader, node, "has an attribute '%s'; expected none",
					 (const char *)attr->name);
		return xml_error(reader, node, "has an unknown attribute '%s'; expected one of: %s",
				 (const char *)attr->name, known);
	}
	return 0;
}

int xml_empty(struct xml_reader *reader, xmlNode *node)
{
	static const struct xml_rule none[] = { { 0 } };

	for (xmlNode *child = node->children; child; child = child->next)
		if (child->type == XML_ELEMENT_NODE)
			return xml_error(reader, child, "is not known inside <%s>; expected nothing there",
					 (const char *)node->name);
	return xml_children(reader, node, none, NULL);
}

char *xml_attribute(struct xml_reader *reader, xmlNode *node, const char *name, bool required,
		    int *rc)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);

	*rc = 0;
	if (!value && required)
		*rc = xml_error(reader, node, "has no attribute '%s'; expected one", name);
	if (value && !*value) {
		xmlFree(value);
		value = NULL;
		*rc = xml_error(reader, node, "has an empty attribute '%s'; expected a value", name);
	}
	return (char *)value;
}

char *xml_text(struct xml_reader *reader, xmlNode *node, int *rc)
{
	xmlChar *content;
	char *text, *end;
	size_t skip;

	for (xmlNode *child = node->children; child; child = child->next) {
		if (child->type != XML_ELEMENT_NODE)
			continue;
		*rc = xml_error(reader, child, "is not known inside <%s>; expected text only",
				(const char *)node->name);
		return NULL;
	}
	*rc = 0;
	content = xmlNodeGetContent(node);
	text = (char *)content;
	if (text) {
		skip = strspn(text, " \t\r\n");
		memmove(text, text + skip, strlen(text + skip) + 1);
		end = text + strlen(text);
		while (end > text && strchr(" \t\r\n", end[-1]))
			*--end = '\0';
	}
	if (!text || !*text) {
		xmlFree(content);
		*rc = xml_error(reader, node, "is empty; expected text");
		return NULL;
	}
	return text;
}

int xml_word(struct xml_reader *reader, xmlNode *node, const char *what, const char *value,
	     const char *const *words)
{
	char expected[256] = "";
	size_t length = 0;

	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], value))
			return i;
		if (length < sizeof(expected))
			length += (size_t)snprintf(expected + length, sizeof(expected) - length, "%s%s",
						   length ? ", " : "", words[i]);
	}
	return xml_error(reader, node, "%s '%s' is not known; expected one of: %s", what, value,
			 expected);
}

int xml_number(struct xml_reader *reader, xmlNode *node, const char *what, const char *value,
	       unsigned int low, unsigned int high, unsigned int *number)
{
	unsigned long parsed;
	char *end;

	errno = 0;
	parsed = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || parsed < low || parsed > high)
		return xml_error(reader, node, "%s '%s' is wrong; expected a number from %u to %u",
				 what, value, low, high);
	*number = (unsigned int)parsed;
	return 0;
}
