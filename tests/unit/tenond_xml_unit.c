// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Descriptions: each file of tests/unit/domain-xml/good is accepted and gives
 * the same domain when its completed text is read again; each of .../bad is
 * refused with the place and the cause that its comment expects:
 *   <!-- expect: PLACE | CAUSE -->
 * where PLACE is "LINE: <element>" or "LINE", and CAUSE a part of the message.
 */
#include "dom0-tools/tenond/xml/domain.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libxml/relaxng.h>

static unsigned int schemas_read;

xmlRelaxNG *__real_xmlRelaxNGParse(xmlRelaxNGParserCtxt *parser);
xmlRelaxNG *__wrap_xmlRelaxNGParse(xmlRelaxNGParserCtxt *parser);

xmlRelaxNG *__wrap_xmlRelaxNGParse(xmlRelaxNGParserCtxt *parser)
{
	schemas_read++;
	return __real_xmlRelaxNGParse(parser);
}

static int read_text(const char *xml, const char *file, struct domain_config **config,
		     struct error *error)
{
	const struct xml_source source = {
		.xml = xml, .size = strlen(xml), .file = file, .salt = "unit"
	};

	memset(error, 0, sizeof(*error));
	return domain_xml_read(&source, config, error);
}

static char *load(const char *folder, const char *name)
{
	char path[600], *text = calloc(1, 65536);
	FILE *file;

	snprintf(path, sizeof(path), "%s/domain-xml/%s/%s", UNIT_DIR, folder, name);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

static unsigned int each(const char *folder, void (*check)(const char *name, char *text))
{
	struct dirent *entry;
	unsigned int count = 0;
	char path[512];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/domain-xml/%s", UNIT_DIR, folder);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char *text;

		if (!strstr(entry->d_name, ".xml"))
			continue;
		text = load(folder, entry->d_name);
		check(entry->d_name, text);
		free(text);
		count++;
	}
	closedir(dir);
	return count;
}

static void check_good(const char *name, char *text)
{
	struct domain_config *config, *again;
	struct error error;

	if (read_text(text, name, &config, &error))
		fail_msg("%s: %s", error.object, error.cause);
	assert_non_null(config->name);
	assert_true(config->memory && config->memory <= config->max_memory);
	if (read_text(config->xml, name, &again, &error))
		fail_msg("read again: %s: %s", error.object, error.cause);
	assert_memory_equal(config->uuid, again->uuid, sizeof(uuid_t));
	assert_int_equal(config->nic_count, again->nic_count);
	for (unsigned int i = 0; i < config->nic_count; i++)
		assert_memory_equal(config->nics[i].mac, again->nics[i].mac, MAC_LEN);
	assert_string_equal(config->xml, again->xml);
	config_free(config);
	config_free(again);
}

static void good(void **state)
{
	(void)state;
	assert_true(each("good", check_good) >= 4);
}

static void check_bad(const char *name, char *text)
{
	struct domain_config *config;
	char place[128], cause[256], whole[160];
	struct error error;

	if (sscanf(text, "<!-- expect: %127[^|]| %255[^\n]", place, cause) != 2)
		fail_msg("%s: expects nothing", name);
	place[strlen(place) - 1] = '\0';
	*strstr(cause, " -->") = '\0';
	if (!read_text(text, name, &config, &error))
		fail_msg("%s: is accepted", name);
	snprintf(whole, sizeof(whole), "%s:%s", name, place);
	if (strcmp(error.object, whole) || !strstr(error.cause, cause))
		fail_msg("%s: %s: %s", name, error.object, error.cause);
	assert_int_equal(error.kind, ERROR_CONFIG);
	assert_true(*error.next);
}

static void bad(void **state)
{
	(void)state;
	assert_true(each("bad", check_bad) >= 30);
}

static void full(void **state)
{
	struct domain_config *config;
	struct error error;
	char *text = load("good", "full.xml");

	(void)state;
	assert_int_equal(read_text(text, "full.xml", &config, &error), 0);
	assert_string_equal(config->name, "full");
	assert_string_equal(config->title, "Everything");
	assert_int_equal(config->max_memory, 512ull << 20);
	assert_int_equal(config->memory, 256ull << 20);
	assert_int_equal(config->max_vcpus, 4);
	assert_int_equal(config->vcpus, 2);
	assert_int_equal(config->affinity[0], 0x2);
	assert_int_equal(config->affinity[1], 0xf);
	assert_int_equal(config->affinity[3], 0xf);
	assert_int_equal(config->affinity[4], 0);
	assert_int_equal(config->weight, 512);
	assert_int_equal(config->cap, 150);
	assert_int_equal(config->on_poweroff, POLICY_PRESERVE);
	assert_int_equal(config->on_crash, POLICY_RESTART);
	assert_int_equal(config->disk_count, 3);
	assert_string_equal(config->disks[0].format, "qcow2");
	assert_true(config->disks[0].direct);
	assert_true(config->disks[0].discard);
	assert_true(config->disks[1].block);
	assert_true(config->disks[1].readonly);
	assert_true(config->disks[2].cdrom);
	assert_int_equal(config->nic_count, 2);
	assert_int_equal(config->nics[0].antispoof, ANTISPOOF_IP);
	assert_int_equal(config->nics[0].address_count, 2);
	assert_int_equal(config->nics[1].antispoof, ANTISPOOF_OFF);
	assert_string_equal(config->nics[1].device, "vif-full");
	assert_int_equal(config->nics[1].mtu, 9000);
	assert_int_equal(config->warning_count, 0);
	config_free(config);
	free(text);
}

