// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The newstyle handshake of the NBD protocol, by the option that every server
 * knows: a name (empty: the default export), answered by size and flags.
 */
#include "nbd_client.h"

#include "../../lib/unix_socket.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAGIC_SERVER	0x4e42444d41474943ull	/* "NBDMAGIC" */
#define MAGIC_OPTION	0x49484156454f5054ull	/* "IHAVEOPT" */
#define FLAG_NEWSTYLE	(1u << 0)
#define FLAG_NO_ZEROES	(1u << 1)
#define OPTION_EXPORT	1u
#define REPLY_ZEROES	124		/* bytes after the flags, unless we agreed on none */
#define ANSWER_SECONDS	20		/* a slow host may take long to open an image */

struct hello {
	uint64_t magic;
	uint64_t option_magic;
	uint16_t flags;
} __attribute__((packed));

struct choice {
	uint32_t flags;
	uint64_t magic;
	uint32_t option;
	uint32_t length;
} __attribute__((packed));

struct reply {
	uint64_t size;
	uint16_t flags;
} __attribute__((packed));

static int receive(int fd, void *data, size_t size)
{
	ssize_t got = recv(fd, data, size, MSG_WAITALL);

	if (got < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return (size_t)got == size ? 0 : -EPROTO;
}

static int agree(int fd, struct nbd_export *export)
{
	struct choice choice = {
		.magic = htobe64(MAGIC_OPTION), .option = htobe32(OPTION_EXPORT),
	};
	char zeroes[REPLY_ZEROES];
	struct hello hello;
	struct reply reply;
	uint16_t flags;
	int rc = receive(fd, &hello, sizeof(hello));

	if (rc)
		return rc;
	flags = be16toh(hello.flags);
	if (be64toh(hello.magic) != MAGIC_SERVER || be64toh(hello.option_magic) != MAGIC_OPTION ||
	    !(flags & FLAG_NEWSTYLE))
		return -EPROTO;
	choice.flags = htobe32(flags & (FLAG_NEWSTYLE | FLAG_NO_ZEROES));
	if (send(fd, &choice, sizeof(choice), MSG_NOSIGNAL) != sizeof(choice))
		return -EPROTO;
	rc = receive(fd, &reply, sizeof(reply));
	if (!rc && !(flags & FLAG_NO_ZEROES))
		rc = receive(fd, zeroes, sizeof(zeroes));
	export->size = be64toh(reply.size);
	export->flags = be16toh(reply.flags);
	return rc;
}

int nbd_client_connect(const char *path, struct nbd_export *export)
{
	struct timeval none = { 0 };
	int fd = unix_connect(path, ANSWER_SECONDS), rc;

	if (fd < 0)
		return fd;
	rc = agree(fd, export);
	if (rc) {
		close(fd);
		return rc;
	}
	/* The kernel waits for answers as long as it takes. */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
	return fd;
}
