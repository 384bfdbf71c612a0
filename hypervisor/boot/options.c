/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsing of the command line by a table of options. */
#include "boot/options.h"
#include "lib/string.h"

char option_command_line[256];
enum log_level option_log_level = LOG_INFO;
uint16_t option_com_port = 0x3f8;
uint32_t option_com_baud = 115200;
uint64_t option_dom0_memory;
uint32_t option_dom0_vcpus;
uint32_t option_max_cpus = NR_CPUS;
bool option_guest_console;
bool option_smap = true, option_smep = true;
bool option_reboot = true;
enum mitigations option_mitigations = MITIGATIONS_AUTO;

static bool parse_number(const char *s, uint64_t *out, const char **end)
{
	uint64_t v = 0;
	const char *p = s;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (v > (~0ULL - 9) / 10)
			return false;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	*out = v;
	*end = p;
	return p != s;
}

static bool set_uint32(const char *value, void *target)
{
	const char *end;
	uint64_t v;

	if (!parse_number(value, &v, &end) || v > UINT32_MAX || (*end && *end != ','))
		return false;
	*(uint32_t *)target = (uint32_t)v;
	return true;
}

static bool set_size(const char *value, void *target)
{
	const char *end;
	uint64_t v;
	unsigned int shift = 10;	/* a plain number counts KiB, as with Xen */

	if (!parse_number(value, &v, &end))
		return false;
	switch (*end) {
	case 'B': case 'b': shift = 0; end++; break;
	case 'K': case 'k': shift = 10; end++; break;
	case 'M': case 'm': shift = 20; end++; break;
	case 'G': case 'g': shift = 30; end++; break;
	default: break;
	}
	if ((*end && *end != ',') || v > ~0ULL >> shift)
		return false;
	*(uint64_t *)target = v << shift;
	return true;
}

static bool set_flag(const char *value, void *target)
{
	bool off = !strcmp(value, "no") || !strcmp(value, "0") || !strcmp(value, "off");

	if (!off && *value && strcmp(value, "yes") && strcmp(value, "1") && strcmp(value, "on"))
		return false;
	*(bool *)target = !off;
	return true;
}

static bool set_console(const char *value, void *target)
{
	static const struct {
		const char *name;
		uint16_t port;
	} ports[] = { { "com1", 0x3f8 }, { "com2", 0x2f8 }, { "none", 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		if (!strcmp(value, ports[i].name)) {
			*(uint16_t *)target = ports[i].port;
			return true;
		}
	return false;
}

static bool set_baud(const char *value, void *target)
{
	uint32_t v;

	if (!set_uint32(value, &v) || v < 50 || v > 115200)
		return false;
	*(uint32_t *)target = v;
	return true;
}

static bool set_log_level(const char *value, void *target)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(value, names[i])) {
			*(enum log_level *)target = (enum log_level)i;
			return true;
		}
	return false;
}

static bool set_mitigations(const char *value, void *target)
{
	bool on;

	if (!strcmp(value, "auto")) {
		*(enum mitigations *)target = MITIGATIONS_AUTO;
		return true;
	}
	if (!set_flag(value, &on))
		return false;
	*(enum mitigations *)target = on ? MITIGATIONS_ON : MITIGATIONS_OFF;
	return true;
}

static const struct option {
	const char *name;
	bool (*set)(const char *value, void *target);
	void *target;
} options[] = {
	{ "console", set_console, &option_com_port },
	{ "com1", set_baud, &option_com_baud },
	{ "com2", set_baud, &option_com_baud },
	{ "loglvl", set_log_level, &option_log_level },
	{ "dom0_mem", set_size, &option_dom0_memory },
	{ "dom0_max_vcpus", set_uint32, &option_dom0_vcpus },
	{ "maxcpus", set_uint32, &option_max_cpus },
	{ "guest_console", set_flag, &option_guest_console },
	{ "smap", set_flag, &option_smap },
	{ "smep", set_flag, &option_smep },
	{ "mitigations", set_mitigations, &option_mitigations },
	{ "reboot", set_flag, &option_reboot },
};

static void apply(char *word)
{
	char *value = strchr(word, '=');
	const char *text = "yes";
	char *name = word;

	if (value) {
		*value = 0;
		text = value + 1;
	} else if (!strncmp(word, "no-", 3)) {
		name = word + 3;
		text = "no";
	}
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (!strcmp(options[i].name, name)) {
			if (!options[i].set(text, options[i].target))
				log_warn("command line: value '%s' of option '%s' not understood", text,
					 name);
			return;
		}
	log_warn("command line: unknown option '%s'", name);
}

void options_parse(const char *line)
{
	char word[128];

	format_string(option_command_line, sizeof(option_command_line), "%s", line);
	/* Some loaders put the image's own path first: it has a slash before any '='. */
	while (*line) {
		size_t n = 0;
		bool path = false;

		while (*line == ' ')
			line++;
		while (*line && *line != ' ') {
			if (n < sizeof(word) - 1)
				word[n++] = *line;
			if (*line == '/')
				path = true;
			line++;
		}
		word[n] = 0;
		if (n && !path)
			apply(word);
	}
}
