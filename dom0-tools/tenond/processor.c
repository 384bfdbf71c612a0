// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Features by the names that Linux gives them.  Those that only say how the
 * kernel itself works, or which flaws it works around, differ between kernels and do not count.
 */
#include "processor.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
	"cmov", "cx8", "fxsr", "mmx", "sse", "sse2", "pni", "ssse3", "sse4_1", "sse4_2", "sse4a", "cx16", "popcnt",
	"pclmulqdq", "aes", "movbe", "rdrand", "rdseed", "lahf_lm", "abm", "3dnowprefetch", "syscall", "nx",
	"pdpe1gb", "rdtscp", "clflush", "clflushopt", "clwb", "clzero", "xsave", "xsaveopt", "xsavec", "xgetbv1",
	"avx", "f16c", "fma", "fma4", "xop", "tbm", "avx2", "bmi1", "bmi2", "erms", "fsrm", "fsgsbase", "adx",
	"sha_ni", "rdpid", "gfni", "vaes", "vpclmulqdq", "serialize", "movdiri", "movdir64b", "avx_vnni",
	"avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl", "avx512ifma", "avx512vbmi",
	"avx512_vbmi2", "avx512_vnni", "avx512_bitalg", "avx512_vpopcntdq", "avx512_bf16", "avx512_fp16",
};

static void take_features(char *text, json_t *features)
{
	char *rest;

	for (char *word = strtok_r(text, " \t\n", &rest); word; word = strtok_r(NULL, " \t\n", &rest))
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (!strcmp(word, names[i]))
				json_array_append_new(features, json_string(word));
}

json_t *processor_describe(const char *cpuinfo)
{
	FILE *file = fopen(cpuinfo, "re");
	json_t *features = json_array();
	char *line = NULL, vendor[64] = "";
	size_t room = 0;

	/* Up to the first processor's flags: the others are the same. */
	while (file && !json_array_size(features) && getline(&line, &room, file) > 0) {
		char *value = strchr(line, ':');

		if (value && !strncmp(line, "vendor_id", 9))
			sscanf(value + 1, " %63s", vendor);
		else if (value && !strncmp(line, "flags", 5))
			take_features(value + 1, features);
	}
	free(line);
	if (file)
		fclose(file);
	if (!*vendor || !json_array_size(features)) {
		json_decref(features);
		return NULL;
	}
	return json_pack("{s:s, s:o}", "vendor", vendor, "features", features);
}

static bool has(json_t *features, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach(features, i, one)
		if (!strcmp(json_string_value(one), name))
			return true;
	return false;
}

int processor_compare(json_t *ours, json_t *theirs, struct error *error)
{
	const char *vendor, *their_vendor;
	json_t *features, *their_features, *one;
	char missing[512] = "";
	size_t i;

	if (json_unpack(ours, "{s:s, s:o}", "vendor", &vendor, "features", &features) ||
	    json_unpack(theirs, "{s:s, s:o}", "vendor", &their_vendor, "features", &their_features))
		return error_set(error, ERROR_INTERNAL, "processor", "run tenon doctor on both hosts",
				 "what it can do is not known");
	if (strcmp(vendor, their_vendor))
		return error_set(error, ERROR_RESOURCES, "processor", "choose a host of the same vendor",
				 "is a %s; the guest runs on a %s", vendor, their_vendor);
	json_array_foreach(their_features, i, one) {
		const char *name = json_string_value(one);
		size_t length = strlen(missing);

		if (name && !has(features, name))
			snprintf(missing + length, sizeof(missing) - length, " %s", name);
	}
	return *missing ? error_set(error, ERROR_RESOURCES, "processor",
				    "the guest's programs may rely on that; choose another host",
				    "lacks what the guest has had:%s", missing) : 0;
}
