// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What tenond does to dom0's devices, on this machine: processes anywhere,
 * loop and NBD devices and bridges where there are such and we may use them.
 */
#include "dom0-tools/tenond/device/block.h"
#include "dom0-tools/tenond/device/loop.h"
#include "dom0-tools/tenond/device/net.h"
#include "dom0-tools/tenond/device/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/sockios.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/tenond-device.XXXXXX";
static char image[64], log_file[64];
static struct host host = { .run_dir = folder };

static int set_up(void **state)
{
	char path[128];
	int fd;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/nbd", folder);
	snprintf(image, sizeof(image), "%s/image", folder);
	snprintf(log_file, sizeof(log_file), "%s/log", folder);
	fd = open(image, O_RDWR | O_CREAT, 0600);
	return mkdir(path, 0700) || fd < 0 || ftruncate(fd, 1 << 20) || close(fd);
}

static int tear_down(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/nbd", folder);
	unlink(image);
	unlink(log_file);
	rmdir(path);
	return rmdir(folder);
}

/* Both processes of the program have the pipe, whose reader learns when the last of them has gone. */
static void programs_with_a_limit(void **state)
{
	char fifo[64], byte, *yes[] = { "true", NULL }, *no[] = { "false", NULL };
	char *slow[] = { "sh", "-c", "exec >$0; echo; sleep 543.21 & sleep 543.21; exit 0", fifo, NULL };
	char *none[] = { "no-such-program-here", NULL };
	struct pollfd reader = { .events = 0 };		/* only of its end */
	unsigned int seconds = 1;

	(void)state;
	assert_int_equal(spawn_run_within(yes, 86400), 0);
	assert_int_equal(spawn_run_within(no, 86400), 1);
	assert_int_equal(spawn_run_within(none, 86400), -ENOENT);
	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	reader.fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	do {
		/* A machine that is busy may not have come to its first line. */
		assert_int_equal(spawn_run_within(slow, seconds), -ETIMEDOUT);
		seconds *= 2;
	} while (read(reader.fd, &byte, 1) != 1);
	assert_int_equal(poll(&reader, 1, -1), 1);
	assert_true(reader.revents & POLLHUP);
	close(reader.fd);
	unlink(fifo);
}

static void processes(void **state)
{
	char *sleep[] = { "sleep", "54.321987", NULL };
	char *none[] = { "no-such-program-here", NULL };
	char *yes[] = { "true", NULL }, *no[] = { "false", NULL };
	pid_t pid;

	(void)state;
	assert_int_equal(spawn_run(yes), 0);
	assert_int_equal(spawn_run(no), 1);
	assert_false(spawn_module_known("no-such-module-here"));
	assert_int_equal(spawn_start(none, log_file, &pid), -ENOENT);
	assert_int_equal(spawn_start(sleep, log_file, &pid), 0);
	assert_int_equal(spawn_find("54.321987"), pid);
	assert_int_equal(spawn_find("54.32198"), 0);
	assert_true(spawn_lives(pid, "54.321987"));
	assert_false(spawn_lives(pid, "54.32198"));
	assert_false(spawn_lives(0, "54.321987"));
	/* Who has the number but not the argument is let alone. */
	assert_true(spawn_stop(pid, "54.32198", 1000));
	assert_true(spawn_lives(pid, "54.321987"));
	assert_true(spawn_stop(pid, "54.321987", 1000));
	assert_false(spawn_lives(pid, "54.321987"));
	assert_int_equal(spawn_find("54.321987"), 0);
}

/* A program that does not heed SIGTERM is killed. */
static void deaf_process(void **state)
{
	char *deaf[] = { "sh", "-c", "trap '' TERM; echo deaf; while :; do :; done", "deaf-54321", NULL };
	struct stat info = { 0 };
	pid_t pid;

	(void)state;
	assert_int_equal(spawn_start(deaf, log_file, &pid), 0);
	for (int i = 0; i < 10000 && (stat(log_file, &info) || !info.st_size); i++)
		usleep(1000);
	assert_true(spawn_stop(pid, "deaf-54321", 50));
	assert_int_equal(spawn_find("deaf-54321"), 0);
}

/*
 * A program killed by somebody else leaves nothing once SIGCHLD has come, although until then it could be seen to
 * end; others' children and those that live are not touched.
 */
