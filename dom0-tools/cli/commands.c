// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of commands.
 */
#include "cli.h"

#include <string.h>

static const struct option_spec none[] = { { 0 } };

static const struct option_spec create_options[] = {
	{ "paused", 'p', NULL, "leave it paused" },
	{ "wait", 'w', NULL, "return when its guest is up" },
	{ "timeout", 't', "SECONDS", "how long --wait waits (300)" },
	{ "console", 'c', NULL, "attach to its console" },
	{ 0 }
};

static const struct option_spec list_options[] = {
	{ "all", 'a', NULL, "also defined domains that are off" },
	{ 0 }
};

static const struct option_spec start_options[] = {
	{ "paused", 'p', NULL, "leave it paused" },
	{ "wait", 'w', NULL, "return when its guest is up" },
	{ "timeout", 't', "SECONDS", "how long --wait waits (300)" },
	{ 0 }
};

static const struct option_spec autostart_options[] = {
	{ "disable", 'd', NULL, "not any more" },
	{ 0 }
};

static const struct option_spec dumpxml_options[] = {
	{ "next", 'n', NULL, "the one that holds from its next start on, also while it runs" },
	{ 0 }
};

static const struct option_spec stop_options[] = {
	{ "timeout", 't', "SECONDS", "how long the guests may take (120)" },
	{ 0 }
};

static const struct option_spec save_options[] = {
	{ "keep-running", 'k', NULL, "let the guest go on afterwards, instead of ending the domain" },
	{ 0 }
};

static const struct option_spec checkpoint_options[] = {
	{ "interval", 'i', "SECONDS", "time from one checkpoint to the next, 1 to 86400" },
	{ "to", 'o', "HOST[:PORT]", "to a file of that host instead of FILE" },
	{ "plain", 'P', NULL, "with --to: without encryption, over a network that you trust" },
	{ "count", 'n', "NUMBER", "how many (until they are cancelled)" },
	{ "snapshot", 's', "PROGRAM", "copies its disks while it stands still: see tenon(1)" },
	{ "snapshot-timeout", 't', "SECONDS", "kill that program after so long, 1 to 86400 (60)" },
	{ "memory-only", 'm', NULL, "though it writes to disks, of which there will be no copy" },
	{ "replace", 'r', NULL, "the file that is there, once the first checkpoint is complete" },
	{ "no-wait", 'w', NULL, "return at once; they are taken all the same" },
	{ "quiet", 'q', NULL, "do not show each" },
	{ "cancel", 'x', NULL, "take no more; the guest and the file stay" },
	{ 0 }
};

static const struct option_spec restore_options[] = {
	{ "show", 's', NULL, "only say what is in the file" },
	{ "paused", 'p', NULL, "leave it paused" },
	{ 0 }
};

static const struct option_spec migrate_options[] = {
	{ "plain", 'P', NULL, "without encryption, over a network that you trust" },
	{ "check", 'c', NULL, "only say what is in the way" },
	{ "max-downtime", 'd', "MS", "how long the guest may stand still, if it lets us (300)" },
	{ "bandwidth", 'b', "MIB", "send no more MiB a second while it runs" },
	{ "compress", 'C', "none|zstd", "how what is sent is packed (zstd)" },
	{ "copy-storage", 'S', NULL, "its disks go with it: files that it writes to are copied while it runs" },
	{ "auto-converge", 'a', NULL, "slow the guest down while it changes its memory faster than it is sent" },
	{ "quiet", 'q', NULL, "do not show how far it is" },
	{ "cancel", 'x', NULL, "call off the migration that is under way; the guest goes on here" },
	{ "reclaim", 'r', NULL, "let a guest go on here that was handed over to a host which is gone for good" },
	{ "force", 'f', NULL, "with --reclaim: though its disks may have been changed there" },
	{ 0 }
};

static const struct option_spec request_options[] = {
	{ "timeout", 't', "SECONDS", "how long the guest may take (120)" },
	{ "no-wait", 'n', NULL, "ask the guest and return at once" },
	{ 0 }
};

static const struct option_spec resize_options[] = {
	{ "timeout", 't', "SECONDS", "how long the guest may take (120)" },
	{ "no-wait", 'n', NULL, "ask the guest and return at once" },
	{ "quiet", 'q', NULL, "do not show how far it is" },
	{ 0 }
};

static const struct option_spec sched_options[] = {
	{ "weight", 'w', "WEIGHT", "its share where others want the processors too, 1 to 65535 (256 usually)" },
	{ "cap", 'c', "PERCENT", "at most so much of a processor, up to 100 a vcpu; 0: no limit" },
	{ 0 }
};

static const struct option_spec console_options[] = {
	{ "log", 'l', NULL, "print what was said so far instead, also of a guest that is gone" },
	{ "follow", 'f', NULL, "with --log: go on printing" },
	{ "read-only", 'r', NULL, "look, but send nothing" },
	{ 0 }
};

static const struct option_spec dmesg_options[] = {
	{ "clear", 'c', NULL, "forget the messages once printed" },
	{ "follow", 'f', NULL, "go on printing" },
	{ 0 }
};

static const struct option_spec top_options[] = {
	{ "interval", 'i', "SECONDS", "time between tables, 1 to 3600 (2)" },
	{ "count", 'n', "NUMBER", "how many tables (without end on a terminal, else 1)" },
	{ 0 }
};

static const struct option_spec trace_options[] = {
	{ "seconds", 's', "SECONDS", "how long to count, 1 to 3600 (1)" },
	{ 0 }
};

static const struct option_spec symcall_options[] = {
	{ "thaw-after", 's', "SECONDS", "quiesce: thaw without being asked then, at most 3600 (never)" },
	{ "timeout", 't', "SECONDS", "how long the guest may take (30)" },
	{ 0 }
};

