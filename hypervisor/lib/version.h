/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Version of the hypervisor; the build gives the changeset. */
#ifndef LIB_VERSION_H
#define LIB_VERSION_H

#define TENON_VERSION "0.1.0"
#ifndef TENON_CHANGESET
#define TENON_CHANGESET "unknown"
#endif

#endif