static void reaped(void **state)
{
	const struct timespec limit = { .tv_sec = 60 };
	char *sleep[] = { "sleep", "54.321988", NULL }, *other[] = { "sleep", "54.321989", NULL };
	sigset_t child;
	char path[64];
	pid_t pid, living, foreign;
	int status;

	(void)state;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	foreign = fork();
	if (!foreign)
		_exit(7);
	assert_int_equal(sigtimedwait(&child, NULL, &limit), SIGCHLD);
	assert_int_equal(spawn_start(sleep, log_file, &pid), 0);
	assert_int_equal(spawn_start(other, log_file, &living), 0);
	kill(pid, SIGKILL);
	while (spawn_lives(pid, "54.321988"))
		;
	assert_int_equal(sigtimedwait(&child, NULL, &limit), SIGCHLD);
	spawn_reap();
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_true(spawn_lives(living, "54.321989"));
	assert_true(spawn_stop(living, "54.321989", 1000));
	snprintf(path, sizeof(path), "/proc/%d", (int)living);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(waitpid(foreign, &status, 0), foreign);
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void loops(void **state)
{
	char path[64], other[64], memory[64];
	uint64_t size = 0;
	struct loop_info64 info;
	int fd, second, node, file;

	(void)state;
	assert_int_equal(loop_attach("/nonexistent", false, false, path, sizeof(path)), -ENOENT);
	fd = loop_attach(image, true, false, path, sizeof(path));
	if (fd < 0) {
		print_message("no loop devices here: %s\n", strerror(-fd));
		skip();
	}
	assert_int_equal(ioctl(fd, BLKGETSIZE64, &size), 0);
	assert_int_equal(size, 1 << 20);
	second = loop_attach(image, true, false, other, sizeof(other));
	assert_true(second >= 0);
	assert_string_not_equal(path, other);
	close(second);
	/* A file that is nothing but page cache, which kernels before 6.6 cannot bypass. */
	file = memfd_create("image", MFD_CLOEXEC);
	assert_int_equal(ftruncate(file, 1 << 20), 0);
	snprintf(memory, sizeof(memory), "/proc/self/fd/%d", file);
	second = loop_attach(memory, false, true, other, sizeof(other));
	if (second < 0)
		assert_int_equal(second, -EOPNOTSUPP);
	else
		assert_true(!ioctl(second, LOOP_GET_STATUS64, &info) && info.lo_flags & LO_FLAGS_DIRECT_IO);
	close(second);
	close(file);
	close(fd);
	/* With its last user the device has let go of the file. */
	node = open(path, O_RDONLY);
	size = 1;
	assert_true(node < 0 || (!ioctl(node, BLKGETSIZE64, &size) && !size));
	close(node);
}

static void raw_disk(void **state)
{
	struct disk_config disk = { .source = image, .format = "raw", .target = "xvda" };
	struct error error = { 0 };
	struct block block;

	(void)state;
	if (block_start(&host, "uuid", &disk, &block, &error)) {
		assert_true(*error.cause && *error.next);
		skip();
	}
	if (block_wait(&block, &disk, &error)) fail_msg("%s", error.cause);
	assert_int_equal(block.major, 7);
	block_close(&block);
	block_release(&host, "uuid", "xvda", 0);
}

/* Whether a process ends, within some time. */
static bool ends(pid_t pid, const char *argument)
{
	for (int i = 0; i < 10000 && spawn_lives(pid, argument); i++)
		usleep(1000);
	return !spawn_lives(pid, argument);
}

static void open_disk(const struct disk_config *disk, struct block *block)
{
	struct error error = { 0 };

	if (block_start(&host, "uuid", disk, block, &error) || block_wait(block, disk, &error))
		fail_msg("%s: %s", error.object, error.cause);
}

static void qcow2_disk(void **state)
{
	struct disk_config disk = { .source = image, .format = "qcow2", .target = "xvda" };
	char *make[] = { "qemu-img", "create", "-q", "-f", "qcow2", image, "8M", NULL };
	struct error error = { 0 };
	struct block block;
	char sector[512];

	(void)state;
	if (access("/sys/block/nbd0", F_OK)) {
		print_message("no NBD devices here\n");
		skip();
	}
	/* The file is no such image yet: the server says so. */
	assert_int_equal(block_start(&host, "uuid", &disk, &block, &error), 0);
	assert_int_not_equal(block_wait(&block, &disk, &error), 0);
	if (!strstr(error.cause, "qcow2 format"))
		fail_msg("%s", error.cause);
	block_release(&host, "uuid", "xvda", block.nbd.server);
	assert_int_equal(spawn_run(make), 0);
	open_disk(&disk, &block);
	assert_int_equal(block.major, 43);
	assert_int_equal(pread(block.fd, sector, sizeof(sector), 0), sizeof(sector));
	/* A tenond that has lost the number of the process finds it all the same. */
	assert_int_equal(spawn_find(block.nbd.tag), block.nbd.server);
	assert_true(block_serving(&host, "uuid", "xvda", block.nbd.server));
	/* The last user closes it: device and server are free without our doing. */
	block_close(&block);
	assert_true(ends(block.nbd.server, block.nbd.tag));
	assert_false(block_serving(&host, "uuid", "xvda", block.nbd.server));
	block_release(&host, "uuid", "xvda", 0);
	/* Released while it is in use, by who does not know the process. */
	strcpy(disk.target, "xvdb");
	disk.readonly = true;
	open_disk(&disk, &block);
	block_release(&host, "uuid", "xvdb", 0);
	assert_int_equal(spawn_find(block.nbd.tag), 0);
	block_close(&block);
}

struct reading {
	int fd;
	ssize_t got;
	int reason;
};

static void *read_block(void *data)
{
	struct reading *reading = data;
	char *buffer = aligned_alloc(4096, 4096);

	reading->got = pread(reading->fd, buffer, 4096, 0);
	reading->reason = errno;
	free(buffer);
	return NULL;
}

/* Whether a request to a device has not been answered. */
static bool awaits_answer(const struct block *block)
{
	unsigned int reads = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/block/%s/inflight", strrchr(block->device, '/') + 1);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%u", &reads), 1);
	fclose(file);
	return reads > 0;
}