static const struct option_spec wait_options[] = {
	{ "for", 'f', "STATE", "up (default), running, paused, shutdown, gone or restarted" },
	{ "timeout", 't', "SECONDS", "how long to wait (300)" },
	{ 0 }
};

const struct command commands[] = {
	{ "create", "FILE", 1, 1, create_options, true, false,
	  "create a domain from its XML description (- for standard input)", command_create },
	{ "define", "FILE", 1, 1, none, true, false,
	  "keep a domain's XML description (- for standard input), to be started by name", command_define },
	{ "undefine", "NAME...", 1, -1, none, true, true, "forget a domain's description; if it runs it stays until it ends",
	  command_undefine },
	{ "start", "NAME...", 1, -1, start_options, true, true, "start a defined domain", command_start },
	{ "autostart", "NAME...", 1, -1, autostart_options, true, true, "start a defined domain when the host boots",
	  command_autostart },
	{ "dumpxml", "NAME", 1, 1, dumpxml_options, false, true,
	  "print a domain's description: the one it runs by, or is defined by", command_dumpxml },
	{ "list", "[NAME...]", 0, -1, list_options, true, true, "list domains", command_list },
	{ "info", "[NAME]", 0, 1, none, true, true, "show all about a domain, or about the host",
	  command_info },
	{ "pause", "NAME...", 1, -1, none, true, true, "stop a domain's processors", command_pause },
	{ "unpause", "NAME...", 1, -1, none, true, true, "let a paused domain go on",
	  command_unpause },
	{ "shutdown", "NAME...", 1, -1, request_options, true, true, "ask a guest to power off",
	  command_shutdown },
	{ "reboot", "NAME...", 1, -1, request_options, true, true, "ask a guest to reboot",
	  command_reboot },
	{ "destroy", "NAME...", 1, -1, none, true, true, "end a domain at once", command_destroy },
	{ "mem-set", "NAME SIZE", 2, 2, resize_options, true, true,
	  "have a guest give memory back, or take some: 512MiB, 2GiB", command_mem_set },
	{ "vcpu-set", "NAME COUNT", 2, 2, resize_options, true, true,
	  "have a guest use so many of its processors", command_vcpu_set },
	{ "vcpu-pin", "NAME VCPU CPUS", 3, 3, none, true, true,
	  "say where a vcpu (or all) may run: processors like 0-3,5, or all", command_vcpu_pin },
	{ "sched", "NAME", 1, 1, sched_options, true, true,
	  "show or change a domain's share of the processors", command_sched },
	{ "save", "NAME FILE", 2, 2, save_options, true, true,
	  "write a guest's state to a file and end the domain", command_save },
	{ "checkpoint", "NAME [FILE]", 1, 2, checkpoint_options, true, true,
	  "write a running guest's state to a file now and then", command_checkpoint },
	{ "migrate", "NAME HOST", 1, 2, migrate_options, true, true,
	  "move a running guest to another host (HOST or HOST:PORT)", command_migrate },
	{ "host add", "HOST FILE", 2, 2, none, true, false,
	  "exchange guests with a host from now on: its name, and what tenon host cert printed there",
	  command_host_add },
	{ "host cert", "", 0, 0, none, true, false, "print this host's certificate", command_host_cert },
	{ "host list", "", 0, 0, none, true, false, "list the hosts to exchange guests with",
	  command_host_list },
	{ "host remove", "HOST...", 1, -1, none, true, false, "exchange no more guests with a host",
	  command_host_remove },
	{ "host stop-guests", "", 0, 0, stop_options, false, false,
	  "have all guests power off at once, and destroy those that have not in time", command_host_stop_guests },
	{ "restore", "FILE", 1, 1, restore_options, true, false,
	  "let a saved guest go on where it stopped, or at its last checkpoint", command_restore },
	{ "console", "NAME", 1, 1, console_options, false, true,
	  "attach to a domain's console; ^] detaches", command_console },
	{ "dmesg", "", 0, 0, dmesg_options, true, false, "print the hypervisor's messages",
	  command_dmesg },
	{ "top", "[NAME...]", 0, -1, top_options, true, true,
	  "show what domains use, and what those do that publish it", command_top },
	{ "trace", "NAME", 1, 1, trace_options, true, true,
	  "count what a domain enters the hypervisor for", command_trace },
	{ "symcall", "NAME FUNCTION [PID ADDRESS]", 2, 4, symcall_options, true, true,
	  "call a function of a guest's kernel: ping, task-list, query-vaddr PID ADDRESS, drop-caches, quiesce, thaw",
	  command_symcall },
	{ "wait", "NAME", 1, 1, wait_options, true, true, "wait until a domain is in a state",
	  command_wait },
	{ "metrics", "", 0, 0, none, false, false, "print what host and domains use, in Prometheus' format",
	  command_metrics },
	{ "version", "", 0, 0, none, true, false, "print versions", command_version },
	{ "doctor", "", 0, 0, none, true, false, "examine the host and say what is wrong",
	  command_doctor },
	{ 0 }
};

int command_words(const struct command *command)
{
	return strchr(command->name, ' ') ? 2 : 1;
}

bool command_begins(const struct command *command, const char *first)
{
	size_t length = strlen(first);

	return !strncmp(command->name, first, length) && (!command->name[length] || command->name[length] == ' ');
}

const struct command *command_find(const char *first, const char *second)
{
	for (const struct command *command = commands; command->name; command++) {
		const char *space = strchr(command->name, ' ');

		if (command_begins(command, first) && (!space || (second && !strcmp(space + 1, second))))
			return command;
	}
	return NULL;
}
