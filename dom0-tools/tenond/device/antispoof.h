/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What frames a guest may send: nftables rules in a table of Tenon's own, one
 * chain for each guest's interface, looked up by the interface's name.
 */
#ifndef TENOND_DEVICE_ANTISPOOF_H
#define TENOND_DEVICE_ANTISPOOF_H

#include "../config.h"

#include <stddef.h>

/*
 * The commands that set up an interface's rules, as text for nft: applied in
 * one transaction, and again with the same effect.  -E2BIG: too long for text.
 */
int antispoof_rules(const char *device, const struct nic_config *nic, char *text, size_t size);

/* Apply or remove an interface's rules; complaint tells what nftables said. 0 or a negative errno. */
int antispoof_apply(const char *device, const struct nic_config *nic, char *complaint, size_t size);
int antispoof_remove(const char *device, char *complaint, size_t size);

/* Whether rules can be set here at all. */
int antispoof_probe(char *complaint, size_t size);

/* Remove rules of interfaces that keep() does not claim: those of domains long gone. */
int antispoof_sweep(bool (*keep)(const char *device, void *data), void *data);

#endif
