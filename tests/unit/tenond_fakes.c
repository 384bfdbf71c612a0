// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The imitated hypervisor, builder and devices; the store is in
 * tenond_fake_store.c.
 */
#include "tenond_fakes.h"
#include "tenond_fake_fault.h"

#include "dom0-tools/build/build.h"
#include "dom0-tools/tenond/config.h"
#include "dom0-tools/tenond/device/antispoof.h"
#include "dom0-tools/tenond/device/backend.h"
#include "dom0-tools/tenond/device/block.h"
#include "dom0-tools/tenond/device/net.h"
#include "dom0-tools/tenond/device/spawn.h"
#include "dom0-tools/tenond/record.h"
#include "dom0-tools/tenond/xml/domain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <hypercall/hypercall.h>
#include <hypercall/sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fakes fakes;

bool fault(void)
{
	unsigned int call = __atomic_add_fetch(&fakes.calls, 1, __ATOMIC_SEQ_CST);

	return fakes.fail_at && (call == fakes.fail_at || (fakes.fail_on && call > fakes.fail_at));
}

void fakes_reset(void)
{
	memset(&fakes, 0, sizeof(fakes));
	fakes.domains[0].present = true;
	fakes.domains[0].info.online_vcpus = 1;
	fakes.domains[0].info.frames = 131072;
	fakes.next_domid = 1;
	fakes.free_frames = 262144;
	fakes.bridge = true;
	fake_store_reset();
}

bool fakes_clean(void)
{
	for (int i = 1; i < FAKE_DOMAINS; i++)
		if (fakes.domains[i].present)
			return false;
	return !fakes.disks && !fakes.disk_fds && !fakes.nics && !fakes.introduced && !fakes_nodes();
}

/* --- hypervisor --- */

static struct fake_domain *find(uint16_t domid)
{
	return domid < FAKE_DOMAINS && fakes.domains[domid].present ? &fakes.domains[domid] : NULL;
}

int hc_open(struct hc_handle **handle)
{
	*handle = NULL;
	return 0;
}

void hc_close(struct hc_handle *handle)
{
	(void)handle;
}

int hc_domain_info(struct hc_handle *handle, uint16_t domid, struct hc_control_info *info)
{
	(void)handle;
	if (!find(domid))
		return -ESRCH;
	*info = find(domid)->info;
	return 0;
}

/* No guest of these publishes. */
int hc_domain_symspy(struct hc_handle *handle, uint16_t domid, uint32_t vcpu, uint64_t *mfn)
{
	(void)handle, (void)domid, (void)vcpu, (void)mfn;
	return -ENODATA;
}

/* Something happens between any two looks at a domain that is traced. */
int hc_domain_trace(struct hc_handle *handle, uint16_t domid, int on)
{
	(void)handle;
	if (!find(domid))
		return -ESRCH;
	find(domid)->traced = on;
	return 0;
}

int hc_domain_trace_read(struct hc_handle *handle, uint16_t domid, uint32_t vcpu, struct hc_trace *trace)
{
	(void)handle;
	if (!find(domid))
		return -ESRCH;
	if (vcpu)
		return -EINVAL;
	memset(trace, 0, sizeof(*trace));
	find(domid)->trace_reads += find(domid)->traced;
	trace->hypercalls[HC_NR_MMU_UPDATE] = 1000 * find(domid)->trace_reads;
	trace->hypercalls[HC_NR_MAX] = find(domid)->trace_reads;
	trace->entries[14] = 100;
	trace->entries[HC_TRACE_SYSCALL] = 10 * find(domid)->trace_reads;
	return 0;
}

int hc_domain_counters(struct hc_handle *handle, uint16_t domid, struct hc_control_counters *counters)
{
	(void)handle;
	if (!find(domid))
		return -ESRCH;
	memset(counters, 0, sizeof(*counters));
	counters->value[HC_COUNTER_EVENTS] = 7 * find(domid)->trace_reads;
	return 0;
}

/* Nor do they take calls. */
int hc_domain_symcall(struct hc_handle *handle, uint16_t domid, struct hc_control_symcall *call)
{
	(void)handle, (void)domid, (void)call;
	return -ENODATA;
}

int hc_foreign_map(struct hc_handle *handle, uint16_t domid, const uint64_t *frames, size_t count, int prot,
		   int *errors, void **address)
{
	(void)handle, (void)domid, (void)frames, (void)count, (void)prot, (void)errors, (void)address;
	return -ENOSYS;
}

int hc_foreign_unmap(void *address, size_t count)
{
	(void)address, (void)count;
	return -ENOSYS;
}

