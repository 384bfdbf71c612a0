/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stream sockets at a path of this machine. Here in whole, so that programs without a library of the daemons have them.
 */
#ifndef LIB_UNIX_SOCKET_H
#define LIB_UNIX_SOCKET_H

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A new socket, closed on exec; type: further bits such as SOCK_NONBLOCK. Returns it, or a negative errno. */
static inline int unix_socket(const char *path, int type, struct sockaddr_un *address)
{
	int fd;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | type, 0);
	return fd < 0 ? -errno : fd;
}

/*
 * Connects to who listens at path. After so many seconds without an answer calls on the socket fail with EAGAIN; 0: they
 * wait as long as it takes. Returns the socket or a negative errno; -ETIMEDOUT: it is not even taken.
 */
static inline int unix_connect(const char *path, unsigned int seconds)
{
	struct timeval limit = { .tv_sec = seconds };
	struct sockaddr_un address;
	int fd = unix_socket(path, 0, &address), rc;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	rc = errno == EAGAIN ? -ETIMEDOUT : -errno;
	close(fd);
	return rc;
}

/*
 * Listens at path, in place of whoever did before, for root alone; waiting: connections that may wait. Returns the
 * socket, which does not block, or a negative errno.
 */
static inline int unix_listen(const char *path, int waiting)
{
	struct sockaddr_un address;
	int fd = unix_socket(path, SOCK_NONBLOCK, &address), rc;

	if (fd < 0)
		return fd;
	unlink(path);
	/* Before it listens nobody can connect, so that the mode is in time. */
	if (!bind(fd, (struct sockaddr *)&address, sizeof(address)) && !chmod(path, 0600) && !listen(fd, waiting))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

#endif