/* Reading the schema is most of the work: it is done once, whatever has been refused in between. */
static void schema_once(void **state)
{
	(void)state;
	each("good", check_good);
	each("bad", check_bad);
	each("good", check_good);
	assert_int_equal(schemas_read, 1);
}

/* What libvirt's own tools write is accepted, with a word about what has no effect. */
static void foreign(void **state)
{
	struct domain_config *config;
	struct error error;
	char *text = load("good", "libvirt.xml");

	(void)state;
	assert_int_equal(read_text(text, "libvirt.xml", &config, &error), 0);
	assert_true(config->warning_count >= 3);
	assert_non_null(strstr(config->warnings[0], "has no effect"));
	config_free(config);
	free(text);
}

#define ELSEWHERE "<domain type='tenon'><name>e</name><title>Caf\xe9</title><memory unit='MiB'>64</memory>" \
	"<os><type>linux</type><kernel>/boot/vmlinuz</kernel></os></domain>"

/* Whatever encoding it comes in, what is kept of it is UTF-8: text like any other, which says the same. */
static void expect_utf8(const char *xml, size_t size)
{
	const struct xml_source source = { .xml = xml, .size = size, .file = "encoded", .salt = "unit" };
	struct domain_config *config, *again;
	struct error error = { 0 };

	if (domain_xml_read(&source, &config, &error))
		fail_msg("%s: %s", error.object, error.cause);
	assert_string_equal(config->title, "Caf\xc3\xa9");
	assert_true(xmlCheckUTF8((const unsigned char *)config->xml));
	assert_non_null(strstr(config->xml, "</domain>"));
	assert_int_equal(read_text(config->xml, "again", &again, &error), 0);
	assert_string_equal(again->title, config->title);
	assert_string_equal(again->xml, config->xml);
	config_free(again);
	config_free(config);
}

static void encodings(void **state)
{
	static const char latin[] = "<?xml version='1.0' encoding='ISO-8859-1'?>" ELSEWHERE,
			  wide[] = "<?xml version='1.0' encoding='UTF-16'?>" ELSEWHERE;
	char utf16[2 * sizeof(wide)] = "\xff\xfe";
	struct domain_config *config;
	struct error error;

	(void)state;
	expect_utf8(latin, strlen(latin));
	/* The first 256 characters are those of ISO-8859-1. */
	for (size_t i = 0; wide[i]; i++)
		utf16[2 * i + 2] = wide[i];
	expect_utf8(utf16, sizeof(utf16));

	assert_int_equal(read_text(latin, "latin", &config, &error), 0);
	free(config->xml);
	config->xml = strdup(latin);
	config->vcpus = config->max_vcpus = 2;
	assert_int_equal(domain_xml_update(config, &error), 0);
	assert_true(xmlCheckUTF8((const unsigned char *)config->xml));
	assert_non_null(strstr(config->xml, "Caf\xc3\xa9"));
	config_free(config);
}

static void hostile(void **state)
{
	static const char bomb[] =
		"<!DOCTYPE domain [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>"
		"<domain type='tenon'><name>&b;</name></domain>";
	static const char external[] =
		"<!DOCTYPE domain SYSTEM \"file:///etc/passwd\"><domain type='tenon'/>";
	struct domain_config *config;
	struct error error;
	char *large = malloc((1 << 20) + 2);
	const size_t size = (1 << 20) + 1;

	(void)state;
	assert_int_not_equal(read_text(bomb, "bomb", &config, &error), 0);
	assert_non_null(strstr(error.cause, "DOCTYPE"));
	assert_int_not_equal(read_text(external, "external", &config, &error), 0);
	assert_int_not_equal(read_text("", "empty", &config, &error), 0);
	memset(large, ' ', size);
	large[size] = '\0';
	assert_int_not_equal(read_text(large, "large", &config, &error), 0);
	assert_non_null(strstr(error.cause, "bytes long"));
	free(large);
}

/* Every prefix of a good file, and the file with one byte changed: an answer, never a crash. */
static void mutilated(void **state)
{
	char *text = load("good", "full.xml");
	size_t size = strlen(text);

	(void)state;
	for (size_t i = 0; i < size; i += 7) {
		struct domain_config *config;
		struct error error;
		char kept = text[i];

		text[i] = '\0';
		assert_int_not_equal(read_text(text, "cut", &config, &error), 0);
		text[i] = '<';
		if (!read_text(text, "changed", &config, &error))
			config_free(config);
		text[i] = kept;
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(full),
		cmocka_unit_test(schema_once),
		cmocka_unit_test(foreign),
		cmocka_unit_test(encodings),
		cmocka_unit_test(hostile),
		cmocka_unit_test(mutilated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