int hc_domain_next(struct hc_handle *handle, uint16_t from, struct hc_control_info *info)
{
	for (; from < FAKE_DOMAINS; from++)
		if (!hc_domain_info(handle, from, info))
			return from;
	return -ESRCH;
}

int hc_domain_destroy(struct hc_handle *handle, uint16_t domid)
{
	(void)handle;
	if (fault())
		return -EIO;
	if (!find(domid))
		return -ESRCH;
	fakes.free_frames += find(domid)->info.frames;
	find(domid)->present = false;
	return 0;
}

int hc_domain_pause(struct hc_handle *handle, uint16_t domid)
{
	(void)handle;
	if (fault() || !find(domid))
		return -ESRCH;
	find(domid)->info.pause_count++;
	find(domid)->info.state |= HC_INFO_PAUSED;
	return 0;
}

int hc_domain_unpause(struct hc_handle *handle, uint16_t domid)
{
	(void)handle;
	if (fault() || !find(domid) || !find(domid)->info.pause_count)
		return -EINVAL;
	if (!--find(domid)->info.pause_count)
		find(domid)->info.state &= ~HC_INFO_PAUSED;
	return 0;
}

int hc_domain_resume(struct hc_handle *handle, uint16_t domid)
{
	(void)handle;
	if (fault() || !find(domid) || !(find(domid)->info.state & HC_INFO_SHUTDOWN) ||
	    find(domid)->info.shutdown_reason != HC_SHUTDOWN_SUSPEND)
		return -EINVAL;
	find(domid)->info.state &= ~HC_INFO_SHUTDOWN;
	find(domid)->untold = true;
	return 0;
}

int hc_dirty_log_disable(struct hc_handle *handle, uint16_t domid)
{
	(void)handle;
	if (!find(domid) || !find(domid)->logging)
		return -EINVAL;
	find(domid)->logging = false;
	return 0;
}

int hc_vcpu_info(struct hc_handle *handle, uint16_t domid, struct hc_control_vcpu_info *info)
{
	(void)handle;
	info->online = 1;
	return find(domid) ? 0 : -ESRCH;
}

int hc_vcpu_set_affinity(struct hc_handle *handle, uint16_t domid, uint32_t vcpu, uint64_t hard)
{
	(void)handle;
	if (fault() || !find(domid))
		return -EIO;
	find(domid)->affinity[vcpu] = hard;
	return 0;
}

int hc_domain_set_sched(struct hc_handle *handle, uint16_t domid, const struct hc_control_sched *sched)
{
	(void)handle;
	if (fault() || !find(domid))
		return -EIO;
	find(domid)->sched = *sched;
	return 0;
}

int hc_domain_get_sched(struct hc_handle *handle, uint16_t domid, struct hc_control_sched *sched)
{
	(void)handle;
	if (!find(domid))
		return -ESRCH;
	*sched = find(domid)->sched;
	return 0;
}

int hc_domain_set_memory(struct hc_handle *handle, uint16_t domid, uint64_t max_frames)
{
	(void)handle;
	if (fault() || !find(domid))
		return -EIO;
	find(domid)->info.max_frames = max_frames;
	return 0;
}

int hc_system_info(struct hc_handle *handle, struct hc_system_info *info)
{
	(void)handle;
	if (fault())
		return -EIO;
	memset(info, 0, sizeof(*info));
	strcpy(info->version, "0.1.0");
	info->cpus = 2;
	info->total_frames = 524288;
	info->free_frames = fakes.free_frames;
	return 0;
}

int hc_system_messages(struct hc_handle *handle, uint64_t *from, char *text, size_t size, uint32_t flags)
{
	static const char messages[] = "Tenon\n\x01 booted\n";
	size_t length = sizeof(messages) - 1;

	(void)handle;
	(void)flags;
	if (*from >= length || size < length)
		return 0;
	memcpy(text, messages + *from, length - *from);
	return (int)(length - *from);
}

/* --- builder --- */

int build_domain(struct hc_handle *handle, const struct build_config *config,
		 struct build_result *result, struct build_error *error)
{
	uint16_t domid = (uint16_t)fakes.next_domid;
	struct fake_domain *domain = &fakes.domains[domid % FAKE_DOMAINS];

