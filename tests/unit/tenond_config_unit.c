// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The small languages of descriptions: names, targets, sizes, processor sets,
 * MAC addresses.
 */
#include "dom0-tools/tenond/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void names(void **state)
{
	char longest[65];

	(void)state;
	assert_true(config_name_valid("web"));
	assert_true(config_name_valid("a.b_c-d+e:f@g"));
	assert_true(config_name_valid("7up"));
	assert_false(config_name_valid(""));
	assert_false(config_name_valid("12"));
	assert_false(config_name_valid(".hidden"));
	assert_false(config_name_valid("-option"));
	assert_false(config_name_valid("a/b"));
	assert_false(config_name_valid("a b"));
	assert_false(config_name_valid("\xc3\xa4"));
	memset(longest, 'a', 64);
	longest[64] = '\0';
	assert_false(config_name_valid(longest));
	longest[63] = '\0';
	assert_true(config_name_valid(longest));
}

static void disk_ids(void **state)
{
	uint32_t id;

	(void)state;
	assert_int_equal(config_disk_id("xvda", &id), 0);
	assert_int_equal(id, 51712);
	assert_int_equal(config_disk_id("xvdb3", &id), 0);
	assert_int_equal(id, 51731);
	assert_int_equal(config_disk_id("xvdp15", &id), 0);
	assert_int_equal(id, 51967);
	assert_int_equal(config_disk_id("xvdq", &id), 0);
	assert_int_equal(id, 1u << 28 | 16 << 8);
	assert_int_equal(config_disk_id("xvdaa", &id), 0);
	assert_int_equal(id, 1u << 28 | 26 << 8);
	assert_int_equal(config_disk_id("xvd", &id), -EINVAL);
	assert_int_equal(config_disk_id("xvda16", &id), -EINVAL);
	assert_int_equal(config_disk_id("xvda01", &id), -EINVAL);
	assert_int_equal(config_disk_id("xvda1x", &id), -EINVAL);
	assert_int_equal(config_disk_id("xvdzzzzzzzz", &id), -EINVAL);
	assert_int_equal(config_disk_id("vda", &id), -EINVAL);
}

static void bytes(void **state)
{
	uint64_t amount;

	(void)state;
	assert_int_equal(config_bytes("64", "MiB", &amount), 0);
	assert_int_equal(amount, 64ull << 20);
	assert_int_equal(config_bytes("64", NULL, &amount), 0);
	assert_int_equal(amount, 64ull << 10);
	assert_int_equal(config_bytes("2", "GB", &amount), 0);
	assert_int_equal(amount, 2000000000ull);
	assert_int_equal(config_bytes("-1", "MiB", &amount), -EINVAL);
	assert_int_equal(config_bytes(" 1", "MiB", &amount), -EINVAL);
	assert_int_equal(config_bytes("1x", "MiB", &amount), -EINVAL);
	assert_int_equal(config_bytes("1", "mib", &amount), -EINVAL);
	assert_int_equal(config_bytes("18446744073709551616", "b", &amount), -ERANGE);
	assert_int_equal(config_bytes("18446744073709551615", "KiB", &amount), -ERANGE);
}

static void cpusets(void **state)
{
	uint64_t mask;

	(void)state;
	assert_int_equal(config_cpuset("0-3,^2,7", &mask), 0);
	assert_int_equal(mask, 0x8b);
	assert_int_equal(config_cpuset("63", &mask), 0);
	assert_int_equal(mask, 1ull << 63);
	assert_int_equal(config_cpuset("0-63", &mask), 0);
	assert_int_equal(mask, ~0ull);
	assert_int_equal(config_cpuset("64", &mask), -ERANGE);
	assert_int_equal(config_cpuset("3-1", &mask), -EINVAL);
	assert_int_equal(config_cpuset("1,^1", &mask), -EINVAL);
	assert_int_equal(config_cpuset("", &mask), -EINVAL);
	assert_int_equal(config_cpuset("1,", &mask), -EINVAL);
	assert_int_equal(config_cpuset("a", &mask), -EINVAL);
	assert_int_equal(config_cpuset("^1-2", &mask), -EINVAL);
}

static void cpuset_texts(void **state)
{
	char text[CPUSET_TEXT];

	(void)state;
	config_cpuset_format(0x8b, 64, text);
	assert_string_equal(text, "0-1,3,7");
	config_cpuset_format(~0ull, 64, text);
	assert_string_equal(text, "0-63");
	config_cpuset_format(~0ull, 4, text);
	assert_string_equal(text, "0-3");
	config_cpuset_format(0x5555555555555555ull, 64, text);
	assert_true(strlen(text) > 80);
	config_cpuset_format(8, 2, text);
	assert_string_equal(text, "");
}

static void macs(void **state)
{
	uint8_t mac[MAC_LEN], again[MAC_LEN];
	char text[MAC_TEXT];

	(void)state;
	assert_int_equal(config_mac_parse("00:16:3E:aa:bb:0c", mac), 0);
	config_mac_format(mac, text);
	assert_string_equal(text, "00:16:3e:aa:bb:0c");
	assert_int_equal(config_mac_parse("01:16:3e:aa:bb:0c", mac), -EINVAL);
	assert_int_equal(config_mac_parse("00:00:00:00:00:00", mac), -EINVAL);
	assert_int_equal(config_mac_parse("00:16:3e:aa:bb:c", mac), -EINVAL);
	assert_int_equal(config_mac_parse("00:16:3e:aa:bb:0cx", mac), -EINVAL);
	assert_int_equal(config_mac_parse("00:16:3e:aa:bb-0c", mac), -EINVAL);
	config_mac_derive("host", "web", 0, mac);
	config_mac_derive("host", "web", 0, again);
	assert_memory_equal(mac, again, MAC_LEN);
	config_mac_derive("host", "web", 1, again);
	assert_memory_not_equal(mac, again, MAC_LEN);
	config_mac_derive("other", "web", 0, again);
	assert_memory_not_equal(mac, again, MAC_LEN);
	config_mac_format(mac, text);
	assert_int_equal(config_mac_parse(text, again), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(disk_ids),
		cmocka_unit_test(bytes),
		cmocka_unit_test(cpusets),
		cmocka_unit_test(cpuset_texts),
		cmocka_unit_test(macs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
