// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the doctor looks at.
 */
#include "doctor_checks.h"
#include "definition.h"
#include "device/antispoof.h"
#include "device/net.h"
#include "device/spawn.h"

#include "../lib/store_client.h"
#include "../lib/unix_socket.h"

#include <errno.h>
#include <hypercall/hypercall.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define MIB			(1ull << 20)
#define GUEST_MEMORY_LOW	(64 * MIB)
#define DOM0_MEMORY_LOW		(48 * MIB)
#define ANSWER_SECONDS		2
#define LOG_SPACE_LOW		(64 * MIB)

/* The hypervisor's account of the host, by the daemon's handle or one of our own. */
static int host_info(const struct host *host, struct hc_system_info *info)
{
	struct hc_handle *own = NULL;
	int rc = host->hv ? 0 : hc_open(&own);

	if (!rc)
		rc = hc_system_info(host->hv ? host->hv : own, info);
	if (own)
		hc_close(own);
	return rc;
}

void check_hypervisor(const struct host *host, struct finding *finding)
{
	struct hc_system_info info;
	int rc = host_info(host, &info);

	if (!rc)
		finding_set(finding, VERDICT_OK, NULL, "Tenon %.31s, %u processors", info.version,
			    info.cpus);
	else if (rc == -ENOENT)
		finding_set(finding, VERDICT_FAIL, "boot the host by the Tenon entry of its boot menu; "
			    "if it was, modprobe xen-privcmd",
			    "this kernel does not run on a hypervisor, or lacks /dev/xen/privcmd");
	else if (rc == -EACCES || rc == -ENOSYS)
		finding_set(finding, VERDICT_FAIL, "boot Tenon, or install tools of its version",
			    "the hypervisor is not Tenon, or of another version: %s", strerror(-rc));
	else
		finding_set(finding, VERDICT_FAIL, "are you root, and is this dom0?",
			    "the hypervisor does not answer: %s", strerror(-rc));
}

void check_devices(const struct host *host, struct finding *finding)
{
	static const char *const nodes[] = { "privcmd", "evtchn", "gntdev", "gntalloc" };
	char path[64];

	(void)host;
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		snprintf(path, sizeof(path), "/dev/xen/%s", nodes[i]);
		if (!access(path, R_OK | W_OK))
			continue;
		finding_set(finding, VERDICT_FAIL,
			    "modprobe -a xen-privcmd xen-evtchn xen-gntdev xen-gntalloc",
			    "%s: %s", path, strerror(errno));
		return;
	}
	finding_set(finding, VERDICT_OK, NULL, "all of /dev/xen is there");
}

void check_memory_free(const struct host *host, struct finding *finding)
{
	struct hc_system_info info;
	uint64_t free_bytes;

	if (host_info(host, &info)) {
		finding_set(finding, VERDICT_FAIL, NULL, "not known without the hypervisor");
		return;
	}
	free_bytes = info.free_frames * 4096;
	finding_set(finding, free_bytes < GUEST_MEMORY_LOW ? VERDICT_WARN : VERDICT_OK,
		    free_bytes < GUEST_MEMORY_LOW ? "destroy a guest, or give dom0 less: dom0_mem= on the "
		    "hypervisor's command line" : NULL, "%llu MiB of %llu MiB are free",
		    (unsigned long long)(free_bytes / MIB),
		    (unsigned long long)(info.total_frames * 4096 / MIB));
}

/* MemAvailable of /proc/meminfo, in bytes. */
static uint64_t memory_available(void)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib << 10;
}

void check_dom0_memory(const struct host *host, struct finding *finding)
{
	uint64_t available = memory_available();
	bool low = available < DOM0_MEMORY_LOW;

	(void)host;
	finding_set(finding, low ? VERDICT_WARN : VERDICT_OK,
		    low ? "give dom0 more: dom0_mem= on the hypervisor's command line" : NULL,
		    "%llu MiB are available", (unsigned long long)(available / MIB));
}

void check_store(const struct host *host, struct finding *finding)
{
	struct store_client *store;
	char *number = NULL;
	int rc = store_open(host->store_socket, 0, &store);
	bool opened = !rc;

	if (opened) {
		rc = store_read(store, 0, "/local/domain/0/domid", &number, NULL);
		free(number);
		store_close(store);
	}
	if (!rc)
		finding_set(finding, VERDICT_OK, NULL, "tenon-stored answers");
	else if (opened && rc == -ENOENT)
		finding_set(finding, VERDICT_WARN, "start or restart tenond, which writes them",
			    "tenon-stored answers, but dom0's own nodes are missing");
	else
		finding_set(finding, VERDICT_FAIL, "start it: systemctl start tenon-stored",
			    "tenon-stored does not answer at %s: %s", host->store_socket, strerror(-rc));
}

static void check_socket(const char *daemon, const char *path, struct finding *finding)
{
	char next[96];
	int fd = unix_connect(path, ANSWER_SECONDS);

	snprintf(next, sizeof(next), "start it: systemctl start %s", daemon);
	if (fd < 0) {
		finding_set(finding, VERDICT_FAIL, next, "%s does not answer at %s: %s", daemon, path, strerror(-fd));
		return;
	}
	close(fd);
	finding_set(finding, VERDICT_OK, NULL, "%s answers", daemon);
}