	(void)handle;
	while (__atomic_load_n(&fakes.build_slow, __ATOMIC_SEQ_CST))
		usleep(1000);
	if (fault()) {
		snprintf(error->text, sizeof(error->text), "%s: is no kernel", config->kernel);
		return -ENOEXEC;
	}
	fakes.next_domid++;
	memset(domain, 0, sizeof(*domain));
	domain->present = true;
	memcpy(domain->info.uuid, config->uuid, 16);
	snprintf(domain->info.name, sizeof(domain->info.name), "%s", config->name);
	domain->info.max_vcpus = config->vcpus;
	domain->info.online_vcpus = 1;
	domain->info.frames = config->memory / 4096;
	domain->info.pause_count = 1;
	domain->info.state = HC_INFO_PAUSED;
	fakes.free_frames -= domain->info.frames;
	*result = (struct build_result){
		.domid = domid, .store_port = 1, .console_port = 2, .store_mfn = 1000, .console_mfn = 1001,
	};
	return 0;
}

/* --- devices --- */

int block_start(const struct host *host, const char *uuid, const struct disk_config *disk,
		struct block *block, struct error *error)
{
	(void)host;
	(void)uuid;
	memset(block, 0, sizeof(*block));
	block->fd = -1;
	if (fault())
		return error_set(error, ERROR_RESOURCES, disk->target, NULL, "injected");
	if (strcmp(disk->format, "raw")) {
		block->nbd.server = 4711;
		fakes.disks++;
		return 0;
	}
	block->fd = 1000;
	fakes.disk_fds++;
	strcpy(block->device, "/dev/loop7");
	return 0;
}

int block_wait(struct block *block, const struct disk_config *disk, struct error *error)
{
	if (fault())
		return error_set(error, ERROR_RESOURCES, disk->target, NULL, "injected");
	if (block->nbd.server) {
		block->fd = 1001;
		fakes.disk_fds++;
		strcpy(block->device, "/dev/nbd3");
	}
	block->major = 7;
	block->minor = 7;
	return 0;
}

bool block_serving(const struct host *host, const char *uuid, const char *target, pid_t server)
{
	(void)host;
	(void)uuid;
	(void)target;
	return server != fakes.dead_server;
}

void block_fail(const struct host *host, const char *uuid, const char *target)
{
	(void)host;
	(void)uuid;
	(void)target;
	fakes.failed_disks++;
}

int block_flush(const struct disk_config *disk, const char *device, struct error *error)
{
	(void)device;
	return fault() ? error_set(error, ERROR_RESOURCES, disk->target, NULL, "is told to fail") : 0;
}

int hc_grant_open(void)
{
	return fault() ? -ENODEV : open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int hc_grant_map(int fd, uint16_t domid, const uint32_t *refs, size_t count, int prot, void **address)
{
	(void)fd;
	(void)domid;
	(void)prot;
	if (fault() || count != 1 || *refs >= FAKE_RINGS)
		return -EINVAL;
	*address = fakes.rings[*refs];
	fakes.mapped++;
	return 0;
}

int hc_grant_unmap(int fd, void *address, size_t count)
{
	(void)fd;
	(void)address;
	(void)count;
	fakes.mapped--;
	return 0;
}

void block_close(struct block *block)
{
	if (block->fd >= 0)
		fakes.disk_fds--;
	block->fd = -1;
}

void block_release(const struct host *host, const char *uuid, const char *target, pid_t server)
{
	(void)host;
	(void)uuid;
	(void)target;
	(void)server;
	if (fakes.disks)
		fakes.disks--;
}

void net_device(uint16_t domid, unsigned int index, const struct nic_config *nic, char name[IFNAMSIZ])
{
	if (*nic->device)
		strcpy(name, nic->device);
	else
		snprintf(name, IFNAMSIZ, "vif%u.%u", domid, index);
}

bool net_exists(const char *device)
{
	return fakes.bridge && !strcmp(device, "br0");
}

bool net_is_bridge(const char *device)
{
	return net_exists(device);
}

int net_plug(uint16_t domid, unsigned int index, const struct nic_config *nic, struct error *error)
{
	(void)domid;
	(void)index;
	if (nic->antispoof != ANTISPOOF_OFF)
		fakes.nics++;
	if (fault())
		return error_set(error, ERROR_TIMEOUT, nic->bridge, NULL, "injected");
	return 0;
}

void net_unplug(const char *device)
{
	(void)device;
	if (fakes.nics)
		fakes.nics--;
}

bool backend_wait_opened(uint16_t domid, uint32_t device_id, unsigned int timeout_ms)
{
	(void)domid;
	(void)device_id;
	(void)timeout_ms;
	return !fault();
}

void backend_find(const char *kind, uint16_t domid, uint32_t device_id, char *path, size_t size)
{
	snprintf(path, size, "%s-%u-%u", kind, domid, device_id);
}

bool backend_wait_gone(const char *path, unsigned int timeout_ms)
{
	(void)path;
	(void)timeout_ms;
	return true;
}

int antispoof_apply(const char *device, const struct nic_config *nic, char *complaint, size_t size)
{
	(void)device;
	(void)nic;
	(void)complaint;
	(void)size;
	return 0;
}

int antispoof_probe(char *complaint, size_t size)
{
	(void)complaint;
	(void)size;
	return 0;
}

int antispoof_sweep(bool (*keep)(const char *device, void *data), void *data)
{
	keep("vif99.0", data);
	return 0;
}

/* This one is real. */
int spawn_run(char *const argv[])
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execv(argv[0], argv);
		_exit(127);
	}
	return pid < 0 || waitpid(pid, &status, 0) < 0 ? -errno : WEXITSTATUS(status);
}