/* The server dies with a request unanswered: it fails, those after it too, and the next disk is served again. */
static void dead_server(void **state)
{
	struct disk_config disk = { .source = image, .format = "qcow2", .target = "xvda" };
	char *make[] = { "qemu-img", "create", "-q", "-f", "qcow2", image, "8M", NULL };
	struct reading reading = { 0 };
	struct block block;
	pthread_t thread;
	char sector[512];

	(void)state;
	if (access("/sys/block/nbd0", F_OK))
		skip();
	assert_int_equal(spawn_run(make), 0);
	open_disk(&disk, &block);
	reading.fd = open(block.device, O_RDONLY | O_DIRECT);
	kill(block.nbd.server, SIGSTOP);
	assert_int_equal(pthread_create(&thread, NULL, read_block, &reading), 0);
	while (!awaits_answer(&block))
		usleep(1000);
	kill(block.nbd.server, SIGKILL);
	assert_true(ends(block.nbd.server, block.nbd.tag));
	block_fail(&host, "uuid", "xvda");
	pthread_join(thread, NULL);
	assert_int_equal(reading.got, -1);
	assert_int_equal(reading.reason, EIO);
	assert_int_equal(pread(block.fd, sector, sizeof(sector), 1 << 20), -1);
	close(reading.fd);
	block_close(&block);
	block_release(&host, "uuid", "xvda", 0);
	open_disk(&disk, &block);
	assert_int_equal(pread(block.fd, sector, sizeof(sector), 0), sizeof(sector));
	block_close(&block);
	block_release(&host, "uuid", "xvda", block.nbd.server);
}

static void wrong_device(void **state)
{
	struct disk_config disk = {
		.source = (char *)"/dev/null", .format = "raw", .target = "xvda", .block = true,
	};
	struct error error = { 0 };
	struct block block;

	(void)state;
	assert_int_equal(block_start(&host, "uuid", &disk, &block, &error), 0);
	assert_int_not_equal(block_wait(&block, &disk, &error), 0);
	assert_non_null(strstr(error.cause, "Block device required"));
	block_close(&block);
}

static void bridges(void **state)
{
	struct nic_config nic = { .bridge = "br7", .antispoof = ANTISPOOF_OFF };
	struct error error = { 0 };
	char name[IFNAMSIZ];
	int fd;

	(void)state;
	assert_true(net_exists("lo"));
	assert_false(net_is_bridge("lo"));
	net_device(3, 1, &nic, name);
	assert_string_equal(name, "vif3.1");
	strcpy(nic.device, "web0");
	net_device(3, 1, &nic, name);
	assert_string_equal(name, "web0");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	/* A network of its own, and its view in sysfs. */
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL) ||
	    (close(fd), fd = socket(AF_INET, SOCK_DGRAM, 0)) < 0 || ioctl(fd, SIOCBRADDBR, "br7"))
		skip();
	/* A bridge serves as the backend's interface here; no bridge takes it in. */
	assert_true(net_exists("br7"));
	assert_true(net_is_bridge("br7"));
	assert_false(net_exists("vif3.1"));
	assert_int_equal(ioctl(fd, SIOCBRADDBR, "vif3.1"), 0);
	assert_int_not_equal(net_plug(3, 1, &nic, &error), 0);
	assert_non_null(strstr(error.cause, "joining the bridge"));
	assert_true(net_exists("web0"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processes),
		cmocka_unit_test(programs_with_a_limit),
		cmocka_unit_test(deaf_process),
		cmocka_unit_test(reaped),
		cmocka_unit_test(loops),
		cmocka_unit_test(raw_disk),
		cmocka_unit_test(qcow2_disk),
		cmocka_unit_test(dead_server),
		cmocka_unit_test(wrong_device),
		cmocka_unit_test(bridges),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
