/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The beginning of an NBD conversation: connecting to a server and agreeing
 * on its export.  The rest is the kernel's.
 */
#ifndef TENOND_DEVICE_NBD_CLIENT_H
#define TENOND_DEVICE_NBD_CLIENT_H

#include "nbd_link.h"

/*
 * Connect to the server at a unix socket and ask for its only export.  A
 * socket ready for transmission, or a negative errno: -ENOENT and
 * -ECONNREFUSED as long as nobody listens, -ETIMEDOUT for who does not answer,
 * -EPROTO and others for who hangs up or is no NBD server.
 */
int nbd_client_connect(const char *path, struct nbd_export *export);

#endif