int spawn_run_within(char *const argv[], unsigned int seconds)
{
	fakes.run_seconds = seconds;
	return fakes.run_slow ? -ETIMEDOUT : spawn_run(argv);
}

int spawn_module(const char *name)
{
	(void)name;
	return 0;
}

bool spawn_module_known(const char *name)
{
	return strcmp(name, "nbd") || !fakes.no_nbd;
}

/* --- the host's folder --- */

static void make_file(const char *folder, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, 4096))
		abort();
	close(fd);
}

void fakes_host(struct host *host)
{
	char *folder = strdup("/tmp/tenond-unit.XXXXXX");
	char path[256];

	memset(host, 0, sizeof(*host));
	if (!folder || !mkdtemp(folder))
		abort();
	host->run_dir = folder;
	host->state_dir = folder;
	if (asprintf((char **)&host->definitions_dir, "%s/definitions", folder) < 0)
		abort();
	host->store_socket = "fake";
	host->console_socket = "/run/console.sock";
	host->console_log_dir = "/log";
	strcpy(host->identity, "unit");
	snprintf(path, sizeof(path), "%s/domains", folder);
	if (mkdir(path, 0700))
		abort();
	make_file(folder, "kernel");
	make_file(folder, "disk.img");
	make_file(folder, "disk.qcow2");
}

static void empty(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[600];

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_type == DT_REG || entry->d_type == DT_LNK)
			unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
}

void fakes_host_free(struct host *host)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/domains", host->run_dir);
	empty(path);
	snprintf(path, sizeof(path), "%s/taken", host->state_dir);
	empty(path);
	snprintf(path, sizeof(path), "%s/autostart", host->definitions_dir);
	empty(path);
	empty(host->definitions_dir);
	free((char *)host->definitions_dir);
	empty(host->run_dir);
	free((char *)host->run_dir);
}

unsigned int fakes_records(const struct host *host)
{
	unsigned int count = 0;
	char path[256];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/domains", host->run_dir);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		count += entry->d_type == DT_REG;
	if (dir)
		closedir(dir);
	return count;
}

char *fakes_xml(const struct host *host, const char *name, const char *extra)
{
	char *xml;

	if (asprintf(&xml,
		     "<domain type='tenon' xmlns:tenon='urn:tenon:domain:1'>\n"
		     "<name>%s</name><memory unit='MiB'>64</memory><vcpu>2</vcpu>\n"
		     "<cputune><vcpupin vcpu='1' cpuset='1'/><shares>512</shares></cputune>\n"
		     "<os><type>linux</type><kernel>%s/kernel</kernel></os>\n"
		     "<on_crash>preserve</on_crash>\n"
		     "<devices>%s</devices></domain>\n", name, host->run_dir, extra) < 0)
		abort();
	return xml;
}

struct domain_config *fakes_config(const struct host *host, const char *name, const char *devices)
{
	char *xml = fakes_xml(host, name, devices);
	struct xml_source source = { .file = "unit", .salt = "unit", .xml = xml, .size = strlen(xml) };
	struct domain_config *config = NULL;
	struct error error = { 0 };

	if (domain_xml_read(&source, &config, &error))
		fail_msg("%s: %s", error.object, error.cause);
	free(xml);
	return config;
}

void fakes_record(struct record *record, const struct domain_config *config, int domid)
{
	memset(record, 0, sizeof(*record));
	uuid_unparse_lower(config->uuid, record->uuid);
	strcpy(record->name, config->name);
	record->xml = strdup(config->xml);
	record->domid = domid;
}

void fakes_suspending(uint16_t domid, const struct domain_config *config)
{
	struct fake_domain *domain = &fakes.domains[domid];
	char path[64];

	domain->present = true;
	domain->info.state = HC_INFO_SHUTDOWN;
	domain->info.shutdown_reason = HC_SHUTDOWN_SUSPEND;
	memcpy(domain->info.uuid, config->uuid, sizeof(domain->info.uuid));
	snprintf(path, sizeof(path), "/local/domain/%u/control/feature-suspend", domid);
	fakes_put(path, "1");
}
