// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interfaces by the classic ioctls: each step is one call, and the order
 * matters: rules before the bridge, the bridge before up.
 */
#include "net.h"
#include "../log.h"
#include "antispoof.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BACKEND_MS 10000	/* until the backend has made its interface */

static void backend_device(uint16_t domid, unsigned int index, char name[IFNAMSIZ])
{
	snprintf(name, IFNAMSIZ, "vif%u.%u", domid, index);
}

void net_device(uint16_t domid, unsigned int index, const struct nic_config *nic,
		char name[IFNAMSIZ])
{
	if (*nic->device)
		snprintf(name, IFNAMSIZ, "%s", nic->device);
	else
		backend_device(domid, index, name);
}

/* By sysfs: asked by name, the kernel would each time start modprobe for a device that is not there. */
bool net_exists(const char *device)
{
	char path[64 + IFNAMSIZ];

	snprintf(path, sizeof(path), "/sys/class/net/%s", device);
	return !access(path, F_OK);
}

bool net_is_bridge(const char *device)
{
	char path[64 + IFNAMSIZ];

	snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", device);
	return !access(path, F_OK);
}

static bool wait_for(const char *device)
{
	const struct timespec pause = { .tv_nsec = 2000000 };

	for (int waited = 0; !net_exists(device); waited += 2) {
		if (waited >= BACKEND_MS)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* dom0 shall not talk on a guest's wire by itself: no IPv6 address of its own there. */
static void silence(const char *device)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", device);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;		/* a dom0 without IPv6 has no such switch */
	if (write(fd, "1", 1) != 1)
		log_warning("%s: IPv6 cannot be turned off in dom0: %s", device, strerror(errno));
	close(fd);
}

static int bridge_mtu(int fd, const char *bridge)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, IFNAMSIZ, "%s", bridge);
	return ioctl(fd, SIOCGIFMTU, &request) ? 1500 : request.ifr_mtu;
}

static int set_mtu(int fd, const char *device, int mtu)
{
	struct ifreq request = { .ifr_mtu = mtu };

	snprintf(request.ifr_name, IFNAMSIZ, "%s", device);
	return ioctl(fd, SIOCSIFMTU, &request) ? -errno : 0;
}

static int set_name(int fd, const char *from, const char *to)
{
	struct ifreq request = { 0 };

	if (!strcmp(from, to))
		return 0;
	snprintf(request.ifr_name, IFNAMSIZ, "%s", from);
	snprintf(request.ifr_newname, IFNAMSIZ, "%s", to);
	return ioctl(fd, SIOCSIFNAME, &request) ? -errno : 0;
}

static int join_bridge(int fd, const char *device, const char *bridge)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, IFNAMSIZ, "%s", bridge);
	request.ifr_ifindex = (int)if_nametoindex(device);
	return ioctl(fd, SIOCBRADDIF, &request) ? -errno : 0;
}

static int bring_up(int fd, const char *device)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, IFNAMSIZ, "%s", device);
	if (ioctl(fd, SIOCGIFFLAGS, &request))
		return -errno;
	request.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request) ? -errno : 0;
}

static int protect(const char *device, const struct nic_config *nic, struct error *error)
{
	char complaint[256] = "";

	if (nic->antispoof == ANTISPOOF_OFF)
		return 0;
	if (!antispoof_apply(device, nic, complaint, sizeof(complaint)))
		return 0;
	return error_set(error, ERROR_RESOURCES, device,
			 "load nf_tables and nft_meta_bridge in dom0, or allow the guest everything by "
			 "<tenon:antispoof mode='off'/>",
			 "the rules against address spoofing cannot be set: %s", complaint);
}

int net_plug(uint16_t domid, unsigned int index, const struct nic_config *nic, struct error *error)
{
	char made[IFNAMSIZ], device[IFNAMSIZ];
	const char *step = "naming it";
	int fd, rc;

	backend_device(domid, index, made);
	net_device(domid, index, nic, device);
	rc = protect(device, nic, error);
	if (rc)
		return rc;
	if (!wait_for(made))
		return error_set(error, ERROR_TIMEOUT, made, "load the backend: modprobe xen-netback; "
				 "see dmesg for its messages", "did not appear within %d s",
				 BACKEND_MS / 1000);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(error, ERROR_INTERNAL, device, NULL, "no socket: %s", strerror(errno));
	rc = set_name(fd, made, device);
	if (!rc) {
		step = "setting its MTU";
		rc = set_mtu(fd, device, nic->mtu ? (int)nic->mtu : bridge_mtu(fd, nic->bridge));
	}
	if (!rc) {
		silence(device);
		step = "joining the bridge";
		rc = join_bridge(fd, device, nic->bridge);
	}
	if (!rc) {
		step = "bringing it up";
		rc = bring_up(fd, device);
	}
	close(fd);
	if (rc)
		return error_set(error, ERROR_RESOURCES, device, "check the bridge: ip link show",
				 "%s (%s) failed: %s", step, nic->bridge, strerror(-rc));
	return 0;
}

void net_unplug(const char *device)
{
	antispoof_remove(device, NULL, 0);
}
