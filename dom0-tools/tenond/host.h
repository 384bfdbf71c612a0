/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where tenond works: the hypervisor and the places of its files.  Filled in
 * once at start, afterwards read by all threads.
 */
#ifndef TENOND_HOST_H
#define TENOND_HOST_H

struct hc_handle;

struct host {
	struct hc_handle *hv;
	const char *run_dir;		/* "/run/tenon" */
	const char *store_socket;
	const char *console_socket;
	const char *console_log_dir;	/* NAME.log of each domain */
	const char *state_dir;		/* what must outlive the machine's next start */
	const char *definitions_dir;	/* NAME.xml of each defined domain */
	const char *tls_dir;		/* key, certificate, and those of other hosts */
	char identity[64];		/* of this machine, salt of derived addresses */
};

#define HOST_RUN_DIR		"/run/tenon"
#define HOST_API_SOCKET		"/run/tenon/api.sock"
#define HOST_STORE_SOCKET	"/run/tenon/store.sock"
#define HOST_CONSOLE_SOCKET	"/run/tenon/console.sock"
#define HOST_CONSOLE_LOG_DIR	"/var/log/tenon/console"
#define HOST_STATE_DIR		"/var/lib/tenon"
#define HOST_DEFINITIONS_DIR	"/etc/tenon/domains"
#define HOST_TLS_DIR		"/etc/tenon/tls"

#endif
