// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Anti-spoofing: the rules as text, and, where this machine lets us have a
 * network namespace of our own with nftables, applied, renewed and removed.
 */
#include "dom0-tools/tenond/device/antispoof.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct nic_config nic = {
	.bridge = "br0", .mac = { 0x00, 0x16, 0x3e, 0x01, 0x02, 0x03 }, .antispoof = ANTISPOOF_MAC,
};
static struct nic_config addressed = {
	.bridge = "br0", .mac = { 0x00, 0x16, 0x3e, 0x01, 0x02, 0x03 }, .antispoof = ANTISPOOF_IP,
	.addresses = { (char *)"10.9.0.2", (char *)"2001:db8::2" }, .address_count = 2,
};

static void mac_rules(void **state)
{
	char text[4096];

	(void)state;
	assert_int_equal(antispoof_rules("vif3.0", &nic, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "guest-vif3.0 ether saddr != 00:16:3e:01:02:03 drop\n"));
	assert_non_null(strstr(text, "arp saddr ether != 00:16:3e:01:02:03 drop\n"));
	assert_non_null(strstr(text, "guests { \"vif3.0\" : jump guest-vif3.0 }\n"));
	assert_null(strstr(text, "ip saddr"));
}

static void ip_rules(void **state)
{
	char text[4096];

	(void)state;
	assert_int_equal(antispoof_rules("vif3.0", &addressed, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "arp saddr ip != { 10.9.0.2, 0.0.0.0 } drop\n"));
	assert_non_null(strstr(text, "ip saddr != { 10.9.0.2, 255.255.255.255 } drop\n"));
	assert_non_null(strstr(text, "{ ::, 2001:db8::2, fe80::0216:3eff:fe01:0203 } drop\n"));
	assert_non_null(strstr(text, "ether type != { arp, ip, ip6 } drop\n"));
}

static void too_long(void **state)
{
	char text[200];

	(void)state;
	assert_int_not_equal(antispoof_rules("vif3.0", &nic, text, sizeof(text)), 0);
}

static bool keep(const char *device, void *data)
{
	(*(int *)data)++;
	return !strcmp(device, "vif3.0");
}

static void applied(void **state)
{
	char complaint[256] = "";
	int asked = 0;

	(void)state;
	if (unshare(CLONE_NEWNET) || antispoof_probe(complaint, sizeof(complaint))) {
		print_message("no network namespace with nftables here: %s\n", complaint);
		skip();
	}
	if (antispoof_apply("vif3.0", &addressed, complaint, sizeof(complaint)))
		fail_msg("%s", complaint);
	assert_int_equal(antispoof_apply("vif3.0", &nic, complaint, sizeof(complaint)), 0);
	assert_int_equal(antispoof_apply("web-0", &nic, complaint, sizeof(complaint)), 0);
	assert_int_equal(antispoof_sweep(keep, &asked), 0);
	assert_int_equal(asked, 2);
	asked = 0;
	assert_int_equal(antispoof_remove("vif3.0", complaint, sizeof(complaint)), 0);
	assert_int_equal(antispoof_sweep(keep, &asked), 0);
	assert_int_equal(asked, 0);
	if (antispoof_remove("vif3.0", complaint, sizeof(complaint)))
		fail_msg("%s", complaint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mac_rules),
		cmocka_unit_test(ip_rules),
		cmocka_unit_test(too_long),
		cmocka_unit_test(applied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