void check_console(const struct host *host, struct finding *finding)
{
	check_socket("tenon-consoled", host->console_socket, finding);
}

void check_tenond(const struct host *host, struct finding *finding)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/api.sock", host->run_dir);
	check_socket("tenond", path, finding);
}

static void check_driver(const char *kind, const char *module, struct finding *finding)
{
	char path[96], next[64];

	snprintf(path, sizeof(path), "/sys/bus/xen-backend/drivers/%s", kind);
	snprintf(next, sizeof(next), "modprobe %s", module);
	if (access(path, F_OK))
		finding_set(finding, VERDICT_FAIL, next, "the driver %s is not loaded", module);
	else
		finding_set(finding, VERDICT_OK, NULL, "%s is loaded", module);
}

void check_block_backend(const struct host *host, struct finding *finding)
{
	(void)host;
	check_driver("vbd", "xen-blkback", finding);
}

void check_net_backend(const struct host *host, struct finding *finding)
{
	(void)host;
	check_driver("vif", "xen-netback", finding);
}

void check_loop(const struct host *host, struct finding *finding)
{
	(void)host;
	if (access("/dev/loop-control", R_OK | W_OK))
		finding_set(finding, VERDICT_WARN, "modprobe loop", "/dev/loop-control: %s",
			    strerror(errno));
	else
		finding_set(finding, VERDICT_OK, NULL, "loop devices can be made");
}

/* Whether a program is in one of the folders of PATH. */
static bool in_path(const char *program)
{
	const char *path = getenv("PATH");
	char folders[1024], candidate[1280], *rest = folders, *folder;

	snprintf(folders, sizeof(folders), "%s", path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
	while ((folder = strsep(&rest, ":"))) {
		snprintf(candidate, sizeof(candidate), "%s/%s", folder, program);
		if (!access(candidate, X_OK))
			return true;
	}
	return false;
}

void check_nbd(const struct host *host, struct finding *finding)
{
	(void)host;
	if (!in_path("qemu-nbd"))
		finding_set(finding, VERDICT_WARN, "apt-get install qemu-utils",
			    "qemu-nbd is not installed: only raw images can be used");
	else if (!spawn_module_known("nbd"))
		finding_set(finding, VERDICT_WARN, "boot dom0 with a kernel that has it",
			    "this kernel has no module nbd: only raw images can be used");
	else
		finding_set(finding, VERDICT_OK, NULL, "qemu-nbd is there, and the kernel has nbd");
}

void check_bridge(const struct host *host, struct finding *finding)
{
	struct if_nameindex *all = if_nameindex();
	const char *found = NULL;

	(void)host;
	for (struct if_nameindex *one = all; one && one->if_name && !found; one++)
		if (net_is_bridge(one->if_name))
			found = one->if_name;
	if (found)
		finding_set(finding, VERDICT_OK, NULL, "%s", found);
	else
		finding_set(finding, VERDICT_WARN, "ip link add br0 type bridge; ip link set br0 up",
			    "there is no bridge: guests cannot have interfaces");
	if_freenameindex(all);
}

void check_nft(const struct host *host, struct finding *finding)
{
	char complaint[160] = "";

	(void)host;
	if (antispoof_probe(complaint, sizeof(complaint)))
		finding_set(finding, VERDICT_FAIL, "modprobe -a nf_tables nft_meta_bridge; are you root?",
			    "nftables refuses rules for bridges: %s", complaint);
	else
		finding_set(finding, VERDICT_OK, NULL, "nftables takes rules for bridges");
}

void check_log_space(const struct host *host, struct finding *finding)
{
	struct statvfs space;
	uint64_t available;

	if (statvfs(host->console_log_dir, &space)) {
		finding_set(finding, VERDICT_WARN, "tenon-consoled makes it at its start", "%s: %s",
			    host->console_log_dir, strerror(errno));
		return;
	}
	available = (uint64_t)space.f_bavail * space.f_frsize;
	finding_set(finding, available < LOG_SPACE_LOW ? VERDICT_WARN : VERDICT_OK,
		    available < LOG_SPACE_LOW ? "remove old logs, or enlarge the file system" : NULL,
		    "%llu MiB are free for %s", (unsigned long long)(available / MIB),
		    host->console_log_dir);
}

/* As the files are now: tenond may not have read them like that. */
void check_definitions(const struct host *host, struct finding *finding)
{
	struct definition_list list = { NULL };
	const struct error *first = NULL;
	unsigned int count = 0, broken = 0;

	definitions_load(host, &list);
	for (const struct definition *one = list.first; one; one = one->next) {
		count++;
		broken += one->broken != NULL;
		first = first ? first : one->broken;
	}
	if (first)
		finding_set(finding, VERDICT_WARN, first->next, "%u of %u cannot be used: %.100s: %.100s", broken,
			    count, first->object, first->cause);
	else
		finding_set(finding, VERDICT_OK, NULL, "%u domains are defined", count);
	definitions_free(&list);
}
