// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Anti-spoofing by libnftables.  Frames are judged where they enter the
 * bridge:
 *
 *   table bridge tenon
 *     chain ports (prerouting)   iifname vmap @guests
 *     map guests                 "vif3.0" : jump guest-vif3.0
 *     chain guest-vif3.0         drops all that is not of this guest
 *
 * Matching is by name, so the rules can be there before the interface is.
 */
#include "antispoof.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <nftables/libnftables.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 8192

static const char preamble[] =
	"add table bridge tenon\n"
	"add chain bridge tenon ports { type filter hook prerouting priority -200; policy accept; }\n"
	"add map bridge tenon guests { type ifname : verdict; }\n"
	"flush chain bridge tenon ports\n"
	"add rule bridge tenon ports iifname vmap @guests\n";

struct text {
	char *at;
	size_t room;	/* 0 once something did not fit */
};

static void append(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void append(struct text *text, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text->at, text->room, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= text->room) {
		text->room = 0;
		return;
	}
	text->at += length;
	text->room -= (size_t)length;
}

static bool is_ipv6(const char *address)
{
	return strchr(address, ':') != NULL;
}

/* The addresses of one family, each followed by a comma. */
static void append_addresses(struct text *text, const struct nic_config *nic, bool ipv6)
{
	for (unsigned int i = 0; i < nic->address_count; i++)
		if (is_ipv6(nic->addresses[i]) == ipv6)
			append(text, "%s, ", nic->addresses[i]);
}

/* The link-local address that follows from a MAC address, without which IPv6 finds no neighbours. */
static void append_link_local(struct text *text, const uint8_t *mac)
{
	append(text, "fe80::%02x%02x:%02xff:fe%02x:%02x%02x", mac[0] ^ 2, mac[1], mac[2], mac[3],
	       mac[4], mac[5]);
}

static void append_ip_rules(struct text *text, const char *chain, const struct nic_config *nic)
{
	/* The unspecified addresses: asking whether an address is free, and for one by DHCP. */
	append(text, "add rule bridge tenon %s ether type arp arp saddr ip != { ", chain);
	append_addresses(text, nic, false);
	append(text, "0.0.0.0 } drop\n");
	append(text, "add rule bridge tenon %s ether type ip ip saddr 0.0.0.0 "
	       "udp sport 68 udp dport 67 accept\n", chain);
	append(text, "add rule bridge tenon %s ether type ip ip saddr != { ", chain);
	append_addresses(text, nic, false);
	append(text, "255.255.255.255 } drop\n");
	append(text, "add rule bridge tenon %s ether type ip6 ip6 saddr != { ::, ", chain);
	append_addresses(text, nic, true);
	append_link_local(text, nic->mac);
	append(text, " } drop\n");
	append(text, "add rule bridge tenon %s ether type != { arp, ip, ip6 } drop\n", chain);
}

int antispoof_rules(const char *device, const struct nic_config *nic, char *buffer, size_t size)
{
	struct text text = { buffer, size };
	char mac[MAC_TEXT], chain[8 + IFNAMSIZ];

	config_mac_format(nic->mac, mac);
	snprintf(chain, sizeof(chain), "guest-%.15s", device);
	append(&text, "%s", preamble);
	append(&text, "add chain bridge tenon %s\nflush chain bridge tenon %s\n", chain, chain);
	append(&text, "add rule bridge tenon %s ether saddr != %s drop\n", chain, mac);
	/* A tag would hide what is inside from the rules that follow. */
	append(&text, "add rule bridge tenon %s ether type { 8021q, 8021ad } drop\n", chain);
	append(&text, "add rule bridge tenon %s ether type arp arp saddr ether != %s drop\n", chain, mac);
	if (nic->antispoof == ANTISPOOF_IP)
		append_ip_rules(&text, chain, nic);
	append(&text, "add element bridge tenon guests { \"%s\" : jump %s }\n", device, chain);
	return text.room ? 0 : -E2BIG;
}

/* Run commands; what was printed goes to output, what was complained about to complaint. */
static int run(const char *commands, bool json, char **output, char *complaint, size_t size)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct nft_ctx *context = nft_ctx_new(NFT_CTX_DEFAULT);
	int rc = 0;

	if (!context)
		return -ENOMEM;
	if (json)
		nft_ctx_output_set_flags(context, NFT_CTX_OUTPUT_JSON);
	nft_ctx_buffer_output(context);
	nft_ctx_buffer_error(context);
	/* Two transactions at once may refuse each other; ours take their turns. */
	pthread_mutex_lock(&lock);
	if (nft_run_cmd_from_buffer(context, commands))
		rc = -EIO;
	pthread_mutex_unlock(&lock);
	if (rc && size) {
		snprintf(complaint, size, "%s", nft_ctx_get_error_buffer(context));
		complaint[strcspn(complaint, "\n")] = '\0';
	}
	if (!rc && output)
		*output = strdup(nft_ctx_get_output_buffer(context));
	nft_ctx_free(context);
	return rc;
}

int antispoof_apply(const char *device, const struct nic_config *nic, char *complaint, size_t size)
{
	char text[TEXT_MAX];
	int rc = antispoof_rules(device, nic, text, sizeof(text));

	return rc ? rc : run(text, false, NULL, complaint, size);
}

int antispoof_remove(const char *device, char *complaint, size_t size)
{
	char text[1024];

	/* Adding first makes the removal succeed whatever is there. */
	snprintf(text, sizeof(text),
		 "%sadd chain bridge tenon guest-%.15s\n"
		 "add element bridge tenon guests { \"%.15s\" : jump guest-%.15s }\n"
		 "delete element bridge tenon guests { \"%.15s\" }\n"
		 "flush chain bridge tenon guest-%.15s\n"
		 "delete chain bridge tenon guest-%.15s\n",
		 preamble, device, device, device, device, device, device);
	return run(text, false, NULL, complaint, size);
}

int antispoof_probe(char *complaint, size_t size)
{
	return run(preamble, false, NULL, complaint, size);
}

int antispoof_sweep(bool (*keep)(const char *device, void *data), void *data)
{
	json_t *listing, *entry, *chain;
	char *output = NULL;
	const char *name;
	size_t index;

	/* No such table is no error: then there is nothing to sweep. */
	if (run("list table bridge tenon", true, &output, NULL, 0) || !output)
		return 0;
	listing = json_loads(output, 0, NULL);
	free(output);
	if (!listing)
		return -EBADMSG;
	json_array_foreach(json_object_get(listing, "nftables"), index, entry) {
		chain = json_object_get(entry, "chain");
		name = chain ? json_string_value(json_object_get(chain, "name")) : NULL;
		if (name && !strncmp(name, "guest-", 6) && !keep(name + 6, data))
			antispoof_remove(name + 6, NULL, 0);
	}
	json_decref(listing);
	return 0;
}
